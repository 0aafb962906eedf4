import type { LimitFunction } from "p-limit";
import type { RetryClass } from "../http/retry.ts";
import type { CosCallOptions, CosClient, StoredBytes } from "../cos/client.ts";
import type { Expected, Requesting, Verified } from "./complete.ts";
import type { MemoryBudget } from "./memory.ts";
import type { DonePart, Part, PartSink } from "./multipart.ts";
import type { PartAttempt, PartBody } from "./part-body.ts";
import type { ProgressMeter } from "./progress.ts";
import type { OpenedSource, RangedSource, StreamSource } from "./source.ts";
import { IntegrityError, SourceError } from "../errors.ts";
import { crc64Combine } from "../cos/crc64.ts";
import { classifyCosFailure } from "../cos/error-codes.ts";
import { cosLimits } from "../cos/limits.ts";
import { completeUpload, findObject, sizeOnly, verifyCrc64, verifyObject } from "./complete.ts";
import { sendParts } from "./multipart.ts";
import { PartAssembler } from "./part-assembler.ts";
import { nextPartSize, partRange, planTransfer, streamPartSize } from "./part-plan.ts";

/** What all objects of one upload share. */
export interface TransferContext {
  readonly cos: CosClient;
  readonly budget: MemoryBudget;
  /** Requests in flight, over all objects of the upload. */
  readonly limit: LimitFunction;
  readonly partSize: number | "auto";
  readonly requireCrc64: boolean;
  readonly progress: ProgressMeter;
  readonly signal: AbortSignal;
  /** How COS requests are sent and sent again; ends with the given signal. */
  readonly requesting: (signal: AbortSignal) => Requesting;
}

/** What the upload's state keeps of an object while it is being sent. */
export interface ObjectRecord {
  /** Set by an earlier run. */
  readonly uploadId?: string | undefined;
  readonly partSize?: number | undefined;
  readonly parts: readonly DonePart[];
  /** Called when the multipart upload was opened, and for each part as it is done. */
  opened(uploadId: string, partSize: number): Promise<void>;
  partDone(part: DonePart): void;
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
  readonly record: ObjectRecord;
}

/**
 * Sends one source to one key, by PUT or in parts, verified. Knows nothing of VOD.
 * @throws SourceError, IntegrityError, CosError, NetworkError, or the signal's own reason
 */
export async function transferObject(context: TransferContext, job: ObjectJob): Promise<TransferredObject> {
  return job.source.kind === "ranged"
    ? transferRanged(context, job, job.source)
    : transferStream(context, job, job.source);
}

async function transferRanged(
  context: TransferContext,
  job: ObjectJob,
  source: RangedSource,
): Promise<TransferredObject> {
  const { record } = job;
  const resumed = record.uploadId !== undefined && record.partSize !== undefined;
  const plan = planTransfer(source.size, resumed ? (record.partSize ?? "auto") : context.partSize);
  if (plan.kind === "put") {
    const body = source.body(0, source.size);
    const result = await putWhole(context, job, body);
    await source.verify();
    return result;
  }
  const known = new Map(record.parts.map((part) => [part.number, part]));
  const feed = async function* (): AsyncGenerator<Part> {
    for (let number = 1; number <= plan.partCount; number += 1) {
      const range = partRange(plan, number);
      yield { ...range, body: source.body(range.offset, range.size), release: () => undefined };
    }
  };
  return sendMultipart(context, job, feed, plan.partSize, known, async () => {
    await source.verify();
    return source.size;
  });
}

async function transferStream(
  context: TransferContext,
  job: ObjectJob,
  source: StreamSource,
): Promise<TransferredObject> {
  const inFlight = new InFlight();
  const assembler = new PartAssembler(source.chunks(), context.budget, source.label, () => inFlight.drained());
  const base =
    source.size === undefined ? streamPartSize(context.partSize) : planTransfer(source.size, context.partSize).partSize;
  const checkLength = (over: boolean): void => checkStreamLength(source, assembler.readBytes, over);
  try {
    const first = await assembler.next(base, context.signal);
    if (first === undefined || (await assembler.isOver(context.signal))) {
      try {
        checkLength(true);
        return await putWhole(context, job, first?.body ?? emptyBody);
      } finally {
        first?.release();
      }
    }
    const feed = async function* (signal: AbortSignal): AsyncGenerator<Part> {
      let offset = 0;
      for (let number = 1, part: typeof first | undefined = first; part !== undefined; number += 1) {
        const { size, body, release } = part;
        if (number > cosLimits.maxParts) {
          release();
          throw new SourceError(
            "SOURCE_TOO_LARGE",
            `${source.label} does not fit into 10,000 parts; raise partSize, or give its size`,
          );
        }
        inFlight.add();
        yield { number, offset, size, body, release: () => (release(), inFlight.remove()) };
        offset += size;
        checkLength(false);
        const target = source.size === undefined ? nextPartSize(base, offset) : base;
        part = await assembler.next(Math.min(target, context.budget.total), signal);
      }
      checkLength(true);
    };
    return await sendMultipart(context, job, feed, base, new Map(), async () => assembler.readBytes);
  } finally {
    await assembler.close();
  }
}

const emptyBody: PartBody = {
  size: 0,
  begin: async () => ({
    size: 0,
    open: async function* () {},
    crc64: () => 0n,
    md5: () => undefined,
    end: async () => {},
  }),
};

function checkStreamLength(source: StreamSource, read: number, over: boolean): void {
  if (source.size === undefined) return;
  if (read > source.size || (over && read < source.size)) {
    throw new SourceError(
      "SOURCE_CHANGED",
      `${source.label} has ${over ? read : `more than ${source.size}`} bytes, but its size was given as ${source.size}`,
    );
  }
}

async function putWhole(context: TransferContext, job: ObjectJob, body: PartBody): Promise<TransferredObject> {
  context.progress.enter("transfer", job.file);
  const requesting = context.requesting(context.signal);
  const putOnce = (options: CosCallOptions): Promise<{ expected: Expected; verified: Verified }> =>
    onePass(body, context.signal, async (pass) => {
      const request = { size: pass.size, open: () => pass.open() };
      const stored = await context.cos.putObject(job.key, request, { ...options, contentType: job.contentType });
      const expected: Expected = { key: job.key, size: body.size, crc64: String(pass.crc64()) };
      return { expected, verified: await verifyPut(context, stored, expected, pass.md5(), requesting) };
    });
  const result = await context.limit(() => requesting("PutObject", putOnce, classifyTransfer));
  context.progress.done(job.file, body.size);
  return { size: body.size, parts: 1, crc64: result.expected.crc64, verified: result.verified };
}

async function verifyPut(
  context: TransferContext,
  stored: StoredBytes,
  expected: Expected,
  md5: string | undefined,
  requesting: Requesting,
): Promise<Verified> {
  if (stored.crc64 !== undefined) return verifyCrc64(stored.crc64, expected);
  checkEtag(stored, md5, "the object");
  const found = await findObject(context.cos, expected.key, requesting);
  return found === undefined
    ? sizeOnly(context.requireCrc64, expected)
    : verifyObject(found, expected, context.requireCrc64);
}

async function sendMultipart(
  context: TransferContext,
  job: ObjectJob,
  feed: (signal: AbortSignal) => AsyncIterable<Part>,
  partSize: number,
  known: ReadonlyMap<number, DonePart>,
  finish: () => Promise<number>,
): Promise<TransferredObject> {
  const { cos, limit, progress, signal } = context;
  const requesting = context.requesting(signal);
  let uploadId = job.record.uploadId;
  if (uploadId === undefined) {
    ({ uploadId } = await requesting("InitiateMultipartUpload", (options) =>
      cos.initiateMultipartUpload(job.key, { ...options, contentType: job.contentType }),
    ));
    await job.record.opened(uploadId, partSize);
  }
  progress.enter("transfer", job.file);
  const sink = partSink(context, job, uploadId, known);
  const parts = await sendParts(feed, sink, limit, signal, (part) => {
    if (known.get(part.number) === undefined) {
      progress.done(job.file, part.size);
      job.record.partDone(part);
    } else {
      progress.resumed(job.file, part.size);
    }
  });
  const size = await finish();
  const expected: Expected = { key: job.key, size, crc64: String(wholeCrc64(parts)) };
  const resumed = job.record.uploadId !== undefined;
  const verified = await completeUpload(cos, uploadId, parts, expected, context.requireCrc64, resumed, requesting);
  return { size, parts: parts.length, crc64: expected.crc64, verified };
}

/** Sends a part, or, where an earlier run has sent it, makes sure that the source still holds the same bytes there. */
function partSink(
  context: TransferContext,
  job: ObjectJob,
  uploadId: string,
  known: ReadonlyMap<number, DonePart>,
): PartSink {
  return {
    putPart: async (part, signal) => {
      const before = known.get(part.number);
      if (before !== undefined) {
        await compareWithSource(job, part, before, signal);
        return before;
      }
      const sendOnce = (options: CosCallOptions): Promise<DonePart> =>
        onePass(part.body, signal, async (pass) => {
          const body = { size: pass.size, open: () => pass.open() };
          const stored = await context.cos.uploadPart(job.key, { uploadId, partNumber: part.number, body }, options);
          const crc64 = String(pass.crc64());
          if (stored.crc64 !== undefined && stored.crc64 !== crc64) throw corrupted(part, crc64, stored.crc64);
          checkEtag(stored, pass.md5(), `part ${part.number}`);
          return {
            number: part.number,
            size: part.size,
            etag: stored.etag,
            crc64,
            crcConfirmed: stored.crc64 !== undefined,
          };
        });
      return context.requesting(signal)("UploadPart", sendOnce, classifyTransfer);
    },
  };
}

async function compareWithSource(job: ObjectJob, part: Part, before: DonePart, signal: AbortSignal): Promise<void> {
  await onePass(part.body, signal, async (pass) => {
    for await (const chunk of pass.open()) {
      void chunk;
      signal.throwIfAborted();
    }
    if (part.size !== before.size || String(pass.crc64()) !== before.crc64) {
      throw new SourceError(
        "SOURCE_CHANGED",
        `${job.source.label} is not the file that part ${part.number} was sent from`,
      );
    }
  });
}

/** One pass over a body; its buffers go back when the request has settled, however it did. */
async function onePass<T>(body: PartBody, signal: AbortSignal, send: (pass: PartAttempt) => Promise<T>): Promise<T> {
  const pass = await body.begin(signal);
  try {
    return await send(pass);
  } finally {
    await pass.end();
  }
}

/** What was damaged on its way is sent again like anything that a passing fault has hit. */
function classifyTransfer(error: unknown): RetryClass {
  return error instanceof IntegrityError ? "backoff" : classifyCosFailure(error);
}

function checkEtag(stored: StoredBytes, md5: string | undefined, what: string): void {
  if (md5 === undefined || stored.encrypted || stored.etag.toLowerCase() === md5) return;
  throw new IntegrityError(
    `${what} was stored with ETag ${stored.etag} instead of the MD5 ${md5}`,
    { algorithm: "md5", expected: md5, actual: stored.etag },
    { stage: "transfer", retryable: true },
  );
}

function corrupted(part: Part, expected: string, actual: string): IntegrityError {
  return new IntegrityError(
    `part ${part.number} was stored with CRC64 ${actual} instead of ${expected}`,
    { algorithm: "crc64", expected, actual },
    { stage: "transfer", retryable: true },
  );
}

function wholeCrc64(parts: readonly DonePart[]): bigint {
  return parts.reduce((crc, part) => crc64Combine(crc, BigInt(part.crc64), part.size), 0n);
}

/** Counts parts that hold memory, and tells when none does. */
class InFlight {
  #count = 0;
  #waiting: (() => void)[] = [];

  add(): void {
    this.#count += 1;
  }

  remove(): void {
    this.#count -= 1;
    if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async drained(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
