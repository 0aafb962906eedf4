import type { OpenedSource, SourceIdentity } from "./source/source.ts";
import type { LanePool } from "./buffers/lane-pool.ts";
import type { SessionIdentity } from "./session/apply.ts";
import type { ReadyUpload } from "./ready.ts";
import { ManifestError } from "../errors.ts";
import { toKey } from "../cos/key.ts";
import { openTreeFile } from "./manifest/source.ts";
import { folderOf } from "./manifest/path.ts";
import { contentTypeOf, extensionOf } from "./source/media-type.ts";

/** One object that an upload makes. */
export interface UploadObject {
  readonly key: string;
  /** How progress and messages call it. */
  readonly file: string;
  readonly contentType: string | undefined;
  /** Bytes; undefined for a stream of unknown length. */
  readonly size: number | undefined;
  /** Set for the files of a tree: the checkpoint has the media's and the cover's. */
  readonly identity?: SourceIdentity | undefined;
  /** Opens the source, if it is not open, and closes it when the work is done. */
  withSource<T>(work: (source: OpenedSource) => Promise<T>): Promise<T>;
}

/**
 * The objects of an upload, in waves: those of a wave may be sent together, each wave once the one before is stored.
 * A manifest comes after everything it names, so that nobody ever sees one whose files are missing.
 *
 * @throws ManifestError when a file of the tree would take the place of the media or the cover, or has too long a key
 */
export function uploadObjects(
  { mediaStoragePath, coverStoragePath }: SessionIdentity,
  { media, cover, tree }: Pick<ReadyUpload, "media" | "cover" | "tree">,
  lanes: LanePool,
): UploadObject[][] {
  const waves: UploadObject[][] = [];
  if (tree !== undefined) {
    const { folder } = tree;
    const keys = treeKeys(tree.top.label, mediaStoragePath, coverStoragePath, [...tree.segments, ...tree.manifests]);
    for (const files of [tree.segments, tree.manifests]) {
      const objects = files.map((file): UploadObject => ({
        key: keys.get(file.path) ?? "",
        file: file.label,
        contentType: contentTypeOf(extensionOf(file.path)),
        size: file.identity.size,
        identity: file.identity,
        withSource: async (work) => {
          const source = await openTreeFile(folder, file, lanes);
          try {
            return await work(source);
          } finally {
            await source.close();
          }
        },
      }));
      waves.push(objects);
    }
  }
  waves.push([openObject(media, mediaStoragePath)]);
  if (cover !== undefined) waves.push([openObject(cover, coverStoragePath ?? "")]);
  return waves;
}

function openObject(source: OpenedSource, path: string): UploadObject {
  return {
    key: toKey(path),
    file: source.label,
    contentType: contentTypeOf(extensionOf(path)),
    size: source.size,
    withSource: (work) => work(source),
  };
}

/** Keys by path: the manifest's folder in the store and the path relative to the manifest's folder here. */
function treeKeys(
  manifest: string,
  mediaPath: string,
  coverPath: string | undefined,
  files: readonly { readonly path: string }[],
): Map<string, string> {
  const taken = new Map([[toKey(mediaPath), "the manifest itself"]]);
  if (coverPath !== undefined && coverPath !== "") taken.set(toKey(coverPath), "the cover");
  const keys = new Map<string, string>();
  const problems: string[] = [];
  for (const { path } of files) {
    try {
      const key = toKey(folderOf(mediaPath) + path);
      keys.set(path, key);
      const other = taken.get(key);
      if (other !== undefined) problems.push(`${path} would be stored where the service wants ${other}; rename it`);
    } catch (error) {
      problems.push(`${path} cannot be stored: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (problems.length > 0) throw new ManifestError(manifest, problems);
  return keys;
}

/** What the checkpoint has to know of a tree's files. */
export function treeFiles(waves: readonly (readonly UploadObject[])[]): Map<string, SourceIdentity> {
  const files = waves.flat().flatMap(({ key, identity }) => (identity === undefined ? [] : [[key, identity] as const]));
  return new Map(files);
}
