import type { LimitFunction } from "p-limit";
import type { CosClient } from "../../cos/client.ts";
import type { MemoryBudget } from "../buffers/budget.ts";
import type { PartBody } from "../source/part-body.ts";
import type { OpenedSource } from "../source/source.ts";
import type { PartRange, TransferPlan } from "./part-plan.ts";
import type { Requesting } from "./request.ts";

/** What the whole object must be. */
export interface Expected {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** CRC-64/XZ as unsigned decimal. */
  readonly crc64: string;
}

export type Verified = "crc64" | "size";

/** A part that is ready to be sent. */
export interface Part extends PartRange {
  readonly body: PartBody;
  /** Gives the part's memory back; called once, whatever became of it. */
  release(): void;
}

/** A part that the service holds, verified. */
export interface DonePart {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** CRC-64/XZ of the bytes that were sent, as unsigned decimal. */
  readonly crc64: string;
}

/** Where parts go. What to retry and how to verify is the sink's business; order and concurrency are the engine's. */
export interface PartSink {
  putPart(part: Part, signal: AbortSignal): Promise<DonePart>;
}

/** A multipart upload that was opened and not completed: what giving the upload up has to remove. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** What a transfer reports while it goes on. */
export interface TransferProgress {
  enter(phase: "transfer", file: string): void;
  /** Bytes, and parts, that need not be sent: an earlier run has sent them. */
  resumed(file: string, bytes: number, parts?: number): void;
  /** Bytes that a socket has taken, of whatever attempt. */
  written(bytes: number): void;
}

/** What all objects of one upload share. */
export interface TransferContext {
  readonly cos: CosClient;
  readonly budget: MemoryBudget;
  /** Requests in flight, over all objects of the upload. */
  readonly limit: LimitFunction;
  readonly partSize: number | "auto";
  readonly requireCrc64: boolean;
  readonly progress: TransferProgress;
  /** Told of every part, or whole object, that the service has acknowledged. */
  readonly sent: (file: string, bytes: number) => void;
  readonly signal: AbortSignal;
  /** How COS requests are sent and sent again; ends with the given signal. */
  readonly requesting: (signal: AbortSignal) => Requesting;
  /**
   * The multipart uploads that are open at keys of this session, in a bounded time; none where nobody can find out.
   * Never fails.
   */
  readonly openAt: (keys: readonly string[], signal: AbortSignal) => Promise<readonly OpenUpload[]>;
}

/** What the upload's state keeps of an object while it is being sent. */
export interface ObjectRecord {
  /** Set by an earlier run. */
  readonly uploadId?: string | undefined;
  readonly partSize?: number | undefined;
  readonly parts: readonly DonePart[];
  /** Ids of further multipart uploads that are open at its key. */
  readonly others: readonly string[];
  /** Whether there may be some that nobody knows. */
  readonly isLost: boolean;
  /** Called when the answer is lost that would have named a multipart upload: one that nobody knows may be open. */
  lost(): void;
  /** Called with uploads that were found open at its key, beside its own. */
  found(others: readonly string[]): void;
  /** Called when no other than the object's own upload is open any more, as far as anybody can find out. */
  alone(): void;
  /** Called when the multipart upload was opened, and for each part as it is done. */
  opened(uploadId: string, partSize: number): Promise<void>;
  partDone(part: DonePart): void;
  /** Called when all parts are there, before they are joined: the last moment for a checkpoint that names them. */
  partsDone(): Promise<void>;
}

/** An object that the service holds whole. */
export interface TransferredObject {
  /** Bytes. */
  readonly size: number;
  /** 1 for an object sent with one PUT. */
  readonly parts: number;
  readonly crc64: string;
  readonly verified: Verified;
}

/** One object to be made of one source. */
export interface ObjectJob {
  readonly source: OpenedSource;
  /** How progress calls it. */
  readonly file: string;
  readonly key: string;
  readonly contentType: string | undefined;
  /** How it is sent when no earlier run has begun to; undefined for a stream of unknown length. */
  readonly plan: TransferPlan | undefined;
  readonly record: ObjectRecord;
}
