import { Readable } from "node:stream";
import type { UploadOptions } from "../../index.ts";
import type { Connection } from "../connection.ts";
import { SourceError } from "../../index.ts";

/** Mistakes that can be found without a byte of it are told before the first one is waited for. */
export async function openInput(
  options: UploadOptions & { readonly signal: AbortSignal },
  { client, checkCredentials }: Connection,
): Promise<NodeJS.ReadableStream> {
  await client.plan(Readable.from([]), options);
  await checkCredentials();
  return options.refuseEmpty === true ? filledInput(process.stdin, options.signal) : process.stdin;
}

/**
 * Waits for the first bytes, which stay in the stream. A program that failed at once leaves a pipe without any: that
 * must not become an empty media.
 * @returns `stdin`, as it was
 * @throws SourceError `SOURCE_UNREADABLE` when it ends before
 * @throws the signal's own reason; then nothing waits for `stdin` any more
 */
async function filledInput(stdin: Readable, signal: AbortSignal): Promise<Readable> {
  signal.throwIfAborted();
  if (await endsEmpty(stdin, signal)) {
    throw new SourceError(
      "SOURCE_UNREADABLE",
      "standard input is empty, and nothing was uploaded; see why the program in front of the pipe wrote nothing " +
        "(--allow-empty uploads it)",
    );
  }
  return stdin;
}

function endsEmpty(stdin: Readable, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const release = (): void => {
      stdin.off("readable", look).off("end", end).off("error", leave).off("close", leave);
      signal.removeEventListener("abort", abort);
    };
    const look = (): void => {
      if (stdin.readableLength > 0) leave();
      // Only asked again does a stream say that it has ended.
      else stdin.read(0);
    };
    const end = (): void => {
      release();
      resolve(true);
    };
    // What is there, and what failed, is for the upload to read.
    const leave = (): void => {
      release();
      resolve(false);
    };
    const abort = (): void => {
      release();
      // Else the process would live as long as the program in front of it.
      stdin.destroy();
      reject(signal.reason as Error);
    };
    stdin.on("readable", look).on("end", end).on("error", leave).on("close", leave);
    signal.addEventListener("abort", abort, { once: true });
  });
}
