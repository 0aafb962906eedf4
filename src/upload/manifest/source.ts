import type { LanePool } from "../buffers/lane-pool.ts";
import type { ManifestType } from "./content.ts";
import type { LocatedFile, ManifestFolder } from "./folder.ts";
import type { UploadSource } from "../source/source.ts";
import { basename } from "node:path";
import { extensionOf, pathOfFileUrl } from "../source/media-type.ts";
import { FileSource } from "../source/file.ts";

/**
 * Whether a source is a manifest whose files are uploaded with it: a path or file: URL whose media type (given, or by
 * its extension, in any case of letters) is m3u8 or mpd. Bytes and streams have no folder: they are sent as they are.
 */
export function manifestSource(
  input: UploadSource,
  mediaType: string | undefined,
): { readonly path: string; readonly type: ManifestType } | undefined {
  const path = input instanceof URL && input.protocol === "file:" ? pathOfFileUrl("source", input) : input;
  if (typeof path !== "string") return undefined;
  const type = (mediaType ?? extensionOf(path))?.toLowerCase();
  if ((type !== "m3u8" && type !== "mpd") || path === "" || /^https?:\/\//i.test(path)) return undefined;
  return { path, type };
}

/** Opens a file of a tree for sending. @throws SourceError when it is not the one that was located */
export async function openTreeFile(folder: ManifestFolder, file: LocatedFile, lanes: LanePool): Promise<FileSource> {
  const { handle, stats } = await folder.open(file);
  return new FileSource({ handle, stats, label: file.label, fileName: basename(file.path) }, lanes);
}
