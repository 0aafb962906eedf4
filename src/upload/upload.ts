import type { Credentials } from "../credentials.ts";
import type { CosCredentials } from "./request.ts";
import type { Checkpoint, SourceIdentity } from "./checkpoint.ts";
import type { UploadEnvironment } from "./environment.ts";
import type { ObjectJob, TransferContext } from "./object-transfer.ts";
import type { ApplyFields, UploadOptions, Warning } from "./options.ts";
import type { UploadSession } from "./session.ts";
import type { OpenedSource, UploadSource } from "./source.ts";
import pLimit from "p-limit";
import { CheckpointError, CosError, VodupError, attachCheckpoint } from "../errors.ts";
import { CosClient } from "../cos/client.ts";
import { toKey } from "../cos/key.ts";
import { publishUpload } from "../http/diagnostics.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { applyFields } from "./apply-fields.ts";
import { CertificateKeeper } from "./certificate.ts";
import { checkCheckpoint, checkSameUpload, plainFields } from "./checkpoint.ts";
import { commitUpload } from "./commit.ts";
import { contentTypeOf, extensionOf } from "./media-type.ts";
import { transferObject } from "./object-transfer.ts";
import { checkOptions } from "./options.ts";
import { planTransfer } from "./part-plan.ts";
import { ProgressMeter } from "./progress.ts";
import { requestingWith } from "./request.ts";
import { resumeObject } from "./resume.ts";
import { applyUpload, checkRefreshed, renewBySessionKey } from "./session.ts";
import { openSource } from "./source.ts";
import { UploadState } from "./upload-state.ts";

export interface UploadResult {
  readonly fileId: string;
  readonly mediaUrl: string;
  readonly coverUrl?: string | undefined;
  /** Of CommitUpload. */
  readonly requestId: string;
  readonly transfer: {
    /** Of the media; for HLS and DASH of the manifest and all segments. */
    readonly bytes: number;
    /** Of the media object; 1 when it went in one PUT. */
    readonly parts: number;
    /** Repeated requests of the whole upload. */
    readonly retries: number;
    /** CRC-64/XZ of the media object, as unsigned decimal. */
    readonly crc64: string;
    /** What the stored object was compared by. */
    readonly verified: "crc64" | "size";
    readonly durationMs: number;
    /** Parts that an earlier run had sent. */
    readonly resumedParts: number;
  };
}

/** Milliseconds that removing an unfinished multipart upload may take after a failure. */
const cleanUpLimitMs = 5_000;

let uploads = 0;

/**
 * One upload from beginning to end: apply → transfer → commit. The only place that knows both services.
 * @throws every class of errors.ts, TypeError/RangeError for bad options, or the signal's own reason
 */
export async function runUpload(
  environment: UploadEnvironment,
  input: UploadSource,
  options: UploadOptions,
): Promise<UploadResult> {
  const now = (): number => environment.wire.clock.now();
  checkOptions(options, now());
  if (options.checkpoint !== undefined) checkCheckpoint(options.checkpoint);
  options.signal?.throwIfAborted();
  const media = await openSource("source", input, options.size, environment.lanes);
  const opened: OpenedSource[] = [media];
  try {
    const cover =
      options.cover === undefined ? undefined : await openSource("cover", options.cover, undefined, environment.lanes);
    if (cover !== undefined) opened.push(cover);
    const fields = applyFields(options, media.fileName, cover, now());
    return await new Upload(environment, options, media, cover, fields).run();
  } finally {
    for (const source of opened) await source.close();
  }
}

class Upload {
  readonly #environment: UploadEnvironment;
  readonly #options: UploadOptions;
  readonly #media: OpenedSource;
  readonly #cover: OpenedSource | undefined;
  readonly #fields: ApplyFields;
  readonly #state: UploadState;
  readonly #progress: ProgressMeter;
  readonly #signal: AbortSignal;
  readonly #number = (uploads += 1);
  readonly #started = performance.now();
  #retries = 0;
  #resumedParts = 0;
  #stage: "apply" | "transfer" | "commit" = "apply";

  constructor(
    environment: UploadEnvironment,
    options: UploadOptions,
    media: OpenedSource,
    cover: OpenedSource | undefined,
    fields: ApplyFields,
  ) {
    this.#environment = environment;
    this.#options = options;
    this.#media = media;
    this.#cover = cover;
    this.#fields = fields;
    this.#signal = options.signal ?? new AbortController().signal;
    this.#progress = new ProgressMeter(media.label, options.onProgress);
    const identity = {
      endpoint: environment.endpoint,
      source: identify(media),
      cover: cover && identify(cover),
      fields,
    };
    if (options.checkpoint !== undefined)
      checkSameUpload(options.checkpoint, { ...identity, fields: plainFields(fields) });
    this.#state = new UploadState(identity, options.onCheckpoint, options.checkpoint);
  }

  async run(): Promise<UploadResult> {
    this.#publish("start");
    try {
      const result = await this.#runStages();
      this.#publish("done", { fileId: result.fileId });
      return result;
    } catch (error) {
      await this.#cleanUp(error);
      this.#publish("error", { code: error instanceof VodupError ? error.code : "ABORTED" });
      throw this.#describe(error);
    }
  }

  async #runStages(): Promise<UploadResult> {
    if (this.#state.result !== undefined) return this.#finish(this.#state.result, mediaKeyOf(this.#state.session));
    this.#progress.enter("apply");
    const resumed = this.#state.session !== undefined;
    for (let restarted = false; ; restarted = true) {
      if (this.#state.session === undefined || restarted) await this.#apply();
      const session = this.#state.session as UploadSession;
      try {
        if (this.#state.phase === "uploading") await this.#transfer(session);
        return await this.#commit(session);
      } catch (error) {
        if (!this.#mayRestart(error, restarted)) throw this.#afterResume(error, resumed);
        this.#warn(
          "RESTARTED",
          `${this.#media.label}: the certificate expired; everything is sent again in a new session`,
        );
        await this.#abortUploads();
      }
    }
  }

  async #apply(): Promise<void> {
    this.#enter("apply");
    const { api, wire } = this.#environment;
    const now = (): number => wire.clock.now();
    const onRetry = this.#counting("ApplyUpload");
    await this.#state.begin(
      await applyUpload(api, this.#fields, this.#cover !== undefined, now, this.#signal, onRetry),
    );
  }

  async #transfer(session: UploadSession): Promise<void> {
    this.#enter("transfer");
    const context = this.#context(session);
    const jobs = this.#jobs(session);
    for (const { source } of jobs) this.#expect(source, context.partSize);
    for (const { key, file, source, contentType } of jobs) {
      const finished = this.#state.finished(key);
      this.#resumedParts += finished?.parts ?? (await resumeObject(context, this.#state, key, source));
      const whole = this.#state.finished(key);
      if (whole !== undefined) {
        this.#progress.resumed(file, whole.size);
        continue;
      }
      const record = this.#state.record(key);
      const object = await transferObject(context, { source, file, key, contentType, record });
      await this.#state.finish(key, object);
    }
    await this.#state.enter("transferred");
  }

  #jobs(session: UploadSession): Omit<ObjectJob, "record">[] {
    const job = (source: OpenedSource, path: string): Omit<ObjectJob, "record"> => ({
      source,
      file: source.label,
      key: toKey(path),
      contentType: contentTypeOf(extensionOf(path)),
    });
    const jobs = [job(this.#media, session.mediaStoragePath)];
    if (this.#cover !== undefined) jobs.push(job(this.#cover, session.coverStoragePath ?? ""));
    return jobs;
  }

  #context(session: UploadSession): TransferContext {
    const { wire, budget, cosEndpoint, defaults } = this.#environment;
    const keys = this.#keys(session);
    const concurrency = this.#options.concurrency ?? defaults.concurrency;
    const limit = pLimit(concurrency === "auto" ? 8 : concurrency);
    this.#progress.concurrency = limit.concurrency;
    const cos = new CosClient(
      { bucket: session.bucket, region: session.region, credentials: async () => keys.get(), cosEndpoint },
      wire,
    );
    return {
      cos,
      budget,
      limit,
      partSize: this.#options.partSize ?? defaults.partSize,
      requireCrc64: this.#options.requireCrc64 ?? false,
      progress: this.#progress,
      signal: this.#signal,
      requesting: (signal) => requestingWith(wire, keys, signal, (event) => this.#counting(event.operation)(event)),
    };
  }

  /** Where the transfer's keys come from: the session's certificate, or the caller's own key where there is none. */
  #keys(session: UploadSession): CosCredentials {
    const { wire, credentials } = this.#environment;
    if (session.certificate === undefined) {
      return {
        get: () => credentials.get(),
        refused: async (used: Credentials) => credentials.invalidate(used),
        isOld: () => false,
      };
    }
    return new CertificateKeeper(
      session.certificate,
      session.receivedAt,
      () => wire.clock.now(),
      async () => {
        const certificate = await this.#renew(session);
        await this.#state.renewed(certificate, wire.clock.now());
        return certificate;
      },
    );
  }

  async #renew(session: UploadSession) {
    const strategy = this.#options.sessionRefresh ?? "vod-session-key";
    const { api, wire } = this.#environment;
    if (typeof strategy === "function") return checkRefreshed(await strategy(identityOf(session)));
    if (strategy === "vod-session-key") return renewBySessionKey(api, this.#fields, session, () => wire.clock.now());
    throw new VodupError("CERTIFICATE_EXPIRED", `sessionRefresh is "${strategy}"`);
  }

  async #commit(session: UploadSession): Promise<UploadResult> {
    this.#enter("commit");
    this.#progress.enter("commit", this.#media.label);
    const repeated = this.#state.phase === "committing";
    await this.#state.enter("committing");
    const result = await commitUpload({
      api: this.#environment.api,
      session,
      subAppId: parseSubAppId("subAppId", this.#options.subAppId),
      repeated,
      signal: this.#signal,
      onRetry: this.#counting("CommitUpload"),
    });
    await this.#state.committed(result);
    return this.#finish(result, mediaKeyOf(session));
  }

  #finish(result: NonNullable<UploadState["result"]>, key: string): UploadResult {
    const media = this.#state.finished(key);
    if (media === undefined)
      throw new CheckpointError("CHECKPOINT_INVALID", `the checkpoint has no object ${key}`, { field: "objects" });
    this.#progress.enter("done", this.#media.label);
    return {
      ...result,
      transfer: {
        bytes: media.size,
        parts: media.parts,
        retries: this.#retries,
        crc64: media.crc64,
        verified: media.verified,
        durationMs: Math.round(performance.now() - this.#started),
        resumedParts: this.#resumedParts,
      },
    };
  }

  #expect(source: OpenedSource, partSize: number | "auto"): void {
    const size = source.size;
    this.#progress.expect(size, size === undefined ? undefined : planTransfer(size, partSize).partCount);
  }

  #mayRestart(error: unknown, restarted: boolean): boolean {
    if (restarted || this.#options.sessionRefresh !== "restart") return false;
    const replayable = this.#media.kind === "ranged" && this.#cover?.kind !== "stream";
    return replayable && error instanceof VodupError && error.code === "CERTIFICATE_EXPIRED";
  }

  /** What ends a resumed upload because its session is too old is the checkpoint's fault, and a fresh start helps. */
  #afterResume(error: unknown, resumed: boolean): unknown {
    if (!resumed || this.#resumedParts > 0 || !(error instanceof VodupError)) return error;
    if (error.code !== "CERTIFICATE_EXPIRED" || this.#state.phase !== "uploading") return error;
    return new CheckpointError(
      "CHECKPOINT_EXPIRED",
      "the checkpoint's certificate has expired and could not be renewed; start without it to upload afresh",
      { field: "session.certificate" },
      { cause: error },
    );
  }

  async #cleanUp(error: unknown): Promise<void> {
    await this.#state.settle();
    const { onFailure, checkpoint, onCheckpoint } = this.#options;
    const byDefault = checkpoint === undefined && onCheckpoint === undefined ? "abort" : "keep-parts";
    const choice = typeof onFailure === "function" ? onFailure(error) : (onFailure ?? byDefault);
    if (choice === "abort") await this.#abortUploads();
    else if (error instanceof VodupError && this.#state.session !== undefined)
      attachCheckpoint(error, this.#state.snapshot());
  }

  /** Removes what was sent of unfinished uploads: it would be stored, and billed, for ever. */
  async #abortUploads(): Promise<void> {
    const { session } = this.#state;
    const open = this.#state.openUploads();
    if (session === undefined || open.length === 0) return;
    const { cosEndpoint, wire, credentials } = this.#environment;
    const own = async (): Promise<Credentials> => session.certificate ?? credentials.get();
    const cos = new CosClient({ bucket: session.bucket, region: session.region, credentials: own, cosEndpoint }, wire);
    const signal = AbortSignal.timeout(cleanUpLimitMs);
    const keys: CosCredentials = { get: own, refused: async () => false, isOld: () => false };
    const requesting = requestingWith(wire, keys, signal, () => undefined);
    for (const { key, uploadId } of open) {
      await requesting("AbortMultipartUpload", (options) => cos.abortMultipartUpload(key, uploadId, options)).catch(
        (failure: unknown) => {
          const why = failure instanceof CosError ? failure.cosCode : "no answer";
          this.#warn("CLEAN_UP_FAILED", `the unfinished upload of ${this.#media.label} could not be removed: ${why}`);
        },
      );
    }
  }

  #describe(error: unknown): unknown {
    if (error instanceof VodupError) error.stage ??= this.#stage;
    return error;
  }

  #enter(stage: "apply" | "transfer" | "commit"): void {
    this.#stage = stage;
    this.#publish(stage);
  }

  #counting(operation: string): (event: { attempt: number; delayMs: number; error: unknown }) => void {
    return (event) => {
      this.#retries += 1;
      this.#options.onRetry?.({ ...event, operation });
    };
  }

  #warn(code: Warning["code"], message: string): void {
    this.#options.onWarning?.({ code, message });
  }

  #publish(
    phase: "start" | "apply" | "transfer" | "commit" | "done" | "error",
    more: { fileId?: string; code?: string } = {},
  ): void {
    const durationMs = performance.now() - this.#started;
    publishUpload({
      uploadNumber: this.#number,
      phase,
      source: this.#media.label,
      totalBytes: this.#media.size,
      durationMs,
      ...more,
    });
  }
}

function identify(source: OpenedSource): SourceIdentity {
  if (source.kind === "stream") return { kind: "stream", size: source.size, modified: "" };
  const { fingerprint, size } = source;
  return fingerprint ?? { kind: "bytes", size, modified: "" };
}

function identityOf({ bucket, region, mediaStoragePath, coverStoragePath, vodSessionKey }: UploadSession) {
  return { bucket, region, mediaStoragePath, coverStoragePath, vodSessionKey };
}

function mediaKeyOf(session: UploadSession | undefined): string {
  return session === undefined ? "" : toKey(session.mediaStoragePath);
}

export type { Checkpoint };
