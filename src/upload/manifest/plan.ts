import type { ManifestWarning } from "./content.ts";
import { invalidArgument } from "../../errors.ts";
import { openController } from "../../http/abort.ts";
import { contentTypeOf, extensionOf } from "../source/media-type.ts";
import { manifestSource } from "./source.ts";

/** One file of a HLS or DASH tree. */
export interface PlannedFile {
  /** POSIX, relative to the manifest's folder: what its key ends in, but for the manifest itself. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Undefined where COS chooses by the name. */
  readonly contentType: string | undefined;
  readonly manifest: boolean;
}

/** What the upload of a manifest would send. */
export interface ManifestPlan {
  /** In the order of sending: segments, nested manifests, and last the manifest itself. */
  readonly files: readonly PlannedFile[];
  /** Of all files together. */
  readonly bytes: number;
  readonly warnings: readonly ManifestWarning[];
}

/**
 * Finds the files of a HLS or DASH tree and checks all of them, without a client and without any request: what
 * `upload` does with `offlineManifest`.
 *
 * @param source path or file: URL of a manifest whose name ends in `.m3u8` or `.mpd`
 * @throws ManifestError `MANIFEST_INVALID` with all `problems` of the tree
 * @throws SourceError `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE` when the manifest cannot be read
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for what is no manifest
 */
export async function planManifest(source: string | URL): Promise<ManifestPlan> {
  const manifest = manifestSource(source, undefined);
  if (manifest === undefined) {
    throw invalidArgument("source", "must be the path or file: URL of a .m3u8 or .mpd file", source);
  }
  const { readManifestTree } = await import("./tree.ts");
  const warnings: ManifestWarning[] = [];
  const { top, segments, manifests } = await readManifestTree(manifest.path, manifest.type, {
    warn: (warning) => warnings.push(warning),
    signal: openController().signal,
  });
  const nested = new Set([...manifests, top]);
  const files = [...segments, ...manifests, top].map((file): PlannedFile => ({
    path: file.path,
    size: file.identity.size,
    contentType: contentTypeOf(extensionOf(file.path)),
    manifest: nested.has(file),
  }));
  return { files, bytes: files.reduce((sum, { size }) => sum + size, 0), warnings };
}
