import type { VodApi } from "../vod-api/client.ts";

/** What these functions need of a client. */
export type TaskApi = Pick<VodApi, "call">;

/** What every call of this folder takes. */
export interface TaskCallOptions {
  /** @defaultValue the client's */
  readonly subAppId?: number | bigint | string | undefined;
  /** Ends the work with its own reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface WaitOptions extends TaskCallOptions {
  /** Milliseconds, 1 to 3 days; then an error with code `TIMEOUT`. What is waited for goes on. */
  readonly timeoutMs?: number | undefined;
  /**
   * Milliseconds between the first two questions, 1 to an hour; each further one waits half as long again.
   * @defaultValue 1000
   */
  readonly pollMs?: number | undefined;
  /** Milliseconds between questions at most. @defaultValue 10000, or `pollMs` if that is more */
  readonly maxPollMs?: number | undefined;
}
