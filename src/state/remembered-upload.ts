import type { VodClient } from "../client.ts";
import type { RetryEvent } from "../http/retry.ts";
import type { ProgressEvent } from "../upload/progress.ts";
import type { UploadOptions } from "../upload/options.ts";
import type { UploadSource } from "../upload/source/source.ts";
import type { Checkpoint } from "../upload/state/checkpoint.ts";
import type { UploadResult } from "../upload/state/result.ts";
import type { Warning } from "../upload/warning.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { CheckpointError, SourceError } from "../errors.ts";
import { shownSource } from "../shown-source.ts";
import { summarizeCheckpoint } from "../upload/state/summary.ts";
import { otherState, placeProblem } from "./place-problem.ts";
import { reasonToStartOver } from "./reason-to-start-over.ts";

/** The upload is done, and its FileId could not be printed. */
export class PrintError extends Error {
  constructor(fileId: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`uploaded as FileId ${fileId}, which could not be written to stdout: ${why}`, { cause });
  }
}

/** Where the checkpoint of one source lives: in a file the user named, in the state directory, or beside a journal. */
export interface Memory {
  readonly kind: "file" | "default" | "batch";
  /** Of the state directory. */
  readonly id: string | undefined;
  /** The directory, for messages. */
  readonly place: string;
  readonly store: CheckpointStore;
}

/** What a failure means: nothing was sent; it passes, and what was sent is kept for the next run; or it stays. */
export type Verdict = "mistake" | "passing" | "final";

/** What an upload is made with. */
export interface RememberedTask {
  readonly client: VodClient;
  readonly options: UploadOptions;
  readonly signal: AbortSignal;
  /** Never remove parts that were sent. */
  readonly keepParts: boolean;
  /** Opens the source; asked once more when an upload begins from scratch. */
  readonly open: () => UploadSource | Promise<UploadSource>;
  readonly judge: (error: unknown) => Verdict;
  readonly news: {
    readonly progress: (event: ProgressEvent) => void;
    readonly retry: (event: RetryEvent) => void;
    readonly warning: (warning: Pick<Warning, "message"> & { readonly code: Warning["code"] | "NO_STATE" }) => void;
    readonly checkpoint: (checkpoint: Checkpoint) => void;
  };
}

/** One source's upload and its checkpoint on disk, which outlives the process when it has to. */
export class RememberedUpload {
  readonly #task: RememberedTask;
  readonly #source: string;
  readonly #memory: Memory | undefined;
  /** The checkpoint that this run goes on from. */
  #found: unknown;
  #isUploaded = false;
  #seen: readonly (Checkpoint["source"] | undefined)[] | undefined;
  /** Whether the library has dealt with the parts of this upload when it failed. */
  #settled = false;
  #cannotSave = false;

  constructor(task: RememberedTask, source: string, memory: Memory | undefined) {
    this.#task = task;
    this.#source = source;
    this.#memory = memory;
    this.#found = memory?.store.found;
  }

  /** What its source and cover are known by, once it is uploaded. */
  get seen(): readonly (Checkpoint["source"] | undefined)[] | undefined {
    return this.#seen;
  }

  get id(): string | undefined {
    return this.#memory?.id;
  }

  /**
   * Uploads, or goes on with an upload. One of the state directory that cannot be used is no failure, but a fresh
   * start.
   */
  async send(): Promise<UploadResult> {
    try {
      const result = await this.#resume();
      this.#isUploaded = true;
      return result;
    } catch (error) {
      // Once another vodup has taken it over, whatever fails here does so for that reason, and running again is safe.
      if (!this.#task.signal.aborted) await this.#memory?.store.check();
      throw error;
    }
  }

  /** There is nothing any more to go on from. */
  async forget(): Promise<void> {
    await this.#memory?.store.remove();
  }

  /**
   * Removes or keeps parts and checkpoint after a failure.
   * @returns whether they are kept, to be resumed
   */
  async leave(error: unknown): Promise<boolean> {
    const memory = this.#memory;
    // What another vodup has taken over is no longer ours to remove.
    if (memory === undefined || isLost(error) || !memory.store.isOurs()) return false;
    // The next run prints the FileId without uploading again.
    if (error instanceof PrintError) return memory.store.isKept;
    // A checkpoint that cannot be used stays as it is, and nothing goes on from it.
    if (this.#choose(error) === "keep-parts") return memory.store.isKept && !(error instanceof CheckpointError);
    // Wrong arguments send nothing and so remove nothing: the upload of an earlier run is as good as before.
    if (this.#task.judge(error) === "mistake") return false;
    if (!this.#settled && !this.#isUploaded && this.#found !== undefined) await this.#discard(this.#found);
    try {
      await memory.store.remove();
    } catch (lost) {
      if (!isLost(lost)) throw lost;
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#memory?.store.close();
  }

  async #resume(): Promise<UploadResult> {
    const [found, memory] = [this.#found, this.#memory];
    try {
      return await this.#send(found);
    } catch (error) {
      const { result } = isMissingSource(error) ? summarizeCheckpoint(found) : {};
      if (result !== undefined) return result;
      // The source is gone, and what was made of it may exist.
      if (isMissingSource(error) && mayBeCommitted(found)) {
        const settled = await this.#settle(found);
        if (settled !== undefined) return settled;
      }
      if (!(error instanceof CheckpointError) || isLost(error) || found === undefined) throw error;
      if (memory === undefined || memory.kind === "file") throw error;
      return (await this.#startAfresh(memory, found, error)) ?? this.#send(undefined);
    }
  }

  async #startAfresh(memory: Memory, found: unknown, why: CheckpointError): Promise<UploadResult | undefined> {
    // A commit that may have happened comes first: who uploads again must know of the media that there is.
    const settled = mayBeCommitted(found) ? await this.#settle(found) : undefined;
    const { openUploads } = summarizeCheckpoint(found);
    const removed = !this.#settled && (await this.#discard(found)) && openUploads > 0;
    // Stopped before all was removed, what tells of it stays.
    this.#task.signal.throwIfAborted();
    const done =
      settled !== undefined
        ? `; what it was then stays uploaded as FileId ${settled.fileId}`
        : removed
          ? "; the parts that it had sent are removed"
          : "";
    const source = shownSource(this.#source);
    if (settled !== undefined && memory.kind === "batch") {
      // Its media belongs into the journal first; what becomes of the changed file the next run says (--changed).
      const message = `${source}: ${reasonToStartOver(why)}${done}; run again for what it is now`;
      this.#task.news.warning({ code: "FRESH_START", message });
      return settled;
    }
    const message = `${source}: starting from the beginning, since ${reasonToStartOver(why)}${done}`;
    this.#task.news.warning({ code: "FRESH_START", message });
    await memory.store.remove();
    this.#found = undefined;
    this.#settled = false;
    return undefined;
  }

  /** @returns undefined for a checkpoint that is damaged or of another endpoint, which tells nothing of any media */
  async #settle(found: Checkpoint): Promise<UploadResult | undefined> {
    const { client, signal } = this.#task;
    this.#seen = [found.source, found.cover];
    try {
      return await client.settle(found, { signal });
    } catch (error) {
      if (error instanceof CheckpointError) return undefined;
      throw error;
    }
  }

  async #send(found: unknown): Promise<UploadResult> {
    const { options, client, signal, news, open } = this.#task;
    return client.upload(await open(), {
      ...options,
      // Whatever was on disk: the library checks it and says what is wrong with it.
      checkpoint: found as Checkpoint | undefined,
      onCheckpoint: this.#memory === undefined ? undefined : (checkpoint) => this.#save(checkpoint),
      onFailure: (error) => {
        this.#settled = true;
        return this.#choose(error);
      },
      signal,
      onProgress: news.progress,
      onRetry: news.retry,
      onWarning: news.warning,
    });
  }

  /** What the exit code promises of the parts; without a checkpoint on disk nobody could go on from them. */
  #choose(error: unknown): "abort" | "keep-parts" {
    if (this.#task.keepParts) return "keep-parts";
    if (this.#memory === undefined) return "abort";
    // The process that took over sends to the same multipart uploads.
    if (!this.#memory.store.isOurs()) return "keep-parts";
    if (!this.#memory.store.isKept) return "abort";
    if (this.#memory.kind === "file") return "keep-parts";
    return this.#task.judge(error) === "passing" ? "keep-parts" : "abort";
  }

  async #save(checkpoint: Checkpoint): Promise<void> {
    this.#seen = [checkpoint.source, checkpoint.cover];
    const { news } = this.#task;
    try {
      await this.#memory?.store.save(checkpoint);
      news.checkpoint(checkpoint);
    } catch (error) {
      // Who asked for a checkpoint must have it, and so must a batch; others ask for the upload, full disk or not.
      if (this.#memory?.kind !== "default" || isLost(error)) throw error;
      if (this.#cannotSave) return;
      this.#cannotSave = true;
      // What the error says of --checkpoint is about another place.
      const cause = error instanceof CheckpointError ? (error.cause ?? error) : error;
      const why = placeProblem(this.#memory.place, cause, otherState);
      news.warning({ code: "NO_STATE", message: `this upload may not be resumable: ${why}` });
    }
  }

  /** @returns whether nothing is left, as far as anybody can tell */
  async #discard(found: unknown): Promise<boolean> {
    if (this.#memory?.store.isOurs() === false) return false;
    const { client, signal } = this.#task;
    const failed = await client.discard(found as Checkpoint, { signal }).catch(() => {
      return signal.aborted ? { removed: false, reason: "stopped before it was done" } : undefined;
    });
    if (failed === undefined || failed.removed) return failed !== undefined;
    const message = `what an earlier run sent of ${shownSource(this.#source)} could not be removed: ${failed.reason}`;
    this.#task.news.warning({ code: "CLEAN_UP_FAILED", message });
    return false;
  }
}

/** Whether another vodup has taken the upload over meanwhile. */
export function isLost(error: unknown): boolean {
  return error instanceof CheckpointError && error.code === "CHECKPOINT_LOCKED";
}

/** Whether CommitUpload was sent, or was about to be. */
function mayBeCommitted(found: unknown): found is Checkpoint {
  const state = typeof found === "object" && found !== null ? (found as Partial<Checkpoint>).state : undefined;
  return state === "committing" || state === "committed";
}

function isMissingSource(error: unknown): boolean {
  return error instanceof SourceError && error.code === "SOURCE_NOT_FOUND";
}
