import type { RetryEvent } from "../http/retry.ts";
import type { UploadEnvironment } from "./environment.ts";
import type { Handlers } from "./handlers.ts";
import type { LanePool } from "./buffers/lane-pool.ts";
import type { LocatedFile } from "./manifest/folder.ts";
import type { ManifestTree } from "./manifest/tree.ts";
import type { SettledOptions, UploadOptions } from "./options.ts";
import type { ApplyFields } from "./session/apply.ts";
import type { OpenedSource, SourceIdentity, UploadSource } from "./source/source.ts";
import type { SourceAccess } from "./source/access.ts";
import type { TransferPlan } from "./transfer/part-plan.ts";
import { SourceError } from "../errors.ts";
import { endsWithin, failureLimits, openController, untilAborted } from "../http/abort.ts";
import { applyFields } from "./apply-fields.ts";
import { checkCheckpoint } from "./state/checkpoint-form.ts";
import { manifestSource, openTreeFile } from "./manifest/source.ts";
import { openSource } from "./source/open.ts";
import { planTransfer } from "./transfer/part-plan.ts";

/** One file that will be sent, and how; its key is known once the session is. */
export interface ReadyFile {
  /** How progress and messages call it. */
  readonly label: string;
  /** Bytes; undefined for a stream of unknown length, which cannot be planned. */
  readonly size: number | undefined;
  readonly plan: TransferPlan | undefined;
  /** Of an HLS or DASH tree, `path` is relative to its folder; media and cover get their keys from the session. */
  readonly place: "media" | "cover" | { readonly path: string; readonly identity: SourceIdentity };
  /** Opens the source, if it is not open, and closes it when the work is done. */
  withSource<T>(work: (source: OpenedSource) => Promise<T>): Promise<T>;
}

/** What an upload is made of once everything was checked that can be checked before a session is opened. */
export interface ReadyUpload {
  readonly media: OpenedSource;
  readonly cover: OpenedSource | undefined;
  /** What belongs to the media when it is a manifest. */
  readonly tree: ManifestTree | undefined;
  /**
   * All that will be sent, in waves: those of a wave may be sent together, each wave once the one before is stored. A
   * manifest comes after everything it names, so that nobody ever sees one whose files are missing.
   */
  readonly waves: readonly (readonly ReadyFile[])[];
  readonly fields: ApplyFields;
  /** Requests that had to be repeated so far. */
  readonly retries: number;
}

function wavesOf(
  { media, cover, tree }: Pick<ReadyUpload, "media" | "cover" | "tree">,
  partSize: number | "auto",
  lanes: LanePool,
): ReadyFile[][] {
  const planOf = (size: number | undefined): TransferPlan | undefined =>
    size === undefined ? undefined : planTransfer(size, partSize);
  const open = (place: "media" | "cover", source: OpenedSource): ReadyFile => {
    const { label, size } = source;
    return { label, size, plan: planOf(size), place, withSource: (work) => work(source) };
  };
  const waves = [[open("media", media)], ...(cover === undefined ? [] : [[open("cover", cover)]])];
  if (tree === undefined) return waves;
  const { folder, segments, manifests } = tree;
  const closed = (file: LocatedFile): ReadyFile => {
    const { label, path, identity } = file;
    const { size } = identity;
    const withSource: ReadyFile["withSource"] = async (work) => {
      const source = await openTreeFile(folder, file, lanes);
      try {
        return await work(source);
      } finally {
        await source.close();
      }
    };
    return { label, size, plan: planOf(size), place: { path, identity }, withSource };
  };
  return [segments.map(closed), manifests.map(closed), ...waves];
}

/** Bytes of the media and of what belongs to it, without the cover; undefined while a stream's length is unknown. */
export function mediaBytes({ waves }: ReadyUpload): number | undefined {
  return waves
    .flat()
    .filter(({ place }) => place !== "cover")
    .reduce<number | undefined>(
      (sum, { size }) => (sum === undefined || size === undefined ? undefined : sum + size),
      0,
    );
}

/** Opens the sources, uses them, and closes them whatever happened. @param options checked: see settleOptions */
export async function withSources<T>(
  environment: UploadEnvironment,
  input: UploadSource,
  options: SettledOptions & { readonly handlers: Handlers },
  use: (ready: ReadyUpload) => Promise<T>,
): Promise<T> {
  if (options.checkpoint !== undefined) checkCheckpoint(options.checkpoint);
  options.signal?.throwIfAborted();
  const { lanes, wire } = environment;
  const signal = options.signal ?? openController().signal;
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
  const access: SourceAccess = { lanes, wire, signal, onRetry };
  try {
    const manifest = manifestSource(input, options.mediaType);
    // What is transferred needs no tree any more, and its files may be gone.
    const sending = (options.checkpoint?.state ?? "uploading") === "uploading";
    const tree =
      manifest === undefined || !sending ? undefined : await findTree(environment, manifest, options, signal, onRetry);
    const media = keep(
      tree === undefined
        ? await openSource("source", input, options.size, { ...access, mediaType: options.mediaType })
        : await openTreeFile(tree.folder, tree.top, lanes),
    );
    if (options.size !== undefined && media.size !== undefined && media.size !== options.size)
      throw new SourceError(
        "SOURCE_CHANGED",
        `${media.label} has ${media.size} bytes, but its size was given as ${options.size}`,
      );
    const cover =
      options.cover === undefined ? undefined : keep(await openSource("cover", options.cover, undefined, access));
    // The client's own application belongs to the upload as much as one that the call names: a checkpoint must tell.
    if (options.refuseEmpty === true) for (const { size, label } of opened) if (size === 0) throw emptySource(label);
    const fields = applyFields(options, media.fileName, cover, wire.clock.now());
    const waves = wavesOf({ media, cover, tree }, options.partSize, lanes);
    return await use({ media, cover, tree, waves, fields, retries });
  } catch (error) {
    options.handlers.failed();
    throw error;
  } finally {
    for (const source of opened) {
      const failed = (error: unknown): void => options.handlers.note(`${source.label} could not be closed`, error);
      await endsWithin(failureLimits.sourceMs, source.close()).catch(failed);
    }
  }
}

/**
 * Waits for the first byte of each stream: a program that failed at once leaves a pipe without any.
 * @throws SourceError `SOURCE_UNREADABLE`
 */
export async function refuseEmptyStreams({ media, cover }: ReadyUpload, signal: AbortSignal): Promise<void> {
  for (const source of [media, cover]) {
    if (source?.kind === "stream" && !(await untilAborted(source.hasBytes(), signal))) throw emptySource(source.label);
  }
}

function emptySource(label: string): SourceError {
  return new SourceError(
    "SOURCE_UNREADABLE",
    `${label} is empty, and nothing was uploaded; if that is intended: refuseEmpty: false, or --allow-empty`,
  );
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
