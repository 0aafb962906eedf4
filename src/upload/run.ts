import type { RetryEvent } from "../http/retry.ts";
import type { UploadEnvironment } from "./environment.ts";
import type { CommitResult } from "./session/commit.ts";
import type { Warning } from "./warning.ts";
import type { SessionIdentity, UploadSession } from "./session/apply.ts";
import type { UploadObject } from "./objects.ts";
import type { SourceIdentity } from "./source/source.ts";
import type { UploadResult } from "./state/result.ts";
import type { OpenUpload } from "./transfer/job.ts";
import { performance } from "node:perf_hooks";
import { CheckpointError, VodupError, attachCheckpoint } from "../errors.ts";
import type { Stage } from "../errors.ts";
import { publishUpload, withinUpload } from "../http/diagnostics.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { checkSameFiles, checkSameUpload, plainFields } from "./state/checkpoint.ts";
import { abortUploads, findLost } from "./clean-up.ts";
import { transferContext, type RunOptions } from "./context.ts";
import { abortLimits, endsWithin, failureLimits } from "../http/abort.ts";
import { commitUpload } from "./session/commit.ts";
import { deliverObjects } from "./deliver.ts";
import { movedKeys } from "./recheck.ts";
import { ProgressMeter } from "./progress.ts";
import { applyUpload, hasOwnKeys } from "./session/apply.ts";
import { treeFiles, uploadObjects } from "./objects.ts";
import { mediaBytes, type ReadyUpload } from "./ready.ts";
import { UploadState } from "./state/upload-state.ts";
import { findUnnamed } from "./state/resume.ts";
import { reasonOf } from "../reason-of.ts";

/** Milliseconds that a media which exists is withheld for the checkpoint that says so. */
const committedMs = 30_000;

let uploads = 0;

type Stored = NonNullable<ReturnType<UploadState["stored"]>>;

/** One upload over open sources: apply → transfer → commit (wire §9.1). The only place that knows both services. */
export class UploadRun {
  readonly #environment: UploadEnvironment;
  readonly #options: RunOptions;
  readonly #ready: ReadyUpload;
  readonly #state: UploadState;
  readonly #progress: ProgressMeter;
  readonly #signal: AbortSignal;
  readonly #number: number = (uploads += 1);
  readonly #started: number = performance.now();
  readonly #onRetry = (event: RetryEvent): void => {
    this.#retries += 1;
    this.#options.handlers.onRetry(event);
  };
  #retries: number;
  #resumedParts = 0;
  #stage: Stage = "apply";

  /** @throws CheckpointError `CHECKPOINT_MISMATCH` when the checkpoint is another upload's */
  constructor(environment: UploadEnvironment, options: RunOptions, ready: ReadyUpload) {
    const { media, cover, fields } = ready;
    this.#environment = environment;
    this.#options = options;
    this.#ready = ready;
    this.#retries = ready.retries;
    this.#signal = options.signal;
    this.#progress = new ProgressMeter(media.label, options.onProgress);
    const identity = {
      endpoint: environment.endpoint,
      source: media.identity,
      cover: cover?.identity,
      fields,
    };
    const { checkpoint } = options;
    if (checkpoint !== undefined) {
      checkSameUpload(checkpoint, { ...identity, fields: plainFields(fields) });
      if (checkpoint.state === "uploading") checkSameFiles(checkpoint, this.#treeFiles(checkpoint.session));
    }
    this.#state = new UploadState(identity, options.onCheckpoint, checkpoint, this.#signal);
    // An earlier run has sent CommitUpload.
    if (this.#state.is("committing", "committed")) options.handlers.commitBegins();
  }

  run(): Promise<UploadResult> {
    return withinUpload(this.#number, () => this.#run());
  }

  async #run(): Promise<UploadResult> {
    this.#publish("start");
    try {
      const result = await this.#runStages();
      this.#publish("done", { fileId: result.fileId });
      return result;
    } catch (error) {
      this.#options.handlers.failed();
      if (error instanceof VodupError) error.stage ??= this.#stage;
      this.#publish("error", { code: error instanceof VodupError ? error.code : "ABORTED" });
      await this.#cleanUp(error);
      throw error;
    }
  }

  async #runStages(): Promise<UploadResult> {
    if (this.#state.is("uploading")) this.#expectSources();
    this.#progress.enter("apply");
    if (!this.#state.is("uploading")) this.#countStored();
    const resumed = this.#state.session;
    if (resumed !== undefined && this.#state.result !== undefined)
      return this.#finish(this.#stored(resumed), this.#state.result);
    for (let session = resumed ?? (await this.#apply()), restarted = false; ; restarted = true) {
      try {
        if (this.#state.is("uploading")) await this.#transfer(session);
        return await this.#commit(session);
      } catch (error) {
        if (restarted || !this.#mayRestart(error)) throw resumed === undefined ? error : this.#afterResume(error);
        this.#warn(
          "RESTARTED",
          `${this.#ready.media.label}: the certificate expired; all of it is sent again in a new session`,
        );
        // A caller whose checkpoint is another process's by now says so here, before what that one sends to is removed.
        await this.#state.save();
        await abortUploads(this.#environment, session, this.#state.openUploads(), this.#options.ending);
        session = await this.#apply();
      }
    }
  }

  /** Expects what the sources have, before the session says which objects they become. */
  #expectSources(): void {
    for (const { size, plan } of this.#ready.waves.flat()) this.#progress.expect(size, plan?.partCount);
  }

  /** Counts what an earlier run had brought, where none of it is looked at again. */
  #countStored(): void {
    for (const { size, parts } of this.#state.wholes) {
      this.#progress.expect(size, parts);
      this.#progress.resumed(this.#ready.media.label, size, parts);
    }
  }

  async #apply(): Promise<UploadSession> {
    this.#enter("apply");
    const { api, wire } = this.#environment;
    const now = (): number => wire.clock.told() ?? wire.clock.now();
    const { fields, cover } = this.#ready;
    const session = await applyUpload(api, fields, cover !== undefined, now, this.#signal, this.#onRetry);
    await this.#state.begin(session, this.#treeFiles(session));
    return session;
  }

  async #transfer(session: UploadSession): Promise<void> {
    this.#enter("transfer");
    const context = transferContext(this.#environment, this.#options, this.#ready, {
      session,
      progress: this.#progress,
      onRetry: this.#onRetry,
      renewed: (certificate, receivedAt) => this.#state.renewed(certificate, receivedAt),
    });
    const waves = this.#objects(session);
    const objects = waves.flat();
    this.#state.expectObjects(objects.length);
    this.#progress.reset();
    for (const { size, plan } of objects) this.#progress.expect(size, plan?.partCount);
    // In the session of an earlier run, which may have been killed before it had the id of an upload, or wrote it down.
    if (session === this.#options.checkpoint?.session) await findUnnamed(context, this.#state, objects);
    const moved = movedKeys(this.#options.checkpoint, this.#ready, objects);
    for (const wave of waves) {
      await deliverObjects(
        context,
        this.#state,
        wave,
        (parts) => {
          this.#resumedParts += parts;
        },
        moved,
      );
    }
    const { tree } = this.#ready;
    // Like the readers of manifests it is loaded where there is one.
    if (tree !== undefined)
      await (await import("./recheck-tree.ts")).checkTree(tree, objects, this.#state, this.#signal);
    await this.#state.enter("transferred");
  }

  #treeFiles(session: SessionIdentity): Map<string, SourceIdentity> {
    return this.#ready.tree === undefined ? new Map() : treeFiles(this.#objects(session));
  }

  #objects(session: SessionIdentity): UploadObject[][] {
    return uploadObjects(session, this.#ready);
  }

  async #commit(session: UploadSession): Promise<UploadResult> {
    this.#enter("commit");
    this.#progress.enter("commit", this.#ready.media.label);
    const repeated = this.#state.is("committing");
    // Nothing that could be known before the commit may fail after it.
    const stored = this.#stored(session);
    await this.#state.enter("committing");
    this.#options.handlers.commitBegins();
    const result = await commitUpload({
      api: this.#environment.api,
      session,
      subAppId: parseSubAppId("subAppId", this.#options.subAppId),
      repeated,
      resumable: this.#keepsCheckpoint(),
      signal: this.#signal,
      onRetry: this.#onRetry,
    });
    try {
      if (!(await endsWithin(committedMs, this.#state.committed(result))))
        throw new Error(`it was not written within ${committedMs / 1000} s`);
    } catch (error) {
      // The media exists: to report a failure now would make the caller upload it again.
      const why = reasonOf(error);
      this.#warn(
        "CHECKPOINT_FAILED",
        `${this.#ready.media.label} is committed, but its checkpoint does not say so: ${why}`,
      );
    }
    return this.#finish(stored, result);
  }

  #finish(stored: Stored, result: CommitResult): UploadResult {
    this.#progress.enter("done", this.#ready.media.label);
    const durationMs = Math.round(performance.now() - this.#started);
    const transfer = { ...stored, retries: this.#retries, durationMs, resumedParts: this.#resumedParts };
    return { ...result, transfer };
  }

  #stored(session: UploadSession): Stored {
    const stored = this.#state.stored(session);
    if (stored !== undefined) return stored;
    throw new CheckpointError("CHECKPOINT_INVALID", "the checkpoint does not hold the media's object", {
      field: "objects",
    });
  }

  #mayRestart(error: unknown): boolean {
    const { media, cover } = this.#ready;
    const replayable = media.kind === "ranged" && cover?.kind !== "stream";
    const expired = error instanceof VodupError && error.code === "CERTIFICATE_EXPIRED";
    return expired && replayable && this.#options.sessionRefresh === "restart";
  }

  /**
   * What ends a resumed upload before it moved because its session is too old is the checkpoint's fault: a fresh start
   * helps.
   */
  #afterResume(error: unknown): unknown {
    if (!(error instanceof VodupError) || error.code !== "CERTIFICATE_EXPIRED" || this.#resumedParts > 0) return error;
    return new CheckpointError(
      "CHECKPOINT_EXPIRED",
      "the checkpoint's certificate has expired and could not be renewed; start without it to upload from the beginning",
      { field: "session.certificate" },
      { cause: error },
    );
  }

  #keepsCheckpoint(): boolean {
    return (this.#options.checkpoint ?? this.#options.onCheckpoint) !== undefined;
  }

  /** Removes or keeps what was sent, as the caller chose. */
  async #cleanUp(error: unknown): Promise<void> {
    const { handlers, ending } = this.#options;
    await this.#state.settle(ending);
    const { session } = this.#state;
    const lost = await this.#findLost(session);
    const byDefault = this.#keepsCheckpoint() ? "keep-parts" : "abort";
    // Asked after the list: what another process opens that has taken over by now is not in it.
    const choice = handlers.choose(error, byDefault);
    if (session === undefined) return;
    // After the transfer there is nothing to remove, and only the checkpoint can repeat the commit without sending all
    // again.
    if (choice === "keep-parts" || !this.#state.is("uploading")) {
      await this.#state.flush(ending);
      if (error instanceof VodupError) attachCheckpoint(error, this.#state.snapshot());
      return;
    }
    const failed = await abortUploads(this.#environment, session, [...this.#state.openUploads(), ...lost], ending);
    if (failed !== undefined)
      this.#warn("CLEAN_UP_FAILED", `what was sent of ${this.#ready.media.label} could not be removed: ${failed}`);
  }

  /** Looks for multipart uploads of a failed run whose ids never came. */
  async #findLost(session: UploadSession | undefined): Promise<readonly OpenUpload[]> {
    const keys = this.#state.lostKeys;
    if (session === undefined || keys.length === 0 || !hasOwnKeys(this.#ready.fields)) return [];
    const { lostMs } = this.#signal.aborted ? abortLimits : failureLimits;
    const found = await findLost(this.#environment, session, keys, lostMs, this.#options.ending);
    const known = new Set(this.#state.openUploads().map(({ uploadId }) => uploadId));
    return found.filter(({ uploadId }) => !known.has(uploadId));
  }

  #enter(stage: Stage): void {
    this.#stage = stage;
    this.#publish(stage);
  }

  #warn(code: Warning["code"], message: string): void {
    this.#options.handlers.onWarning({ code, message });
  }

  #publish(phase: Stage | "start" | "done" | "error", more: { fileId?: string; code?: string } = {}): void {
    publishUpload(() => ({
      uploadNumber: this.#number,
      phase,
      source: this.#ready.media.label,
      totalBytes: mediaBytes(this.#ready),
      durationMs: performance.now() - this.#started,
      ...more,
    }));
  }
}
