import type { UploadObject } from "./objects.ts";
import type { ManifestTree } from "./manifest/tree.ts";
import type { UploadState } from "./state/upload-state.ts";
import { inParallel } from "../http/in-parallel.ts";
import { changedTree } from "./manifest/folder.ts";
import { crc64AsRead } from "./manifest/read.ts";
import { hasContent } from "./recheck.ts";

/** Files that are looked at at the same time. */
const looksAtOnce = 16;

/**
 * Files of a tree are sent one after the other; in the end all must still be those that the manifests name, or parts of
 * two versions would be committed together.
 * @throws SourceError `SOURCE_CHANGED`
 */
export async function checkTree(
  { folder, segments, manifests, top }: ManifestTree,
  objects: readonly UploadObject[],
  state: UploadState,
  signal: AbortSignal,
): Promise<void> {
  const byLabel = new Map(objects.map((object) => [object.label, object]));
  await inParallel({
    items: () => [...segments, ...manifests, top],
    most: () => looksAtOnce,
    signal,
    work: async (file, stop) => {
      const now = await folder.locate(file.path);
      const { size, modified, stamp } = file.identity;
      if ("why" in now || now.identity.size !== size || now.identity.modified !== modified)
        throw changedTree(file.label);
      const object = byLabel.get(file.label);
      const stored = object === undefined ? undefined : state.finished(object.key);
      if (object === undefined || stored === undefined) throw changedTree(file.label);
      const asRead = crc64AsRead(file);
      if (asRead !== undefined && asRead !== stored.crc64) throw changedTree(file.label);
      if (now.identity.stamp === stamp) return;
      if (!(await object.withSource((source) => hasContent(source, stored, stop)))) throw changedTree(file.label);
    },
  });
}
