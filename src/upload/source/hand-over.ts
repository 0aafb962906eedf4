import { SourceError } from "../../errors.ts";
import { readOptions, refuseUnknown } from "../../unknown-options.ts";

/** Streams that are listened to already: one listener each, however often it is given. */
const heard = new WeakSet<object>();

/** Streams that were given to an upload. */
const given = new WeakSet<object>();

/**
 * Takes over what a caller gives, in the call itself: streams are listened to, and options are what they are now,
 * though the caller may use their object for its next upload. Streams are ended when the work fails.
 * @param known names of the options
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for unknown options; SourceError for a stream that was given before
 */
export async function handOver<O extends { readonly cover?: unknown }, T>(
  source: unknown,
  options: O,
  known: Readonly<Record<keyof O, true>>,
  work: (options: O) => Promise<T>,
): Promise<T> {
  // First of all: a getter of the options may throw.
  listenTo(source);
  const own: unknown[] = claim(source) ? [source] : [];
  try {
    const taken = readOptions(options, known);
    const { cover } = taken;
    listenTo(cover);
    if (claim(cover)) own.push(cover);
    refuseUnknown("", options, known);
    if (own.length < 2) throw givenBefore();
    return await work(taken);
  } catch (error) {
    abandon(...own);
    throw error;
  }
}

function givenBefore(): SourceError {
  const message = "the stream given was given to an upload before, and can be read only once; make a new one";
  return new SourceError("SOURCE_UNREADABLE", message);
}

/**
 * From the moment a stream is handed over its failures are the upload's, though nobody reads it yet, or ever will:
 * without a listener Node ends the process for them. To be called before anything is waited for.
 */
export function listenTo(...inputs: readonly unknown[]): void {
  for (const input of inputs) {
    if (!isEmitter(input) || heard.has(input)) continue;
    heard.add(input);
    input.on("error", () => undefined);
  }
}

/**
 * A stream can be read once, and belongs to the upload that it was given to: a second one would share its bytes, or
 * find none and make an empty media of it.
 * @returns whether it may be read: it stays as it is for who has it already
 */
function claim(input: unknown): boolean {
  if (!isReadOnce(input)) return true;
  if (given.has(input)) return false;
  given.add(input);
  return true;
}

/** Ends streams that nobody reads on: there may be a file descriptor or a socket behind each. Never fails. */
export function abandon(...inputs: readonly unknown[]): void {
  for (const input of inputs) {
    try {
      if (typeof input !== "object" || input === null) continue;
      if ("destroy" in input && typeof input.destroy === "function") input.destroy();
      else if (input instanceof ReadableStream) input.cancel().catch(() => undefined);
    } catch {
      // What ended the upload is what is reported.
    }
  }
}

function isEmitter(value: unknown): value is { on(event: "error", listener: () => void): unknown } {
  return typeof value === "object" && value !== null && "on" in value && typeof value.on === "function";
}

/** Streams, and iterators such as a generator's: what is merely iterable may begin again each time. */
function isReadOnce(value: unknown): value is object {
  if (typeof value !== "object" || value === null || !(Symbol.asyncIterator in value)) return false;
  return value instanceof ReadableStream || isEmitter(value) || ("next" in value && typeof value.next === "function");
}
