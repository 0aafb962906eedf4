import type { UploadEnvironment } from "./environment.ts";
import type { UploadOptions } from "./options.ts";
import type { UploadSource } from "./source/source.ts";
import type { UploadResult } from "./result.ts";
import { settleOptions } from "./options.ts";
import { ownSignals } from "../http/abort.ts";
import { UploadRun } from "./run.ts";
import { withSources } from "./ready.ts";

/**
 * One upload from beginning to end.
 * @throws every class of errors.ts, TypeError/RangeError for bad options, or the signal's own reason
 */
export async function runUpload(
  environment: UploadEnvironment,
  input: UploadSource,
  given: UploadOptions,
): Promise<UploadResult> {
  const options = settleOptions(given, environment.defaults, environment.wire.clock.now());
  const { signal, ending, release } = ownSignals(options.signal);
  try {
    const own = { ...options, signal, ending };
    return await withSources(environment, input, own, (ready) => new UploadRun(environment, own, ready).run());
  } finally {
    release();
  }
}
