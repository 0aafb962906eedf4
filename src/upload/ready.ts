import type { RetryEvent } from "../http/retry.ts";
import type { UploadEnvironment } from "./environment.ts";
import type { ManifestTree } from "./manifest/tree.ts";
import type { UploadOptions } from "./options.ts";
import type { ApplyFields } from "./session/apply.ts";
import type { OpenedSource, UploadSource } from "./source/source.ts";
import type { SourceAccess } from "./source/open.ts";
import { applyFields } from "./apply-fields.ts";
import { checkCheckpoint } from "./state/checkpoint-form.ts";
import { manifestSource, openTreeFile } from "./manifest/source.ts";
import { checkOptions } from "./options.ts";
import { openSource } from "./source/open.ts";

/** What an upload is made of once everything was checked that can be checked before a session is opened. */
export interface ReadyUpload {
  readonly media: OpenedSource;
  readonly cover: OpenedSource | undefined;
  /** What belongs to the media when it is a manifest. */
  readonly tree: ManifestTree | undefined;
  readonly fields: ApplyFields;
  /** Requests that had to be repeated so far. */
  readonly retries: number;
}

/** Bytes of everything that will be sent, the cover last; undefined for a stream of unknown length. */
export function sizesOf({ media, cover, tree }: ReadyUpload): (number | undefined)[] {
  const besides = [...(tree?.segments ?? []), ...(tree?.manifests ?? [])].map(({ identity }) => identity.size);
  return [...besides, media.size, ...(cover === undefined ? [] : [cover.size])];
}

/** Bytes of the media and of what belongs to it, without the cover; undefined while a stream's length is unknown. */
export function mediaBytes(ready: ReadyUpload): number | undefined {
  return sizesOf({ ...ready, cover: undefined }).reduce(
    (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  );
}

/** Checks the options, opens the sources, uses them, and closes them whatever happened. */
export async function withSources<T>(
  environment: UploadEnvironment,
  input: UploadSource,
  options: UploadOptions,
  use: (ready: ReadyUpload) => Promise<T>,
): Promise<T> {
  const now = environment.wire.clock.now();
  checkOptions(options, now);
  if (options.checkpoint !== undefined) checkCheckpoint(options.checkpoint);
  options.signal?.throwIfAborted();
  const { lanes, wire } = environment;
  const signal = options.signal ?? new AbortController().signal;
  const access: SourceAccess = { lanes, download: (request) => wire.transport.download(request), signal };
  const opened: OpenedSource[] = [];
  const keep = <S extends OpenedSource>(source: S): S => {
    opened.push(source);
    return source;
  };
  let retries = 0;
  const onRetry = (event: RetryEvent): void => {
    retries += 1;
    options.onRetry?.(event);
  };
  try {
    const manifest = manifestSource(input, options.mediaType);
    // What is transferred needs no tree any more, and its files may be gone.
    const sending = (options.checkpoint?.state ?? "uploading") === "uploading";
    const tree =
      manifest === undefined || !sending ? undefined : await findTree(environment, manifest, options, signal, onRetry);
    const media = keep(
      tree === undefined
        ? await openSource("source", input, options.size, access)
        : await openTreeFile(tree.folder, tree.top, lanes),
    );
    const cover =
      options.cover === undefined ? undefined : keep(await openSource("cover", options.cover, undefined, access));
    // The client's own application belongs to the upload as much as one that the call names: a checkpoint must tell.
    const subAppId = options.subAppId ?? environment.defaults.subAppId;
    const fields = applyFields({ ...options, subAppId }, media.fileName, cover, now);
    return await use({ media, cover, tree, fields, retries });
  } finally {
    for (const source of opened) await source.close();
  }
}

async function findTree(
  { api }: UploadEnvironment,
  { path, type }: NonNullable<ReturnType<typeof manifestSource>>,
  options: UploadOptions,
  signal: AbortSignal,
  onRetry: (event: RetryEvent) => void,
): Promise<ManifestTree> {
  const [{ readManifestTree }, { serviceSegments }] = await Promise.all([
    import("./manifest/tree.ts"),
    import("./manifest/service-segments.ts"),
  ]);
  const list = options.offlineManifest === true ? undefined : serviceSegments(api, signal, onRetry);
  const warn: NonNullable<UploadOptions["onWarning"]> = (warning) => options.onWarning?.(warning);
  return readManifestTree(path, type, { list, warn, signal });
}
