import type { RetryEvent } from "../http/retry.ts";
import type { UploadOptions } from "./options.ts";
import type { ProgressEvent } from "./progress.ts";
import type { Warning } from "./warning.ts";
import { reasonOf } from "../reason-of.ts";

type Given = Pick<UploadOptions, "onProgress" | "onRetry" | "onWarning" | "onFailure">;

/**
 * The caller's own functions, and the one policy for what they throw, or what the promise they answer rejects with
 * (decision 0021). `onCheckpoint` is awaited and not here: it fails an upload in the same way before CommitUpload, and
 * afterwards is the warning `CHECKPOINT_FAILED`.
 * - Before CommitUpload is sent the upload fails with that very error.
 * - From then on a media may exist, and nothing of the caller's can hide it: what is thrown becomes the warning
 *   `HANDLER_FAILED`.
 * - An upload that has failed keeps its own error: what is thrown while it is cleaned up is dropped.
 */
export class Handlers {
  /** As the caller's, guarded; undefined where there is none, so that nothing is made for it. */
  readonly onProgress: ((event: ProgressEvent) => void) | undefined;
  readonly onRetry: (event: RetryEvent) => void;
  readonly onWarning: (warning: Warning) => void;
  readonly #given: Given;
  readonly #fail: (error: unknown) => void;
  #phase: "open" | "committing" | "failing" = "open";

  /** @param fail ends the upload for the given reason: called when a handler fails after it has returned */
  constructor(given: Given, fail: (error: unknown) => void) {
    this.#given = given;
    this.#fail = fail;
    const { onProgress, onRetry } = given;
    this.onProgress =
      onProgress === undefined ? undefined : (event) => void this.#call("onProgress", () => onProgress(event));
    this.onRetry = (event) => void this.#call("onRetry", () => onRetry?.(event));
    this.onWarning = (warning) => void this.#call("onWarning", () => given.onWarning?.(warning));
  }

  /** From here on a media may exist. */
  commitBegins(): void {
    this.#phase = "committing";
  }

  /** The upload has failed, and is being cleaned up. */
  failed(): void {
    this.#phase = "failing";
  }

  /** What is to become of the parts of a failed upload. */
  choose(error: unknown, preset: "abort" | "keep-parts"): "abort" | "keep-parts" {
    const { onFailure } = this.#given;
    if (typeof onFailure !== "function") return onFailure ?? preset;
    const choice = this.#call("onFailure", () => onFailure(error));
    return choice === "abort" || choice === "keep-parts" ? choice : preset;
  }

  /** Something of the caller's failed that has no say in how the upload ends, such as the closing of its source. */
  note(what: string, error: unknown): void {
    if (this.#phase !== "failing") this.onWarning({ code: "HANDLER_FAILED", message: `${what}: ${reasonOf(error)}` });
  }

  #call(name: string, call: () => unknown): unknown {
    try {
      const answer = call();
      if (isThenable(answer)) answer.then(undefined, (error: unknown) => this.#rejected(name, error));
      return answer;
    } catch (error) {
      if (this.#phase === "open") throw error;
      this.#report(name, error);
      return undefined;
    }
  }

  #rejected(name: string, error: unknown): void {
    if (this.#phase === "open") this.#fail(error);
    else this.#report(name, error);
  }

  #report(name: string, error: unknown): void {
    // What cannot be told to onWarning can be told to nobody.
    if (name !== "onWarning") this.note(`${name} failed after CommitUpload was sent, which changes nothing`, error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
