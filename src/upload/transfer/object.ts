import type { Release } from "../buffers/budget.ts";
import type { AssembledPart } from "../source/part-assembler.ts";
import type { ObjectJob, Part, TransferContext, TransferredObject } from "./job.ts";
import type { PartBody } from "../source/part-body.ts";
import type { RangedSource, StreamSource } from "../source/source.ts";
import { SourceError } from "../../errors.ts";
import { cosLimits } from "../../cos/limits.ts";
import { putWhole, sendMultipart } from "./send.ts";
import { nextPartSize, partRange, planTransfer, streamPartSize } from "./part-plan.ts";

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
  const begun = record.uploadId === undefined ? undefined : record.partSize;
  // What an earlier run has begun goes on in parts of that size.
  const planned = begun === undefined ? job.plan : undefined;
  const plan = planned ?? planTransfer(source.size, begun ?? context.partSize);
  if (plan.kind === "put") {
    const body = source.body(0, source.size);
    const result = await putWhole(context, job, body);
    await source.verify(result.crc64, context.signal);
    return result;
  }
  const known = new Map(record.parts.map((part) => [part.number, part]));
  const feed = async function* (): AsyncGenerator<Part> {
    for (let number = 1; number <= plan.partCount; number += 1) {
      const range = partRange(plan, number);
      yield { ...range, body: source.body(range.offset, range.size), release: () => undefined };
    }
  };
  return sendMultipart(context, job, feed, plan.partSize, known, async (crc64) => {
    await source.verify(crc64, context.signal);
    return source.size;
  });
}

async function transferStream(
  context: TransferContext,
  job: ObjectJob,
  source: StreamSource,
): Promise<TransferredObject> {
  const { PartAssembler } = await import("../source/part-assembler.ts");
  const inFlight = new InFlight();
  const assembler = new PartAssembler(source.chunks(), context.budget, source.label, () => inFlight.drained());
  const base = streamBase(context, source.size);
  let held: AssembledPart | undefined;
  let opened: Release = () => undefined;
  const feed = async function* (signal: AbortSignal): AsyncGenerator<Part> {
    let offset = 0;
    for (let number = 1; held !== undefined; number += 1) {
      const part = held;
      if (number > cosLimits.maxParts) throw tooManyParts(source);
      held = undefined;
      inFlight.add();
      const sent = context.budget.sending();
      opened();
      const release = (): void => {
        part.release();
        inFlight.remove();
        sent();
      };
      yield { number, offset, size: part.size, body: part.body, release };
      offset += part.size;
      checkStreamLength(source, assembler.readBytes, false);
      const target = source.size === undefined ? nextPartSize(base, offset) : base;
      held = await assembler.next(Math.min(target, context.budget.total), signal);
    }
    checkStreamLength(source, assembler.readBytes, true);
  };
  try {
    held = await assembler.next(base, context.signal);
    const isOver = held === undefined || (await assembler.isOver(context.signal));
    opened = context.budget.sending();
    if (isOver) {
      checkStreamLength(source, assembler.readBytes, true);
      return await putWhole(context, job, held?.body ?? emptyBody);
    }
    return await sendMultipart(context, job, feed, base, new Map(), async () => assembler.readBytes);
  } finally {
    held?.release();
    opened();
    await assembler.close();
  }
}

/** Parts of a stream are held in memory: they are only made larger than need be where the length demands it. */
function streamBase(context: TransferContext, size: number | undefined): number {
  const base = streamPartSize(context.partSize);
  return Math.min(size === undefined ? base : planTransfer(size, base).partSize, context.budget.total);
}

function tooManyParts(source: StreamSource): SourceError {
  return new SourceError(
    "SOURCE_TOO_LARGE",
    `${source.label} does not fit into 10,000 parts; give its size, or raise partSize and memoryBudget`,
  );
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
