import type { Redis } from "ioredis";
import type { Checkpoint, UploadResult } from "vodup";
import type { UploadJobData } from "./upload-queue.ts";

/** BullMQ's own updateData asks nobody: a worker that has lost its job would write over its successor's checkpoint. */
const writeIfOwned = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[2], "data", ARGV[2])
return 1`;

export interface RecordPlace {
  readonly redis: Pick<Redis, "eval">;
  /** Redis key of the job. */
  readonly key: string;
  /** Of this run of the job. */
  readonly token: string;
  /** Milliseconds between two writes that only tell of more parts. */
  readonly partsEveryMs: number;
}

/**
 * What Redis holds of a job. Every write is refused once the job is another worker's, and the upload waits for those
 * that change its state; so nobody commits who has lost the job, and nobody begins a second session for it unseen.
 */
export class JobRecord {
  readonly #place: RecordPlace;
  #data: UploadJobData;
  #shape = "";
  #savedAt = 0;

  constructor(place: RecordPlace, data: UploadJobData) {
    this.#place = place;
    this.#data = data;
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#data.checkpoint;
  }

  /**
   * Keeps a checkpoint: at once where the upload's state has changed, else when the last was written some time ago. Parts
   * that are not in it are found again by ListParts.
   * @throws Error once the job is another worker's, as all that follow
   */
  async save(checkpoint: Checkpoint): Promise<void> {
    const shape = shapeOf(checkpoint);
    if (shape === this.#shape && performance.now() - this.#savedAt < this.#place.partsEveryMs) return;
    await this.#write({ ...this.#data, checkpoint });
    this.#shape = shape;
    this.#savedAt = performance.now();
  }

  /** Puts the result in the checkpoint's place, certificate and all. */
  async finish(result: UploadResult): Promise<void> {
    await this.#write({ ...this.#data, checkpoint: undefined, result });
  }

  /**
   * Gives up what was begun, so that the next run starts from the beginning.
   * @param discard removes what was sent; only called while the job is this worker's
   */
  async startOver(discard: (checkpoint: Checkpoint) => Promise<unknown>): Promise<void> {
    if (this.#data.checkpoint === undefined) return;
    await this.#write(this.#data);
    await discard(this.#data.checkpoint);
    await this.#write({ ...this.#data, checkpoint: undefined });
  }

  async #write(data: UploadJobData): Promise<void> {
    const { redis, key, token } = this.#place;
    const written = await redis.eval(writeIfOwned, 2, `${key}:lock`, key, token, JSON.stringify(data));
    if (written !== 1) throw new Error(`the job ${key} is no longer this worker's: its lock has expired`);
    this.#data = data;
  }
}

/** What of a checkpoint is written at once: everything but its parts. */
function shapeOf({ state, session, objects }: Checkpoint): string {
  return JSON.stringify([state, session, Object.values(objects).map(({ uploadId, done }) => [uploadId, done])]);
}
