import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosLimits } from "../../../src/cos/limits.ts";
import { nextPartSize, partRange, planTransfer, streamPartSize } from "../../../src/upload/transfer/part-plan.ts";
import { vectors } from "../../support/vector-form.ts";

type PlanVector =
  | {
      readonly size: number;
      readonly partSize: number | "auto";
      readonly steps?: { readonly wanted: number; readonly needed: number };
      readonly expected:
        | { readonly error: string }
        | {
            readonly kind: string;
            readonly partSize: number;
            readonly partCount: number;
            readonly lastPartSize: number;
          };
    }
  | {
      readonly base: number;
      readonly sentBytes: number;
      readonly steps: { readonly grown: number };
      readonly expected: { readonly partSize: number };
    };

const { minPartSize, maxPartSize, maxParts, maxObjectSize } = cosLimits;

function planned(size: number, partSize: number | "auto"): object {
  try {
    const plan = planTransfer(size, partSize);
    const { kind, partCount } = plan;
    return { kind, partSize: plan.partSize, partCount, lastPartSize: partRange(plan, partCount).size };
  } catch (error) {
    return { error: (error as { code?: string }).code };
  }
}

test.each(vectors<PlanVector>("part-plan"))("$name", (vector) => {
  if ("base" in vector) {
    const { base, sentBytes, steps, expected } = vector;
    expect({ partSize: nextPartSize(base, sentBytes) }).toEqual(expected);
    expect(expected.partSize).toBe(Math.min(maxPartSize, Math.max(base, steps.grown)));
  } else {
    const { size, partSize, steps, expected } = vector;
    expect(planned(size, partSize)).toEqual(expected);
    if (steps === undefined) return;
    expect(expected).toHaveProperty("partSize", Math.min(maxPartSize, Math.max(steps.wanted, steps.needed)));
  }
});

/** Sizes over all magnitudes, not only near the largest. */
const sizes = fc
  .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: -2, max: 2 }))
  .map(([share, offset]) => Math.min(maxObjectSize, Math.max(0, Math.floor(maxObjectSize ** share) + offset)));
const partSizes = fc.oneof(
  fc.constant<"auto">("auto"),
  fc.constantFrom(minPartSize, maxPartSize, 5 * minPartSize),
  fc.integer({ min: minPartSize, max: maxPartSize }),
);

describe("a plan", () => {
  test("covers every byte once, within all limits of the service", () => {
    fc.assert(
      fc.property(sizes, partSizes, (size, partSize) => {
        const plan = planTransfer(size, partSize);
        expect(plan.size).toBe(size);
        expect(plan.partCount).toBeLessThanOrEqual(maxParts);
        let offset = 0;
        for (let number = 1; number <= plan.partCount; number += 1) {
          const range = partRange(plan, number);
          expect(range).toMatchObject({ number, offset });
          if (number < plan.partCount) {
            if (range.size < minPartSize || range.size > maxPartSize) throw new Error(`part ${number}: ${range.size}`);
          } else if (size > 0 && (range.size < 1 || range.size > maxPartSize)) throw new Error(`last: ${range.size}`);
          offset += range.size;
        }
        expect(offset).toBe(size);
      }),
      { numRuns: 60 },
    );
  });

  test("keeps the part size that was asked for, unless it would need more than 10,000 parts", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: minPartSize, max: maxPartSize }), (size, partSize) => {
        const plan = planTransfer(size, partSize);
        if (Math.ceil(size / partSize) <= maxParts) expect(plan.partSize).toBe(partSize);
        else {
          expect(plan.partSize).toBeGreaterThan(partSize);
          expect(plan.partSize - size / maxParts).toBeLessThan(2 ** 20);
        }
      }),
    );
  });

  test("is a PUT exactly when everything fits into one part", () => {
    fc.assert(
      fc.property(sizes, partSizes, (size, partSize) => {
        const plan = planTransfer(size, partSize);
        expect(plan.kind === "put").toBe(size <= plan.partSize);
        if (plan.kind === "put") expect(plan).toMatchObject({ partCount: 1 });
        else expect(plan.partCount).toBeGreaterThan(1);
      }),
    );
  });

  test("says that an object is too large, whatever the part size", () => {
    for (const partSize of ["auto", minPartSize, maxPartSize] as const) {
      expect(() => planTransfer(maxObjectSize + 1, partSize)).toThrow(
        expect.objectContaining({ code: "SOURCE_TOO_LARGE", message: expect.stringContaining("48.82 TB") }),
      );
    }
  });
});

describe("the parts of a stream", () => {
  const grown = (base: number): { total: number; largest: number; smallest: number; descends: boolean } => {
    let [total, largest, descends] = [0, 0, false];
    for (let number = 1; number <= maxParts; number += 1) {
      const size = nextPartSize(base, total);
      descends ||= size < largest;
      largest = Math.max(largest, size);
      total += size;
    }
    return { total, largest, smallest: base, descends };
  };

  test("never become smaller, and stay within the service's limits", () => {
    fc.assert(
      fc.property(fc.integer({ min: minPartSize, max: maxPartSize }), (base) => {
        const { largest, descends } = grown(base);
        expect(descends).toBe(false);
        expect(largest).toBeLessThanOrEqual(maxPartSize);
      }),
      { numRuns: 20 },
    );
  });

  test("reach tens of terabytes from any beginning, and all of 48.82 TB from the largest", () => {
    const tib = 2 ** 40;
    expect(grown(streamPartSize("auto")).total).toBeGreaterThan(32 * tib);
    expect(grown(minPartSize).total).toBeGreaterThan(24 * tib);
    expect(grown(maxPartSize).total).toBe(maxObjectSize);
  });

  test("keep their first size for the lengths that are usual: memory is what they cost", () => {
    const base = streamPartSize("auto");
    expect(base).toBe(8 * 2 ** 20);
    expect(nextPartSize(base, 3 * 2 ** 30)).toBe(base);
    expect(nextPartSize(base, 10 * 2 ** 30)).toBeLessThanOrEqual(21 * 2 ** 20);
  });
});
