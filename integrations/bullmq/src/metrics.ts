import type { Checkpoint, ProgressEvent, UploadOptions, VodClient } from "vodup";
import type { UploadQueue } from "./upload-queue.ts";
import type { UploadClient, UploadWorker } from "./upload-worker.ts";
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import { VodupError } from "vodup";
import { inTime } from "./in-time.ts";

export interface UploadMetricsOptions {
  /** Whose jobs are counted by state at each scrape. @defaultValue none: no `vodup_jobs` */
  readonly queue?: UploadQueue | undefined;
  /** Where the metrics are registered. @defaultValue one of its own, with those of the process */
  readonly register?: Registry | undefined;
}

/** Milliseconds that a scrape waits for Redis; without an answer it has no `vodup_jobs`. */
const scrapeLimitMs = 1_000;

/** What a worker counts, as OpenMetrics. No label holds a name, a path or an id: their number is bounded. */
export class UploadMetrics {
  readonly register: Registry;
  readonly #workers = new Set<UploadWorker>();
  readonly #ended: Counter<"outcome">;
  readonly #failures: Counter<"code">;
  readonly #bytes: Counter;
  readonly #retries: Counter<"operation">;
  readonly #renewals: Counter;
  readonly #commit: Histogram;
  readonly #stalled: Counter;
  readonly #locksLost: Counter;

  constructor({ queue, register }: UploadMetricsOptions = {}) {
    this.register = register ?? ownRegister();
    const registers = [this.register];
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []): Counter<Label> =>
      new Counter({ name, help, labelNames, registers });
    this.#ended = counter("vodup_worker_jobs", "Runs of jobs that ended in this worker.", ["outcome"]);
    for (const outcome of ["completed", "retried", "failed", "refused"]) this.#ended.inc({ outcome }, 0);
    this.#failures = counter("vodup_upload_failures", "Uploads that failed in this worker, by error code.", ["code"]);
    this.#bytes = counter("vodup_uploaded_bytes", "Bytes that the service acknowledged to this worker.");
    this.#retries = counter("vodup_request_retries", "Repeated requests of this worker.", ["operation"]);
    this.#renewals = counter("vodup_certificate_renewals", "Certificates that running uploads renewed.");
    this.#stalled = counter("vodup_jobs_stalled", "Jobs whose worker died, found by this worker.");
    this.#locksLost = counter("vodup_locks_lost", "Jobs that this worker lost because it could not renew their lock.");
    this.#commit = new Histogram({
      name: "vodup_commit_seconds",
      help: "From the last byte of an upload until its media exists, retries included.",
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    });
    const workers = this.#workers;
    gauge("vodup_uploads_in_flight", "Uploads that run in this worker.", this.register, () =>
      [...workers].reduce((sum, { inHand }) => sum + inHand.size, 0),
    );
    gauge("vodup_worker_draining", "1 while this worker takes no more jobs.", this.register, () =>
      [...workers].some((worker) => isDraining(worker)) ? 1 : 0,
    );
    if (queue !== undefined) countJobs(queue, this.register);
  }

  /** Counts what becomes of a worker's jobs. `startUploadWorker` does it for the metrics it is given. */
  watch(worker: UploadWorker): void {
    this.#workers.add(worker);
    worker.on("completed", () => this.#ended.inc({ outcome: "completed" }));
    worker.on("failed", (job, error) => {
      const refused = error.message.startsWith("SOURCE_REFUSED: ");
      // BullMQ has set the time of a job's end, unless it is to be tried again.
      const ended = job !== undefined && job.finishedOn === undefined ? "retried" : "failed";
      this.#ended.inc({ outcome: refused ? "refused" : ended });
    });
    worker.on("stalled", () => this.#stalled.inc());
    worker.on("lockRenewalFailed", (ids) => this.#locksLost.inc(ids.length));
    worker.on("closed", () => this.#workers.delete(worker));
  }

  /** The client with its uploads counted. `startUploadWorker` does it for the metrics it is given. */
  measure(vod: UploadClient): UploadClient {
    return {
      discard: (...given: Parameters<VodClient["discard"]>) => vod.discard(...given),
      upload: async (source, options = {}) => {
        try {
          return await vod.upload(source, this.#counting(options));
        } catch (error) {
          const code = error instanceof VodupError ? error.code : "OTHER";
          if (options.signal?.aborted !== true) this.#failures.inc({ code });
          throw error;
        }
      },
    };
  }

  #counting(options: UploadOptions): UploadOptions {
    return {
      ...options,
      onProgress: both(this.#countProgress(), options.onProgress),
      onRetry: both(({ operation }) => this.#retries.inc({ operation }), options.onRetry),
      onCheckpoint: both(this.#countRenewals(options.checkpoint), options.onCheckpoint),
    };
  }

  #countProgress(): (event: ProgressEvent) => void {
    let counted = 0;
    let committing = 0;
    return ({ phase, sentBytes, resumedBytes }) => {
      this.#bytes.inc(Math.max(0, sentBytes - resumedBytes - counted));
      counted = Math.max(counted, sentBytes - resumedBytes);
      if (phase === "commit" && committing === 0) committing = performance.now();
      if (phase === "done" && committing > 0) this.#commit.observe((performance.now() - committing) / 1_000);
    };
  }

  #countRenewals(resumed: Checkpoint | undefined): (checkpoint: Checkpoint) => void {
    let last = resumed?.session;
    return ({ session }) => {
      if (last?.vodSessionKey === session.vodSessionKey && last.receivedAt !== session.receivedAt) this.#renewals.inc();
      last = session;
    };
  }
}

/** Whether a worker takes no more jobs. */
export function isDraining(worker: UploadWorker): boolean {
  return worker.isPaused() || worker.closing !== undefined;
}

/** In the form of OpenMetrics, with processor, memory and event loop of this process. */
function ownRegister(): Registry {
  const register = new Registry();
  register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  collectDefaultMetrics({ register });
  return register;
}

function gauge(name: string, help: string, register: Registry, value: () => number): void {
  const made = new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(value());
    },
  });
  register.registerMetric(made);
}

/** Of the whole queue: every worker tells the same. */
function countJobs(queue: UploadQueue, register: Registry): void {
  const counts = inTime(() => queue.getJobCounts(), scrapeLimitMs);
  const made = new Gauge({
    name: "vodup_jobs",
    help: "Jobs of the queue, all workers together, by state.",
    labelNames: ["state"],
    registers: [],
    async collect() {
      this.reset();
      for (const [state, count] of Object.entries((await counts()) ?? {})) this.set({ state }, count);
    },
  });
  register.registerMetric(made);
}

/** The first is ours and never fails. */
function both<T, R>(first: (event: T) => void, second: ((event: T) => R) | undefined): (event: T) => R | undefined {
  return (event) => {
    first(event);
    return second?.(event);
  };
}
