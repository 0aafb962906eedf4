import type { PulledEvents, PullEventsOptions } from "./events/pull.ts";
import type { DeleteMediaOptions, DescribeMediaOptions } from "./tasks/media.ts";
import type { TaskCallOptions } from "./tasks/options.ts";
import type { ProcessOptions, ProcessResult } from "./tasks/process-by-procedure.ts";
import type { PullOptions, PullResult } from "./tasks/pull-upload.ts";
import type { OpenStorageRegionOptions, StorageRegion } from "./tasks/storage-regions.ts";
import type { TaskState } from "./tasks/task-state.ts";
import type { WaitForProcedureOptions } from "./tasks/wait-for-procedure.ts";
import type { WaitForTaskOptions } from "./tasks/wait-for-task.ts";
import type { UploadedMedia, WaitForUploadOptions } from "./tasks/wait-for-upload.ts";
import type { Checkpoint } from "./upload/state/checkpoint.ts";
import type { DiscardOptions, Discarded } from "./upload/clean-up.ts";
import type { SettleOptions } from "./upload/state/settle.ts";
import type { UploadEnvironment } from "./upload/environment.ts";
import type { UploadOptions } from "./upload/options.ts";
import type { UploadSource } from "./upload/source/source.ts";
import type { UploadPlan } from "./upload/plan.ts";
import type { UploadResult } from "./upload/state/result.ts";
import type { CallOptions, UntypedParams, VodApiOptions } from "./vod-api/client.ts";
import type { VodAction, VodActions } from "./vod-api/actions.ts";
import type { MediaInfo } from "./vod-api/types-media-actions.ts";
import { VodupError } from "./errors.ts";
import { CredentialSource } from "./credentials/source.ts";
import { defaultCosEndpoint, parseCosEndpoint } from "./cos/endpoint.ts";
import { pullEvents } from "./events/pull.ts";
import { Wire } from "./http/wire.ts";
import { LanePool } from "./upload/buffers/lane-pool.ts";
import { MemoryBudget, readMemoryBudget } from "./upload/buffers/budget.ts";
import { checkConcurrency, checkPartSize, uploadOptionNames } from "./upload/options.ts";
import { handOver } from "./upload/source/hand-over.ts";
import { refuseUnknown } from "./unknown-options.ts";
import { VodApi, vodApiOptionNames } from "./vod-api/client.ts";
import { vodOrigin } from "./vod-api/endpoint.ts";

/** README has these as a table. Only `credentials` is needed. */
export interface VodClientOptions extends VodApiOptions {
  /**
   * A template with `{bucket}` and `{region}`, or one origin.
   * @defaultValue "https://{bucket}.cos.{region}.myqcloud.com"
   */
  readonly cosEndpoint?: string | undefined;
  /** Parts in flight for each upload, 1 to 100. @defaultValue "auto" */
  readonly concurrency?: number | "auto" | undefined;
  /** Bytes, 1 MiB to 5 GiB. @defaultValue "auto" */
  readonly partSize?: number | "auto" | undefined;
  /** Bytes that all uploads of this client may buffer together, 1 MiB and more. @defaultValue 268435456 (256 MiB) */
  readonly memoryBudget?: number | undefined;
}

/** By name, see refuseUnknown. */
const clientOptionNames = {
  ...vodApiOptionNames,
  cosEndpoint: true,
  concurrency: true,
  partSize: true,
  memoryBudget: true,
} satisfies Record<keyof VodClientOptions, true>;

/**
 * Uploads to Tencent Cloud VOD. Make one for a process: it owns the sockets, the credentials, the retry policy and the
 * memory that all its uploads share.
 *
 * @example
 * const vod = new VodClient({ credentials: { secretId, secretKey }, subAppId: 1500000001 });
 * const { fileId } = await vod.upload("lesson.mp4", { cover: "lesson.jpg" });
 * await vod.close();
 */
export class VodClient {
  readonly #wire: Wire;
  readonly #environment: UploadEnvironment;
  /** Where uploads go: what makes two uploads of a file two media. */
  readonly destination: Readonly<Record<"site" | "vodEndpoint" | "subAppId", string | null>>;
  readonly #running = new Set<Promise<unknown>>();
  readonly #loops = new Set<PulledEvents>();
  #closed = false;

  /** @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE` naming the option */
  constructor(options: VodClientOptions) {
    refuseUnknown("", options, clientOptionNames);
    const memoryBudget = readMemoryBudget(options.memoryBudget);
    checkConcurrency(options.concurrency);
    checkPartSize(options.partSize);
    const cosEndpoint = options.cosEndpoint ?? defaultCosEndpoint;
    parseCosEndpoint(cosEndpoint);
    const { site = "intl", vodEndpoint = null, subAppId } = options;
    this.destination = { site, vodEndpoint, subAppId: subAppId === undefined ? null : String(subAppId) };
    this.#wire = new Wire(options);
    const credentials = new CredentialSource(options.credentials, () => this.#wire.clock.now());
    const budget = new MemoryBudget(memoryBudget);
    this.#environment = {
      api: new VodApi(options, this.#wire, credentials),
      wire: this.#wire,
      credentials,
      budget,
      lanes: new LanePool(budget),
      cosEndpoint,
      endpoint: { vod: vodOrigin(options.site, options.vodEndpoint), cos: cosEndpoint },
      defaults: {
        concurrency: options.concurrency ?? "auto",
        partSize: options.partSize ?? "auto",
        subAppId: options.subAppId,
      },
    };
  }

  /**
   * Uploads one media, with its cover, and commits it.
   *
   * @param source a path or file: URL, bytes, a Blob, a stream or an async iterable of bytes
   * @returns when the media exists and its bytes were compared with what was sent
   * @throws VodupError and its subclasses (docs/errors.md); TypeError or RangeError for a caller's mistake, before
   * anything is sent; after an abort the signal's own `reason`, once cleaning up has ended
   * @see the server upload guide, https://www.tencentcloud.com/document/product/266/33912
   */
  async upload(source: UploadSource, options: UploadOptions = {}): Promise<UploadResult> {
    return this.#takeOver(source, options, async (taken) => {
      const { runUpload } = await import("./upload/upload.ts");
      return runUpload(this.#environment, source, taken);
    });
  }

  /**
   * Checks a source and its options as `upload` does, and says what it would send; sends nothing.
   * @throws as `upload` does before it sends anything
   */
  async plan(source: UploadSource, options: UploadOptions = {}): Promise<UploadPlan> {
    return this.#takeOver(source, options, async (taken) => {
      const { planUpload } = await import("./upload/plan.ts");
      return planUpload(this.#environment, source, taken);
    });
  }

  /**
   * Reports the result of an upload in state `committing` or `committed`: repeats that commit, without a source.
   * @throws CommitUncertainError; CheckpointError; TypeError for a checkpoint in another state
   */
  async settle(checkpoint: Checkpoint, options: SettleOptions = {}): Promise<UploadResult> {
    return this.#track(async () =>
      (await import("./upload/state/settle.ts")).settleUpload(this.#environment, checkpoint, options),
    );
  }

  /**
   * Removes what the unfinished upload of a checkpoint has sent; for checkpoints that nobody will go on from.
   * @returns whether all of it is gone; a certificate that has expired cannot remove anything
   * @throws CheckpointError `CHECKPOINT_INVALID`; after an abort the signal's own `reason`
   */
  async discard(checkpoint: Checkpoint, options: DiscardOptions = {}): Promise<Discarded> {
    return this.#track(async () => {
      const { discardUpload } = await import("./upload/clean-up.ts");
      return discardUpload(this.#environment, checkpoint, options);
    });
  }

  /**
   * Calls any action of the VOD API with this client's credentials, endpoint and SubAppId.
   * @throws VodApiError, NetworkError
   */
  call<A extends VodAction>(
    action: A,
    params: VodActions[A]["request"],
    options?: CallOptions,
  ): Promise<VodActions[A]["response"] & { readonly RequestId: string }>;
  call<A extends string>(
    action: A extends VodAction ? never : A,
    params?: UntypedParams,
    options?: CallOptions,
  ): Promise<Record<string, unknown>>;
  async call(action: string, params: object = {}, options: CallOptions = {}): Promise<unknown> {
    return this.#track(() => this.#environment.api.call(action as "ApplyUpload", params as never, options));
  }

  /**
   * Has the service download a media by itself; with `wait`, until it is stored. One client starts at most 5 a second.
   * @param url http(s), reachable from the internet; no error or log repeats its user, password or query
   * @throws VodApiError, NetworkError; with `wait` also TaskFailedError `TASK_FAILED`, VodupError `TIMEOUT`
   */
  async pull(url: string | URL, options: PullOptions = {}): Promise<PullResult> {
    return this.#onApi(async (api) => (await import("./tasks/pull-upload.ts")).pullUpload(api, url, options));
  }

  /**
   * Waits until a media can be found in the library. Takes no event from anybody who waits for NewFileUpload.
   * @throws VodupError `TIMEOUT` after `timeoutMs` (10 minutes); VodApiError
   */
  async waitForUpload(fileId: string, options: WaitForUploadOptions = {}): Promise<UploadedMedia> {
    return this.#onApi(async (api) => (await import("./tasks/wait-for-upload.ts")).waitForUpload(api, fileId, options));
  }

  /**
   * Waits until a task has ended, and answers it when every step of it succeeded: `FINISH` alone does not say so. The
   * service forgets tasks after 3 days.
   * @throws TaskFailedError `TASK_FAILED` with the steps that failed; VodupError `TIMEOUT`; VodApiError
   */
  async waitForTask(taskId: string, options: WaitForTaskOptions = {}): Promise<TaskState> {
    return this.#onApi(async (api) => (await import("./tasks/wait-for-task.ts")).waitForTask(api, taskId, options));
  }

  /**
   * Waits, as `waitForTask` does, for the task flow that an upload started by its option `procedure`.
   * @throws as `waitForTask`; `TIMEOUT` also when no task flow appears within `startTimeoutMs` (a minute)
   */
  async waitForProcedure(fileId: string, options: WaitForProcedureOptions = {}): Promise<TaskState> {
    return this.#onApi(async (api) =>
      (await import("./tasks/wait-for-procedure.ts")).waitForProcedure(api, fileId, options),
    );
  }

  /**
   * Asks about a task once: its state, progress and the steps that failed so far.
   * @throws VodApiError when there is none, or it is more than 3 days old
   */
  async describeTask(taskId: string, options: TaskCallOptions = {}): Promise<TaskState> {
    return this.#onApi(async (api) => (await import("./tasks/task-state.ts")).describeTask(api, taskId, options));
  }

  /**
   * Runs a task flow on a media that is stored already; `waitForTask` waits for its outcome.
   * @param target a FileId, or in applications of "FileID + Path" mode `{ mediaStoragePath }`
   * @param procedureName a template of the account's, or a preset such as `LongVideoPreset`
   * @throws VodApiError (`InvalidParameterValue.ProcedureName` for an unknown one), NetworkError
   */
  async processByProcedure(
    target: string | { readonly mediaStoragePath: string },
    procedureName: string,
    options: ProcessOptions = {},
  ): Promise<ProcessResult> {
    return this.#onApi(async (api) =>
      (await import("./tasks/process-by-procedure.ts")).processByProcedure(api, target, procedureName, options),
    );
  }

  /**
   * Looks a media up; undefined when the application has no such media.
   * @throws VodApiError, NetworkError
   */
  async describeMedia(fileId: string, options: DescribeMediaOptions = {}): Promise<MediaInfo | undefined> {
    return this.#onApi(async (api) => (await import("./tasks/media.ts")).describeMedia(api, fileId, options));
  }

  /**
   * Deletes a media with all that was derived from it, or only the `parts` named. Cannot be undone.
   * @throws VodApiError, NetworkError
   */
  async deleteMedia(fileId: string, options: DeleteMediaOptions = {}): Promise<void> {
    return this.#onApi(async (api) => (await import("./tasks/media.ts")).deleteMedia(api, fileId, options));
  }

  /**
   * The storage regions there are, and which of them are opened for the application.
   * @throws VodApiError, NetworkError
   */
  async storageRegions(options: TaskCallOptions = {}): Promise<StorageRegion[]> {
    return this.#onApi(async (api) => (await import("./tasks/storage-regions.ts")).storageRegions(api, options));
  }

  /**
   * Opens a storage region for the application and waits until uploads can name it (5 to 10 minutes). **It cannot be
   * closed again.** One that is open is left alone.
   * @returns whether it had to be opened
   * @throws TypeError `ERR_INVALID_ARG_VALUE` for a region that does not exist; VodupError `TIMEOUT`; VodApiError
   */
  async openStorageRegion(region: string, options: OpenStorageRegionOptions = {}): Promise<boolean> {
    return this.#onApi(async (api) =>
      (await import("./tasks/storage-regions.ts")).openStorageRegion(api, region, options),
    );
  }

  /**
   * A loop over the application's queue of events, in which each stays until its `confirm()`; whatever was not
   * confirmed within 30 s comes again. The delivery mode must be `PULL`. Ends by `break`, `stop()`, the signal,
   * `close`.
   * @throws VodupError `CLIENT_CLOSED`
   */
  pullEvents(options: PullEventsOptions = {}): PulledEvents {
    this.#checkOpen();
    return pullEvents(this.#environment.api, options, this.#loops);
  }

  /**
   * Waits for what is under way, then ends the sockets; loops over events are stopped first. Further calls fail with
   * `CLIENT_CLOSED`.
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const loop of this.#loops) loop.stop();
    await Promise.allSettled([...this.#running, ...[...this.#loops].map((loop) => loop.settled())]);
    await this.#wire.transport.close();
  }

  /** As `close`, for `await using vod = new VodClient(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #onApi<T>(work: (api: VodApi) => Promise<T>): Promise<T> {
    return this.#track(() => work(this.#environment.api));
  }

  #takeOver<T>(source: UploadSource, given: UploadOptions, work: (options: UploadOptions) => Promise<T>): Promise<T> {
    return handOver(source, given, uploadOptionNames, (options) => this.#track(() => work(options)));
  }

  #checkOpen(): void {
    if (this.#closed) throw new VodupError("CLIENT_CLOSED", "the client is closed; make a new one");
  }

  async #track<T>(work: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}
