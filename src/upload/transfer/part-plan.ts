import { SourceError } from "../../errors.ts";
import { cosLimits } from "../../cos/limits.ts";

/** A piece of a source: `number` counts from 1, `offset` and `size` are bytes. */
export interface PartRange {
  readonly number: number;
  readonly offset: number;
  readonly size: number;
}

/**
 * How an object of known size is sent: with one PUT, or in `partCount` parts of `partSize` bytes (the last has the
 * rest).
 */
export interface TransferPlan {
  readonly kind: "put" | "multipart";
  readonly size: number;
  readonly partSize: number;
  readonly partCount: number;
}

const mebibyte = 2 ** 20;

/** Up to here a file goes in one request: three requests fewer matter more than parallel parts. */
const smallestAutoPart = 8 * mebibyte;

/** An automatic part size aims at no more parts than one page of ListParts shows. */
const autoPartCount = 1_000;

const roundUp = (bytes: number): number => Math.ceil(bytes / mebibyte) * mebibyte;

/**
 * Plans the transfer of an object whose size is known. Pure (wire §7.3).
 *
 * A part size that would need more than 10,000 parts is raised to the next MiB that does not, so that any part size
 * reaches COS's 48.82 TB.
 *
 * @param size bytes, 0 and up
 * @param partSize bytes, 1 MiB to 5 GiB, or `"auto"`: 8 MiB, and more from 7.8 GiB on, so that there are 1,000 parts
 * @throws SourceError `SOURCE_TOO_LARGE` above 48.82 TB
 */
export function planTransfer(size: number, partSize: number | "auto"): TransferPlan {
  if (size > cosLimits.maxObjectSize) {
    throw new SourceError(
      "SOURCE_TOO_LARGE",
      `the source has ${size} bytes; an object has at most ${cosLimits.maxObjectSize} (48.82 TB)`,
    );
  }
  const wanted = partSize === "auto" ? Math.max(smallestAutoPart, roundUp(size / autoPartCount)) : partSize;
  const needed = roundUp(size / cosLimits.maxParts);
  const chosen = Math.min(cosLimits.maxPartSize, Math.max(wanted, needed));
  if (size <= chosen) return { kind: "put", size, partSize: chosen, partCount: 1 };
  return { kind: "multipart", size, partSize: chosen, partCount: Math.ceil(size / chosen) };
}

/** The range of part `number` (1 to `partCount`) of a plan. Pure. */
export function partRange(plan: TransferPlan, number: number): PartRange {
  const offset = (number - 1) * plan.partSize;
  return { number, offset, size: Math.min(plan.partSize, plan.size - offset) };
}

/** How much of what was sent so far the next part of a growing plan has: 1/500 means 0.2 % growth a part. */
const growthDivisor = 500;

/**
 * The size of the next part of a stream whose length nobody knows. Pure (wire §7.4).
 *
 * The first 500 parts have the base size; from there a part has 1/500 of what was sent before it. Memory so stays
 * small for any usual length (base 8 MiB: 8 MiB up to 3.9 GiB, 20 MiB at 10 GiB), and 10,000 parts reach 33 TiB with
 * the default base; docs/decisions/0004 compares the schedules.
 *
 * @param base bytes of the first parts
 * @param sentBytes bytes of all parts before this one
 */
export function nextPartSize(base: number, sentBytes: number): number {
  return Math.min(cosLimits.maxPartSize, Math.max(base, roundUp(sentBytes / growthDivisor)));
}

/** The base size of an unknown-length stream's parts. */
export function streamPartSize(partSize: number | "auto"): number {
  return partSize === "auto" ? smallestAutoPart : partSize;
}
