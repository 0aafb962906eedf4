import type { EntryEnd } from "./upload-entry.ts";
import { CosError, NetworkError, VodApiError, VodupError } from "../errors.ts";

/** Entries in a row that fail for a reason that none of them has, after which the rest is not tried. */
const fewest = 10;

/** Counts entries that fail for reasons of the account's or the network's: the next ones would meet the same. */
export class InVain {
  /** How many in a row are enough. */
  readonly most: number;
  #refused = 0;
  #unreached = 0;

  /** @param atOnce entries that are in hand at a time, which may all fail alike before one is known to */
  constructor(atOnce: number) {
    this.most = Math.max(fewest, atOnce);
  }

  ended({ failed, error }: EntryEnd): void {
    this.#refused = failed && isRefusal(error) ? this.#refused + 1 : 0;
    this.#unreached = failed && isUnreached(error) ? this.#unreached + 1 : 0;
  }

  /** Refused for key or permission. */
  get isRefused(): boolean {
    return this.#refused >= this.most;
  }

  get isUnreached(): boolean {
    return this.#unreached >= this.most;
  }
}

/** There are no keys, or the service, the storage or the proxy does not know them, or does not allow them this. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof VodApiError) return /^(?:AuthFailure|UnauthorizedOperation)(?:\.|$)/.test(error.apiCode);
  if (error instanceof CosError) return error.status === 401 || error.status === 403;
  if (error instanceof NetworkError) return error.code === "PROXY" && error.status === 407;
  return error instanceof VodupError && error.code === "CREDENTIALS";
}

function isUnreached(error: unknown): boolean {
  return error instanceof NetworkError && error.phase === "connect" && error.code !== "PROXY";
}
