import type { UploadEnvironment } from "./environment.ts";
import type { UploadOptions } from "./options.ts";
import type { UploadSource } from "./source/source.ts";
import type { UploadResult } from "./state/result.ts";
import { settleOptions } from "./options.ts";
import { abortLimits, ownSignals, untilAborted } from "../http/abort.ts";
import { Handlers } from "./handlers.ts";
import { UploadRun } from "./run.ts";
import { refuseEmptyStreams, withSources } from "./ready.ts";
import { acceptTouched } from "./recheck.ts";

/**
 * One upload from beginning to end.
 * @throws every class of errors.ts, TypeError/RangeError for bad options, or the signal's own reason
 */
export async function runUpload(
  environment: UploadEnvironment,
  input: UploadSource,
  given: UploadOptions,
): Promise<UploadResult> {
  let release: (() => void) | undefined;
  try {
    const options = settleOptions(given, environment.defaults, environment.wire.clock.now());
    const signals = ownSignals(options.signal);
    ({ release } = signals);
    const handlers = new Handlers(options, signals.fail);
    const { onProgress, onRetry, onWarning } = handlers;
    const { signal } = signals;
    const own = { ...options, onProgress, onRetry, onWarning, handlers, signal, ending: signals.ending };
    const work = withSources(environment, input, own, async (ready) => {
      if (options.refuseEmpty === true) await refuseEmptyStreams(ready, signal);
      const checkpoint = await acceptTouched(options.checkpoint, ready.media, signal);
      return new UploadRun(environment, { ...own, checkpoint }, ready).run();
    });
    return await untilAborted(work, signal, abortLimits.promiseMs);
  } finally {
    release?.();
  }
}
