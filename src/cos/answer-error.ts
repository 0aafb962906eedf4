import type { WireAnswer } from "../http/transport.ts";
import type { CosSignature } from "../signing/index.ts";
import { CosError, NetworkError } from "../errors.ts";
import { retryAfterMs } from "../http/answer.ts";
import { hideAll, type Hide } from "../http/redact.ts";
import { classifyCosCode } from "./error-codes.ts";
import { isPassing } from "../http/status.ts";

export interface AnswerContext {
  readonly operation: string;
  readonly host: string;
  /** What was signed, for the comparison with the server's view. */
  readonly signed: CosSignature;
  /** Takes out what the server echoes and what must not show: the security token, the signature. */
  readonly hide: Hide;
  /** Whether the next request goes to another host. */
  readonly elsewhere: boolean;
}

/** HEAD answers have no body: the status is all there is. */
const codesOfHead: Readonly<Record<number, string>> = {
  400: "InvalidArgument",
  403: "AccessDenied",
  404: "NoSuchKey",
  405: "MethodNotAllowed",
  412: "PreconditionFailed",
};

/**
 * The error that an answer stands for (wire §6.10).
 *
 * An answer with neither `x-cos-request-id` nor an `<Error>` document did not come from COS but from a proxy, a load
 * balancer or a hijacked name, whatever its status.
 */
export async function answerError(answer: WireAnswer, context: AnswerContext): Promise<CosError | NetworkError> {
  const requestId = answer.headers["x-cos-request-id"];
  const traceId = answer.headers["x-cos-trace-id"];
  const document = hideAll(await readErrorDocument(answer.body), context.hide);
  if (document !== undefined) {
    return cosError(answer, context, {
      ...document,
      requestId: document.requestId ?? requestId,
      traceId: document.traceId ?? traceId,
    });
  }
  if (requestId === undefined) return notCos(answer, context);
  const code = answer.body.byteLength === 0 ? codesOfHead[answer.status] : undefined;
  return cosError(answer, context, { code: code ?? `HTTP${answer.status}`, message: "", requestId, traceId });
}

/**
 * Whether COS gave this answer: all of its answers carry `x-cos-request-id`, and most another header of its own. A
 * captive portal's page may come with 200, even with an ETag, and nothing would be stored (wire §6.13).
 */
export function isFromCos(answer: WireAnswer): boolean {
  return Object.keys(answer.headers).some((name) => name.startsWith("x-cos-"));
}

/** An answer that no COS server sends to this request: a stranger's, or one of COS that lacks what it always has. */
export function notCos(
  answer: WireAnswer,
  context: { readonly operation: string; readonly host: string; readonly elsewhere?: boolean },
): NetworkError {
  const requestId = answer.headers["x-cos-request-id"];
  return new NetworkError(
    "BAD_ANSWER",
    `${context.operation}: ${context.host} answered ${answer.status}, but ` +
      (isFromCos(answer)
        ? `without the ETag or Content-Length that this answer has (request ${requestId ?? "unknown"})`
        : "not as COS does (no x-cos-request-id); a proxy, a load balancer or a wrong host answered"),
    {
      host: context.host,
      phase: "body",
      status: answer.status,
      retryAfterMs: retryAfterMs(answer.headers),
    },
    { retryable: isPassing(answer.status) || context.elsewhere === true, stage: "transfer" },
  );
}

type ErrorDocument = Awaited<ReturnType<typeof decodeError>>;

async function decodeError(body: Buffer) {
  const { decodeErrorDocument } = await import("../xml/cos-documents.ts");
  return decodeErrorDocument(body);
}

async function readErrorDocument(body: Buffer): Promise<ErrorDocument | undefined> {
  if (body.byteLength === 0) return undefined;
  try {
    return await decodeError(body);
  } catch {
    return undefined;
  }
}

function cosError(
  answer: WireAnswer,
  context: AnswerContext,
  document: {
    readonly code: string;
    readonly message: string;
    readonly requestId?: string | undefined;
    readonly traceId?: string | undefined;
    readonly serverTime?: string | undefined;
    readonly stringToSign?: string | undefined;
    readonly formatString?: string | undefined;
  },
): CosError {
  const { operation, signed, hide } = context;
  const kind = classifyCosCode(document.code, answer.status, document.message);
  const formatDiff =
    document.formatString === undefined ? undefined : diffLines(hide(signed.httpString), document.formatString);
  const why = formatDiff === undefined ? "" : ` ${describeDiff(formatDiff)}`;
  const text = document.message === "" ? "" : `: ${document.message}`;
  return new CosError(
    hide(
      `${operation} failed: ${answer.status} ${document.code}${text}${why} (request ${document.requestId ?? "unknown"})`,
    ),
    {
      operation,
      status: answer.status,
      cosCode: document.code,
      requestId: document.requestId,
      traceId: document.traceId,
      serverTime: document.serverTime ?? answer.headers["date"],
      stringToSign: document.stringToSign,
      formatString: document.formatString,
      formatDiff,
      retryAfterMs: retryAfterMs(answer.headers),
    },
    { stage: "transfer", retryable: kind === "backoff" || kind === "throttle" },
  );
}

const lineNames = ["method", "path", "parameters", "headers"];

/**
 * The lines of two HttpStrings that differ, named after what they hold. Empty: both are equal, so the key is wrong.
 * wire §5.11.
 */
export function diffLines(ours: string, theirs: string): string[] {
  const [left, right] = [ours.split("\n"), theirs.split("\n")];
  const differences: string[] = [];
  for (let line = 0; line < Math.max(left.length, right.length); line += 1) {
    const [a, b] = [left[line], right[line]];
    if (a !== b)
      differences.push(`${lineNames[line] ?? `line ${line + 1}`}: we signed ${show(a)}, COS signed ${show(b)}`);
  }
  return differences;
}

function show(line: string | undefined): string {
  return line === undefined ? "nothing" : JSON.stringify(line);
}

function describeDiff(differences: readonly string[]): string {
  return differences.length === 0
    ? "[both sides signed the same text: the secret key or the time differs]"
    : `[${differences.join("; ")}]`;
}
