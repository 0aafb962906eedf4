import type { CosCallOptions } from "../../cos/request.ts";
import type { RetryClass, RetryEvent } from "../../http/retry.ts";
import type { KeySource } from "../session/certificate.ts";
import type { Credentials } from "../../credentials/source.ts";
import type { Wire } from "../../http/wire.ts";
import { CosError } from "../../errors.ts";
import { classifyCosFailure } from "../../cos/error-codes.ts";
import { SigningTime } from "../../http/clock.ts";
import { retrying } from "../../http/retry.ts";
import { untilAborted } from "../../http/abort.ts";

/**
 * Sends one request until it succeeds or cannot: brings the certificate, the clock, the counters and the abort signal.
 * @param classify which failures to send again after. @defaultValue classifyCosFailure
 */
export type Requesting = <T>(
  operation: string,
  send: (options: CosCallOptions) => Promise<T>,
  classify?: (error: unknown) => RetryClass,
) => Promise<T>;

/**
 * Sends an upload's COS requests: every attempt is signed again with the certificate of the moment, a refused
 * certificate is renewed and a wrong clock corrected, a bounded number of times a request.
 *
 * @param origin of the storage
 * @param onRetry told of every repetition
 */
export function requestingWith(
  wire: Wire,
  origin: string,
  keys: KeySource,
  signal: AbortSignal,
  onRetry: (event: RetryEvent) => void,
): Requesting {
  return (operation, send, classify = classifyCosFailure) => {
    let used: Credentials | undefined;
    const signingTime = new SigningTime(wire.storageClock);
    let usedOffsetMs = wire.storageClock.offsetMs;
    return retrying(
      {
        policy: wire.policy,
        operation,
        signal,
        classify: (error) => (isRefusedKey(error, keys) ? "refresh-credentials" : classify(error)),
        recover: async (kind, error) => {
          if (kind === "resync-clock")
            return signingTime.isCured(error instanceof CosError ? error.serverTime : undefined, usedOffsetMs);
          return used !== undefined && (await untilAborted(keys.refused(used), signal));
        },
        onRetry,
        peer: wire.peer(origin),
      },
      async () => {
        used = await untilAborted(keys.get(), signal);
        usedOffsetMs = wire.storageClock.offsetMs;
        return send({ signal, credentials: used });
      },
    );
  };
}

/**
 * An expired key is also refused as AccessDenied, which alone would not tell it from a missing permission. HEAD, whose
 * answers have no body, cannot say ExpiredToken either; but that is the one reason for which it answers 400.
 */
function isRefusedKey(error: unknown, keys: KeySource): boolean {
  if (!(error instanceof CosError)) return false;
  if (error.operation === "HeadObject" && error.status === 400) return true;
  return error.status === 403 && error.cosCode === "AccessDenied" && keys.isOld();
}
