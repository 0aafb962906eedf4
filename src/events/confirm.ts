import type { VodApi } from "../vod-api/client.ts";
import { setImmediate } from "node:timers";
import { VodApiError } from "../errors.ts";

/** What ConfirmEvents takes at once (vod ConfirmEvents, EventHandles). */
const batchSize = 16;

interface Waiting {
  readonly handle: string;
  readonly resolve: (confirmed: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Confirms handles, those together that are given while nothing is sent or while a request is under way.
 * wire §13.2.
 */
export class Confirmations {
  readonly #api: Pick<VodApi, "call">;
  readonly #subAppId: bigint | undefined;
  readonly #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;

  constructor(api: Pick<VodApi, "call">, subAppId: bigint | undefined) {
    this.#api = api;
    this.#subAppId = subAppId;
  }

  /**
   * @returns true when the service has taken it; false when it refused this handle: its 30 s had passed
   * @throws VodApiError, NetworkError when nobody knows
   */
  confirm(handle: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ handle, resolve, reject });
      this.#sending ??= this.#send();
    });
  }

  /** Resolves when all that was asked for is settled. */
  async settled(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    // A loop that confirms a whole batch in one go gets one request for it.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#sendBatch(this.#waiting.splice(0, batchSize));
    this.#sending = undefined;
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#api.call("ConfirmEvents", {
        EventHandles: batch.map(({ handle }) => handle),
        SubAppId: this.#subAppId,
      });
      for (const { resolve } of batch) resolve(true);
    } catch (error) {
      if (!isRefusal(error)) {
        for (const { reject } of batch) reject(error);
      } else if (batch.length === 1) {
        batch[0]?.resolve(false);
      } else {
        // One handle that is too late has all of them refused, and the answer does not say which one.
        for (const one of batch) await this.#sendBatch([one]);
      }
    }
  }
}

/** Codes documented for ConfirmEvents that can be about a handle; the others are about the caller or the service. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof VodApiError)) return false;
  return /^(InvalidParameterValue(\..*)?|FailedOperation|ResourceNotFound)$/.test(error.apiCode);
}
