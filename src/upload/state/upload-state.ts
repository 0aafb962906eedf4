import type { Certificate } from "../session/certificate.ts";
import type { Checkpoint, CheckpointObject } from "./checkpoint.ts";
import type { SourceIdentity } from "../source/source.ts";
import type { CommitResult } from "../session/commit.ts";
import type { DonePart, ObjectRecord, OpenUpload, TransferredObject } from "../transfer/job.ts";
import type { ApplyFields, SessionIdentity, UploadSession } from "../session/apply.ts";
import { untilAborted } from "../../http/abort.ts";
import { CheckpointWriter } from "./checkpoint-writer.ts";
import { checkpointVersion, openUploads, plainFields, storedBytes } from "./checkpoint.ts";

/** What does not change during an upload. */
export interface UploadIdentity {
  readonly endpoint: { readonly vod: string; readonly cos: string };
  readonly source: SourceIdentity;
  readonly cover: SourceIdentity | undefined;
  readonly fields: ApplyFields;
}

/**
 * A checkpoint holds all parts. Where nothing but parts came in, one is written when they are at least this share of
 * what it holds: each of the first 32, and then so seldom that all that is ever written stays a multiple of the last.
 * Parts it lacks are found again by ListParts, and an upload that ends in order writes them down.
 */
const shareOfParts = 1 / 32;

interface ObjectState {
  /** The file of a tree that it is made of. */
  readonly source: SourceIdentity | undefined;
  uploadId: string | undefined;
  partSize: number | undefined;
  /** Further uploads that are open at its key. */
  others: readonly string[];
  /**
   * Whether there may be some that nobody knows. Until that is settled no checkpoint names any, so that a later run
   * looks for them.
   */
  isLost: boolean;
  readonly parts: Map<number, DonePart>;
  done: TransferredObject | undefined;
}

/** How far an upload is: the one place that a checkpoint is made from and continued by. */
export class UploadState {
  readonly #identity: UploadIdentity;
  readonly #writer: CheckpointWriter;
  readonly #signal: AbortSignal;
  readonly #objects = new Map<string, ObjectState>();
  /** How many there will be. */
  #objectCount = Infinity;
  #state: Checkpoint["state"] = "uploading";
  #session: UploadSession | undefined;
  #result: CommitResult | undefined;
  /** Parts and objects that the last checkpoint holds, and that came in since. */
  #written = 0;
  #added = 0;
  /** A write of the checkpoint that failed while parts went on; met at the next step. */
  #writeFailure: { readonly error: unknown } | undefined;

  /** @param signal ends the waiting for checkpoints that are being written */
  constructor(
    identity: UploadIdentity,
    write: ((checkpoint: Checkpoint) => void | Promise<void>) | undefined,
    from: Checkpoint | undefined,
    signal: AbortSignal,
  ) {
    this.#identity = identity;
    this.#signal = signal;
    this.#writer = new CheckpointWriter(write, () => {
      this.#added = 0;
      this.#written = [...this.#objects.values()].reduce((sum, { parts }) => sum + 1 + parts.size, 0);
      return this.snapshot();
    });
    if (from !== undefined) this.#restore(from);
  }

  /** Whether this is what a checkpoint would say now. */
  is(...states: readonly Checkpoint["state"][]): boolean {
    return states.includes(this.#state);
  }

  get session(): UploadSession | undefined {
    return this.#session;
  }

  get result(): CommitResult | undefined {
    return this.#result;
  }

  openUploads(): OpenUpload[] {
    const others = [...this.#objects].flatMap(([key, object]) =>
      object.others.map((uploadId): OpenUpload => ({ key, uploadId })),
    );
    return [...openUploads(this.#objects), ...others];
  }

  /** Keys at which multipart uploads may be open that nobody knows. */
  get lostKeys(): string[] {
    return [...this.#objects].flatMap(([key, { isLost }]) => (isLost ? [key] : []));
  }

  expectObjects(count: number): void {
    this.#objectCount = count;
  }

  finished(key: string): TransferredObject | undefined {
    return this.#objects.get(key)?.done;
  }

  /** Every object that is whole. */
  get wholes(): TransferredObject[] {
    return [...this.#objects.values()].flatMap(({ done }) => (done === undefined ? [] : [done]));
  }

  /** @returns undefined while the media is not whole */
  stored(session: SessionIdentity): ReturnType<typeof storedBytes> {
    return storedBytes(session, this.#objects);
  }

  /**
   * Begins a session, forgetting all of one before it.
   * @param files of a HLS or DASH tree, by key: a later run makes sure that they are the same
   */
  async begin(session: UploadSession, files: ReadonlyMap<string, SourceIdentity>): Promise<void> {
    this.#objects.clear();
    for (const [key, source] of files) this.#objects.set(key, emptyObject(source));
    this.#state = "uploading";
    this.#session = session;
    await this.save();
  }

  async renewed(certificate: Certificate, receivedAt: number): Promise<void> {
    if (this.#session === undefined) return;
    this.#session = { ...this.#session, certificate, receivedAt };
    await this.save();
  }

  async enter(state: "transferred" | "committing"): Promise<void> {
    this.#state = state;
    await this.save();
  }

  async committed(result: CommitResult): Promise<void> {
    this.#state = "committed";
    this.#result = result;
    await this.save();
  }

  /** The record of one object; what an earlier run knew of it is in there. */
  record(key: string): ObjectRecord {
    const state = this.#object(key);
    return {
      uploadId: state.uploadId,
      partSize: state.partSize,
      parts: [...state.parts.values()],
      others: state.others,
      isLost: state.isLost,
      lost: () => {
        state.isLost = true;
      },
      found: (others) => {
        state.others = others;
      },
      alone: () => {
        Object.assign(state, { others: [], isLost: false });
      },
      opened: async (uploadId, partSize) => {
        Object.assign(state, { uploadId, partSize });
        await this.save();
      },
      partDone: (part) => {
        state.parts.set(part.number, part);
        if (this.#isWorthAWrite()) this.save().catch((error: unknown) => (this.#writeFailure ??= { error }));
      },
      partsDone: () => this.save(),
    };
  }

  /** Replaces what is known of an object's parts by what the service really holds. */
  reconcile(key: string, parts: readonly DonePart[]): void {
    const state = this.#object(key);
    state.parts.clear();
    for (const part of parts) state.parts.set(part.number, part);
  }

  /** The multipart upload is gone: the object starts over. */
  forget(key: string): void {
    this.#objects.set(key, emptyObject(this.#objects.get(key)?.source));
  }

  /** @param key of an object that is whole. The last one is saved with the state that follows at once. */
  async finish(key: string, object: TransferredObject): Promise<void> {
    this.#object(key).done = object;
    if (this.wholes.length < this.#objectCount && this.#isWorthAWrite()) await this.save();
  }

  #isWorthAWrite(): boolean {
    this.#added += 1;
    return this.#added >= this.#written * shareOfParts;
  }

  /**
   * @throws what the caller's `onCheckpoint` threw, now or while parts were being sent
   * @throws the signal's own reason
   */
  async save(): Promise<void> {
    if (this.#writeFailure !== undefined) throw this.#writeFailure.error;
    await untilAborted(this.#writer.save(), this.#signal);
  }

  /** Waits for a checkpoint that is being written, and less long after an abort. @param ending ends the waiting */
  async settle(ending: AbortSignal): Promise<void> {
    await this.#writer.settle(this.#signal.aborted, ending);
  }

  /** Writes down, before an upload ends without its result, what the last checkpoint lacks; for as long as `settle`. */
  async flush(ending: AbortSignal): Promise<void> {
    if (this.#added === 0 || this.#writeFailure !== undefined || this.#writer.isRunning) return;
    // It ends by another error already.
    this.#writer.save().catch(() => undefined);
    await this.settle(ending);
  }

  /** @throws Error before the first session: there is nothing to go on from yet */
  snapshot(): Checkpoint {
    if (this.#session === undefined) throw new Error("a checkpoint needs a session");
    const objects = [...this.#objects].map(([key, state]): [string, CheckpointObject] => [key, plainObject(state)]);
    return {
      version: checkpointVersion,
      state: this.#state,
      endpoint: this.#identity.endpoint,
      source: this.#identity.source,
      cover: this.#identity.cover,
      fields: plainFields(this.#identity.fields),
      session: this.#session,
      objects: Object.fromEntries(objects),
      result: this.#result,
      savedAt: new Date().toISOString(),
    };
  }

  #object(key: string): ObjectState {
    let state = this.#objects.get(key);
    if (state === undefined) {
      state = emptyObject(undefined);
      this.#objects.set(key, state);
    }
    return state;
  }

  #restore(from: Checkpoint): void {
    this.#state = from.state;
    this.#session = from.session;
    this.#result = from.result;
    for (const [key, { uploadId, partSize, parts, source, done }] of Object.entries(from.objects)) {
      const known = parts.map((part): [number, DonePart] => [part.number, part]);
      this.#objects.set(key, {
        ...emptyObject(source),
        uploadId,
        partSize,
        parts: new Map(known),
        done,
      });
    }
  }
}

function emptyObject(source: SourceIdentity | undefined): ObjectState {
  return {
    source,
    uploadId: undefined,
    partSize: undefined,
    others: [],
    isLost: false,
    parts: new Map(),
    done: undefined,
  };
}

function plainObject({ isLost, parts, source, done, ...opened }: ObjectState): CheckpointObject {
  const { uploadId, partSize } = isLost ? { uploadId: undefined, partSize: undefined } : opened;
  const plain = [...parts.values()].map(({ number, size, etag, crc64 }) => ({ number, size, etag, crc64 }));
  return { uploadId, partSize, parts: plain.sort((a, b) => a.number - b.number), source, done };
}
