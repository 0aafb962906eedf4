import type { OwnSignals } from "../http/abort.ts";
import type { RetryEvent } from "../http/retry.ts";
import type { UploadEnvironment } from "./environment.ts";
import type { Handlers } from "./handlers.ts";
import type { SettledOptions } from "./options.ts";
import type { ProgressMeter } from "./progress.ts";
import type { ReadyUpload } from "./ready.ts";
import type { UploadSession } from "./session/apply.ts";
import type { Certificate } from "./session/certificate.ts";
import type { TransferContext } from "./transfer/job.ts";
import { CosClient } from "../cos/client.ts";
import { hasOwnKeys } from "./session/apply.ts";
import { failureLimits, withLimit } from "../http/abort.ts";
import { sessionKeys } from "./session/keys.ts";
import { findUploads } from "./transfer/open-uploads.ts";
import { PartsInFlight } from "./transfer/parts-in-flight.ts";
import { requestingWith } from "./transfer/request.ts";

/** An upload's options, with the signals of its own. */
export type RunOptions = SettledOptions & Pick<OwnSignals, "signal" | "ending"> & { readonly handlers: Handlers };

interface TransferOf {
  readonly session: UploadSession;
  readonly progress: ProgressMeter;
  readonly onRetry: (event: RetryEvent) => void;
  /** Called with every new certificate, before it is used. */
  readonly renewed: (certificate: Certificate, receivedAt: number) => Promise<void>;
}

/** What the objects of one session are sent with: its keys, its bucket, and how many parts may be in flight. */
export function transferContext(
  { api, wire, credentials, budget, cosEndpoint }: UploadEnvironment,
  options: RunOptions,
  { fields, media }: ReadyUpload,
  { session, progress, onRetry, renewed }: TransferOf,
): TransferContext {
  const { bucket, region } = session;
  const strategy = options.sessionRefresh ?? "vod-session-key";
  const keys = sessionKeys({ api, wire, credentials }, session, fields, strategy, options.signal, renewed);
  const inFlight = new PartsInFlight(options.concurrency, media.kind === "stream");
  const { limit } = inFlight;
  progress.concurrency = limit.concurrency;
  const cos = new CosClient({ bucket, region, cosEndpoint }, wire);
  const requesting: TransferContext["requesting"] = (signal) =>
    requestingWith(wire, cos.origin, keys, signal, (event) => {
      inFlight.retried(event.error);
      onRetry(event);
    });
  let mayList = hasOwnKeys(fields);
  const openAt: TransferContext["openAt"] = async (lost, signal) => {
    if (!mayList || lost.length === 0) return [];
    const found = await withLimit(failureLimits.lostMs, signal, (ended) => findUploads(cos, requesting(ended), lost));
    mayList = found !== undefined;
    return found ?? [];
  };
  return {
    cos,
    openAt,
    budget,
    limit,
    sent: (file, bytes) => {
      inFlight.partDone(bytes, budget.contended);
      progress.concurrency = limit.concurrency;
      progress.done(file, bytes);
    },
    partSize: options.partSize,
    requireCrc64: options.requireCrc64 ?? false,
    progress,
    signal: options.signal,
    requesting,
  };
}
