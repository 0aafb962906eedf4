/** Streams that are listened to already: one listener each, however often it is given. */
const heard = new WeakSet<object>();

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
