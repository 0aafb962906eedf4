import type { Credentials } from "../credentials/source.ts";
import type { CertificateKeeper } from "./certificate.ts";
import type { Requesting } from "./complete.ts";
import type { Wire } from "../http/wire.ts";
import { CosError } from "../errors.ts";
import { classifyCosFailure } from "../cos/error-codes.ts";
import { retrying } from "../http/retry.ts";
import { untilAborted } from "../http/until-aborted.ts";

/** Where an upload's COS requests get their keys from. */
export type CosCredentials = Pick<CertificateKeeper, "get" | "refused" | "isOld">;

/**
 * Sends an upload's COS requests: every attempt is signed anew with the certificate of the moment, a refused
 * certificate is renewed and a wrong clock corrected, each once a request.
 *
 * @param onRetry told of every repetition
 */
export function requestingWith(
  wire: Wire,
  keys: CosCredentials,
  signal: AbortSignal,
  onRetry: (event: { operation: string; attempt: number; delayMs: number; error: unknown }) => void,
): Requesting {
  return (operation, send, classify = classifyCosFailure) => {
    let used: Credentials | undefined;
    let usedOffsetMs = wire.clock.offsetMs;
    return retrying(
      {
        policy: wire.policy,
        operation,
        signal,
        classify: (error) => (isRefusedOldKey(error, keys) ? "refresh-credentials" : classify(error)),
        recover: async (kind, error) => {
          if (kind === "resync-clock")
            return wire.clock.learn(error instanceof CosError ? error.serverTime : undefined, usedOffsetMs);
          return used !== undefined && keys.refused(used);
        },
        onRetry: (event) => onRetry({ operation, ...event }),
      },
      async () => {
        used = await untilAborted(keys.get(), signal);
        usedOffsetMs = wire.clock.offsetMs;
        return send({ signal, credentials: used });
      },
    );
  };
}

/** An expired key is also refused as AccessDenied, which alone would not tell it from a missing permission. */
function isRefusedOldKey(error: unknown, keys: CosCredentials): boolean {
  return error instanceof CosError && error.status === 403 && error.cosCode === "AccessDenied" && keys.isOld();
}
