import type { Terminal } from "./terminal.ts";
import { RecordError, type ErrorFields } from "../batch/records.ts";
import { CosError, ManifestError, VodApiError, VodupError } from "../index.ts";
import { UsageError } from "./args.ts";
import { DeadlineError, SignalError } from "./stopping.ts";

/** An error in the words of the command line. */
export interface ErrorReport {
  /** The library's code, `ERR_INVALID_ARG_VALUE` for wrong arguments, `ABORTED`, or `UNKNOWN` for a defect. */
  readonly code: string;
  /** One line, with the remedy. */
  readonly message: string;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;
  readonly retryable: boolean;
}

/** What to say about an error. No secret is in there: the library's messages hold none. */
export function describeError(error: unknown): ErrorReport {
  const plain = { hint: undefined, requestId: undefined };
  if (error instanceof SignalError) return { ...plain, code: "ABORTED", message: error.message, retryable: true };
  if (error instanceof DeadlineError) return { ...plain, code: "TIMEOUT", message: error.message, retryable: true };
  if (error instanceof RecordError)
    return { ...plain, code: "NO_RECORD", message: oneLine(error.message), retryable: true };
  if (error instanceof VodupError) {
    const { code, retryable } = error;
    const served = error instanceof VodApiError || error instanceof CosError ? error.requestId : undefined;
    const hint = error instanceof VodApiError ? error.hint : undefined;
    return { code, message: oneLine(error.message), hint, requestId: served, retryable };
  }
  if (error instanceof Error && "code" in error && error.code === "ERR_INVALID_ARG_VALUE") {
    const message = error instanceof UsageError ? error.message : inFlags(error.message);
    return { ...plain, code: "ERR_INVALID_ARG_VALUE", message: oneLine(message), retryable: false };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { ...plain, code: "UNKNOWN", message: oneLine(message), retryable: false };
}

/** What is said of a failure beside its source. */
export function errorFields(error: unknown): ErrorFields {
  const { code, message, requestId, retryable } = describeError(error);
  return { code, message, requestId: requestId ?? null, retryable };
}

/** Tells an error on stderr: what happened and what to do, then what to quote to the service's support. */
export function reportError(
  terminal: Terminal,
  error: unknown,
  options: { readonly source?: string | undefined; readonly debug: boolean },
): void {
  const { message, hint, requestId } = describeError(error);
  const about = options.source === undefined || message.includes(options.source) ? "" : `${options.source}: `;
  terminal.note(`vodup: ${about}${message}`, "error");
  if (hint !== undefined && !message.includes(hint)) terminal.note(`  hint: ${oneLine(hint)}`);
  if (requestId !== undefined && !message.includes(requestId)) terminal.note(`  request id: ${requestId}`);
  // The message has the first ten; to fix a tree one wants all of them at once.
  if (error instanceof ManifestError) for (const problem of error.problems.slice(10)) terminal.note(`  ${problem}`);
  if (options.debug && error instanceof Error) terminal.notes(String(error.stack));
}

/** Operands, which no flag names. */
const operands: ReadonlySet<string> = new Set(["action", "source", "url"]);

/** Options of the library that the command line has under another name. */
const otherNames: Readonly<Record<string, string>> = { coverType: "cover", coverUrl: "cover" };

/** `partSize: must be …` is `--part-size: must be …` for who typed it. */
function inFlags(message: string): string {
  // There is no flag for the type of a cover: a file with a usual name is what can be given.
  const sayable = message.replace(/^(coverType: )must be given: /, "$1");
  return sayable.replace(/^([a-z]+(?:[A-Z][a-z0-9]+)*)(?=: )/, (field) => {
    if (operands.has(field)) return field;
    return `--${otherNames[field] ?? field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  });
}

function oneLine(text: string): string {
  // Line by line: a pattern with blanks on both sides takes seconds for the blanks of a hostile answer.
  const lines = text.split(/[\r\n]/).map((line) => line.trim());
  return lines.filter((line) => line !== "").join(" ");
}
