import type { UploadEnvironment } from "./environment.ts";
import type { UploadOptions } from "./options.ts";
import type { UploadSource } from "./source/source.ts";
import { settleOptions } from "./options.ts";
import { abortLimits, ownSignals, untilAborted } from "../http/abort.ts";
import { Handlers } from "./handlers.ts";
import { abandon } from "./source/hand-over.ts";
import { withSources } from "./ready.ts";
import { plainFields } from "./state/checkpoint.ts";
import { streamPartSize } from "./transfer/part-plan.ts";

/** How one object would be sent. */
export interface PlannedObject {
  readonly file: string;
  /** Bytes; undefined for a stream whose size is not given. */
  readonly size: number | undefined;
  /** `"stream"`: one PUT if it ends within a part, multipart otherwise. */
  readonly transfer: "put" | "multipart" | "stream";
  /** Bytes; of the first parts where the size is unknown. */
  readonly partSize: number;
  readonly partCount: number | undefined;
}

/** What an upload would send, without its sending anything. */
export interface UploadPlan {
  readonly endpoint: { readonly vod: string; readonly cos: string };
  /** ApplyUpload's parameters by their wire names; integers beyond 2⁵³ as decimal text. */
  readonly fields: Readonly<Record<string, string | number>>;
  /** In the order of sending. */
  readonly objects: readonly PlannedObject[];
}

/** Describes what an upload would do with a source, which is opened and closed again. */
export async function planUpload(
  environment: UploadEnvironment,
  input: UploadSource,
  given: UploadOptions,
): Promise<UploadPlan> {
  const { endpoint, defaults, wire } = environment;
  let release: (() => void) | undefined;
  try {
    const options = settleOptions({ ...given, offlineManifest: true }, defaults, wire.clock.now());
    const signals = ownSignals(options.signal);
    ({ release } = signals);
    const handlers = new Handlers(options, signals.fail);
    const { onRetry, onWarning } = handlers;
    const { signal } = signals;
    const own = { ...options, onRetry, onWarning, signal, handlers };
    const work = withSources(environment, input, own, async ({ fields, waves }) => {
      handlers.commitBegins();
      return {
        endpoint,
        fields: plainFields(fields),
        objects: waves.flat().map(({ label: file, size, plan }): PlannedObject => {
          if (plan !== undefined)
            return { file, size, transfer: plan.kind, partSize: plan.partSize, partCount: plan.partCount };
          return { file, size, transfer: "stream", partSize: streamPartSize(options.partSize), partCount: undefined };
        }),
      };
    });
    return await untilAborted(work, signal, abortLimits.promiseMs);
  } finally {
    release?.();
    abandon(input, given.cover);
  }
}
