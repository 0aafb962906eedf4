import type {
  DonePart,
  Expected,
  ObjectJob,
  Part,
  PartSink,
  TransferContext,
  TransferredObject,
  Verified,
} from "./job.ts";
import type { CosCallOptions } from "../../cos/request.ts";
import type { StoredBytes } from "../../cos/stored-bytes.ts";
import type { ReplayableBody } from "../../http/request-body.ts";
import type { RetryClass } from "../../http/retry.ts";
import type { Requesting } from "./request.ts";
import type { PartAttempt, PartBody } from "../source/part-body.ts";
import { CheckpointError, CosError, IntegrityError, SourceError } from "../../errors.ts";
import { crc64Combine } from "../../cos/crc64.ts";
import { classifyCosFailure } from "../../cos/error-codes.ts";
import { objectPath } from "../../cos/key.ts";
import { tap } from "../../http/tap.ts";
import { completeUpload, verifyCrc64, verifyStored } from "./complete.ts";
import { openUpload } from "./opening.ts";
import { sendParts } from "./send-parts.ts";
import { readPass, startMd5 } from "../source/bytes.ts";

/** Sends an object in one request, verified. */
export async function putWhole(context: TransferContext, job: ObjectJob, body: PartBody): Promise<TransferredObject> {
  context.progress.enter("transfer", job.file);
  const requesting = context.requesting(context.signal);
  const putOnce = async (options: CosCallOptions): Promise<{ expected: Expected; verified: Verified }> => {
    const sent = await onePass(body, context.signal, async (pass) => {
      const bytes = new SentBody(pass, context.progress);
      const stored = await context.cos.putObject(objectPath(job.key), bytes, {
        ...options,
        contentType: job.contentType,
      });
      bytes.check("the object");
      return { stored, crc64: String(pass.crc64()), md5: pass.md5() };
    });
    const md5 = await md5OfSent(job, body, sent, context.signal);
    const expected: Expected = { key: job.key, size: body.size, crc64: sent.crc64 };
    return { expected, verified: await verifyPut(context, sent.stored, expected, md5, requesting) };
  };
  const result = await context.limit(() => requesting("PutObject", putOnce, classifyTransfer));
  context.sent(job.file, body.size);
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
  checkEtag(stored, md5, "the object", undefined);
  return verifyStored(context.cos, expected, context.requireCrc64, requesting);
}

/**
 * Sends an object in parts and joins them, verified.
 * @param feed makes the parts, in order
 * @param known parts that the service holds already
 * @param finish called with the CRC64 of all parts when they are there; answers the object's size, or fails if the
 * source has changed
 */
export async function sendMultipart(
  context: TransferContext,
  job: ObjectJob,
  feed: (signal: AbortSignal) => AsyncIterable<Part>,
  partSize: number,
  known: ReadonlyMap<number, DonePart>,
  finish: (crc64: string) => Promise<number>,
): Promise<TransferredObject> {
  const { cos, limit, progress, signal } = context;
  const requesting = context.requesting(signal);
  const begun = job.record.uploadId;
  const uploadId = begun ?? (await openUpload(context, job, partSize));
  progress.enter("transfer", job.file);
  const sink = partSink(context, job, uploadId, known);
  const parts = await sendParts(feed, sink, limit, signal, (part) => {
    if (known.get(part.number) === undefined) {
      context.sent(job.file, part.size);
      job.record.partDone(part);
    } else {
      progress.resumed(job.file, part.size);
    }
  }).catch((error: unknown) => {
    throw begun !== undefined && isGone(error) ? endedElsewhere(job, error) : error;
  });
  const crc64 = String(wholeCrc64(parts));
  const expected: Expected = { key: job.key, size: await finish(crc64), crc64 };
  await job.record.partsDone();
  const repeated = job.record.uploadId !== undefined;
  const { requireCrc64 } = context;
  const verified = await completeUpload({ cos, uploadId, parts, expected, requireCrc64, repeated, requesting });
  return { size: expected.size, parts: parts.length, crc64, verified };
}

function isGone(error: unknown): boolean {
  return error instanceof CosError && error.cosCode === "NoSuchUpload";
}

/** It was there when this run began. The next run finds out how it ended, by comparing the object. */
function endedElsewhere(job: ObjectJob, cause: unknown): CheckpointError {
  const message = `${job.file}: another process has completed or removed the upload of this checkpoint; run it again`;
  return new CheckpointError("CHECKPOINT_LOCKED", message, { field: "objects" }, { cause });
}

/** Sends a part, or, where an earlier run has sent it, makes sure that the source still holds the same bytes there. */
function partSink(
  context: TransferContext,
  job: ObjectJob,
  uploadId: string,
  known: ReadonlyMap<number, DonePart>,
): PartSink {
  const doubt: EtagDoubt = { doubted: new Set(), areNoMd5: false };
  return {
    putPart: async (part, signal) => {
      const before = known.get(part.number);
      if (before !== undefined) {
        await compareWithSource(job, part, before, signal);
        return before;
      }
      const sendOnce = async (options: CosCallOptions): Promise<DonePart> => {
        const sent = await onePass(part.body, signal, async (pass) => {
          const body = new SentBody(pass, context.progress);
          const stored = await context.cos.uploadPart(
            objectPath(job.key),
            { uploadId, partNumber: part.number, body },
            options,
          );
          body.check(`part ${part.number}`);
          return { stored, crc64: String(pass.crc64()), md5: pass.md5() };
        });
        const { stored, crc64 } = sent;
        if (stored.crc64 !== undefined && stored.crc64 !== crc64) throw corrupted(part, crc64, stored.crc64);
        const md5 = await md5OfSent(job, part.body, sent, signal);
        checkEtag(stored, md5, `part ${part.number}`, part.number, doubt);
        return { number: part.number, size: part.size, etag: stored.etag, crc64 };
      };
      return context.requesting(signal)("UploadPart", sendOnce, classifyTransfer);
    },
  };
}

/** A body that knows whether it was asked for to its end: a success before that is none. */
class SentBody implements ReplayableBody {
  readonly size: number;
  readonly #pass: PartAttempt;
  readonly #progress: TransferContext["progress"];
  #given = 0;

  constructor(pass: PartAttempt, progress: TransferContext["progress"]) {
    this.#progress = progress;
    this.size = pass.size;
    this.#pass = pass;
  }

  open(): AsyncIterable<Uint8Array> {
    this.#given = 0;
    return tap(this.#pass.open(), { see: (chunk) => (this.#given += chunk.byteLength) });
  }

  written(bytes: number): void {
    this.#progress.written(bytes);
  }

  /** @throws IntegrityError the service answered before it can have had everything */
  check(what: string): void {
    if (this.#given === this.size) return;
    throw new IntegrityError(
      `${what} was acknowledged before all of it was sent`,
      { algorithm: "size", expected: String(this.size), actual: String(this.#given) },
      { stage: "transfer", retryable: true },
    );
  }
}

async function compareWithSource(job: ObjectJob, part: Part, before: DonePart, signal: AbortSignal): Promise<void> {
  await onePass(part.body, signal, async (pass) => {
    await readPass(pass, signal);
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

/**
 * What was damaged on its way is sent again like anything that a passing fault has hit; what cannot be compared is not.
 */
function classifyTransfer(error: unknown): RetryClass {
  if (error instanceof IntegrityError) return error.actual === undefined ? "never" : "backoff";
  return classifyCosFailure(error);
}

interface Sent {
  readonly stored: StoredBytes;
  readonly crc64: string;
  /** Known where the bytes were in memory. */
  readonly md5: string | undefined;
}

/**
 * Without a CRC64 in the answer the ETag is the only proof of the bytes: a source that is not in memory is read again
 * for it.
 */
async function md5OfSent(job: ObjectJob, body: PartBody, sent: Sent, signal: AbortSignal): Promise<string | undefined> {
  if (sent.md5 !== undefined || sent.stored.crc64 !== undefined || sent.stored.encrypted) return sent.md5;
  const md5 = startMd5();
  if (md5 === undefined) return undefined;
  await onePass(body, signal, async (pass) => {
    await readPass(pass, signal, (chunk) => md5.update(chunk));
    if (String(pass.crc64()) !== sent.crc64) {
      throw new SourceError("SOURCE_CHANGED", `${job.source.label} changed while it was being uploaded`);
    }
  });
  return md5.digest("hex");
}

/** What an upload has learned of its ETags. */
interface EtagDoubt {
  /** Parts whose ETag was not their MD5, although their CRC64 was right. */
  readonly doubted: Set<number>;
  /** Set once sending such a part again changed nothing: then ETags are no MD5s here, header or not. */
  areNoMd5: boolean;
}

/**
 * Compares an ETag with the MD5 of what was sent, where that is known. Where the CRC64 was right, a wrong ETag means
 * either that it was reported wrongly, which sending again fixes, or that the bucket encrypts without saying so.
 */
function checkEtag(
  stored: StoredBytes,
  md5: string | undefined,
  what: string,
  part: number | undefined,
  doubt?: EtagDoubt,
): void {
  if (md5 === undefined || stored.encrypted || stored.etag.toLowerCase() === md5) return;
  if (stored.crc64 !== undefined && part !== undefined && doubt !== undefined) {
    if (doubt.areNoMd5) return;
    if (doubt.doubted.has(part)) {
      doubt.areNoMd5 = true;
      return;
    }
    doubt.doubted.add(part);
  }
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
