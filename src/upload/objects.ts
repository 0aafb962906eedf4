import type { SourceIdentity } from "./source/source.ts";
import type { SessionIdentity } from "./session/apply.ts";
import type { ReadyFile, ReadyUpload } from "./ready.ts";
import { ManifestError } from "../errors.ts";
import { toKey } from "../cos/key.ts";
import { folderOf } from "./manifest/path.ts";
import { contentTypeOf, extensionOf } from "./source/media-type.ts";

/** One object that an upload makes. */
export interface UploadObject extends Omit<ReadyFile, "place"> {
  readonly key: string;
  readonly contentType: string | undefined;
  /** Set for the files of a tree: the checkpoint has the media's and the cover's. */
  readonly identity: SourceIdentity | undefined;
}

/**
 * The objects of an upload, in the waves that they are sent in.
 * @throws ManifestError when a file of the tree would take the place of the media or the cover, or has too long a key
 */
export function uploadObjects(
  { mediaStoragePath, coverStoragePath = "" }: SessionIdentity,
  { media, waves }: Pick<ReadyUpload, "media" | "waves">,
): UploadObject[][] {
  const besides = waves.flat().flatMap(({ place }) => (typeof place === "string" ? [] : [place]));
  const keys = treeKeys(media.label, mediaStoragePath, coverStoragePath, besides);
  const toObject = ({ place, ...file }: ReadyFile): UploadObject => {
    if (typeof place === "string") {
      const path = place === "media" ? mediaStoragePath : coverStoragePath;
      return { ...file, key: toKey(path), contentType: contentTypeOf(extensionOf(path)), identity: undefined };
    }
    const { path, identity } = place;
    return { ...file, key: keys.get(path) ?? "", contentType: contentTypeOf(extensionOf(path)), identity };
  };
  return waves.map((files) => files.map(toObject));
}

/** Keys by path: the manifest's folder in the store and the path relative to the manifest's folder here. */
function treeKeys(
  manifest: string,
  mediaPath: string,
  coverPath: string,
  files: readonly { readonly path: string }[],
): Map<string, string> {
  const taken = new Map([[toKey(mediaPath), "the manifest itself"]]);
  if (coverPath !== "") taken.set(toKey(coverPath), "the cover");
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
