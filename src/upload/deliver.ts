import type { TransferContext } from "./transfer/job.ts";
import type { UploadObject } from "./objects.ts";
import type { UploadState } from "./state/upload-state.ts";
import { VodupError } from "../errors.ts";
import { transferObject } from "./transfer/object.ts";
import { inParallel } from "../http/in-parallel.ts";
import { changedBetween, checkStored } from "./recheck.ts";
import { resumeObject } from "./state/resume.ts";

/**
 * Brings objects to the service, as many at a time as there may be parts in flight. What an earlier run has brought is
 * not sent again.
 *
 * @param resumed told how many parts of an object need not be sent
 * @param moved keys of objects whose file may have been written to since an earlier run brought them
 * @throws the first failure, which stops all others; its `file` says which one of a tree it was
 */
export async function deliverObjects(
  context: TransferContext,
  state: UploadState,
  objects: readonly UploadObject[],
  resumed: (parts: number) => void,
  moved: ReadonlySet<string>,
): Promise<void> {
  await inParallel({
    items: () => objects,
    most: () => context.limit.concurrency,
    signal: context.signal,
    work: async (object, signal) => {
      try {
        if (moved.has(object.key)) await checkStored(signal, state, object);
        await deliver({ ...context, signal }, state, object, resumed);
      } catch (thrown) {
        const error = moved.has(object.key) ? changedBetween(object.label, thrown) : thrown;
        if (object.identity !== undefined && error instanceof VodupError) error.file ??= object.label;
        throw error;
      }
    },
  });
}

async function deliver(
  context: TransferContext,
  state: UploadState,
  object: UploadObject,
  resumed: (parts: number) => void,
): Promise<void> {
  const { key, label: file, contentType, plan } = object;
  const before = state.finished(key);
  if (before !== undefined) {
    resumed(before.parts);
    context.progress.resumed(file, before.size, before.parts);
    return;
  }
  await object.withSource(async (source) => {
    const parts = await resumeObject(context, state, object, source);
    resumed(parts);
    // Looking closer may have shown that the object is whole.
    const whole = state.finished(key);
    if (whole !== undefined) {
      context.progress.resumed(file, whole.size, whole.parts);
      return;
    }
    const done = await transferObject(context, { source, file, key, contentType, plan, record: state.record(key) });
    await state.finish(key, done);
  });
}
