import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InHand } from "../../src/batch/in-hand.ts";

const never = new AbortController().signal;
let folder: string;
let [small, big]: [string, string] = ["", ""];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-in-hand-"));
  [small, big] = [join(folder, "small.mp4"), join(folder, "big.mp4")];
  await writeFile(small, "");
  await truncate(small, 8 * 2 ** 20);
  await writeFile(big, "");
  await truncate(big, 8 * 2 ** 20 + 1);
  await mkdir(join(folder, "tree.mp4"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Works through sources, and tells the most that were in hand at once, of all and of the big ones. */
async function most(inHand: InHand, sources: readonly string[]): Promise<{ all: number; big: number }> {
  const now = { all: 0, big: 0 };
  const peak = { all: 0, big: 0 };
  const entries = async function* () {
    for (const source of sources) yield { source };
  };
  await inHand.each(entries(), never, async ({ source }) => {
    now.all += 1;
    now.big += source === big ? 1 : 0;
    for (const key of ["all", "big"] as const) peak[key] = Math.max(peak[key], now[key]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now.all -= 1;
    now.big -= source === big ? 1 : 0;
  });
  return peak;
}

const times = (count: number, source: string): string[] => Array.from({ length: count }, () => source);

describe("entries in hand", () => {
  test("of big files there are so many and no more", async () => {
    expect(await most(new InHand(3, 5), times(30, big))).toEqual({ all: 3, big: 3 });
  });

  test("of small files there are some more", async () => {
    expect(await most(new InHand(3, 5), times(60, small))).toEqual({ all: 8, big: 0 });
  });

  test("small ones among big ones let no more big ones in", async () => {
    const mixed = Array.from({ length: 80 }, (_, n) => (n % 3 === 0 ? big : small));
    const peak = await most(new InHand(3, 5), mixed);
    expect(peak.big).toBeLessThanOrEqual(3);
    expect(peak.all).toBeGreaterThan(3);
    expect(peak.all).toBeLessThanOrEqual(8);
  });

  test("with none to be added, a number is a number", async () => {
    expect(await most(new InHand(3), times(30, small))).toEqual({ all: 3, big: 0 });
  });

  test.each([["what is not there"], ["a URL"], ["a folder"]])("%s is not taken for small", async (what) => {
    const sources: Record<string, string> = {
      "what is not there": join(folder, "none.mp4"),
      "a URL": "https://media.example/a.mp4",
      "a folder": join(folder, "tree.mp4"),
    };
    expect(await most(new InHand(2, 5), times(12, sources[what] ?? ""))).toMatchObject({ all: 2 });
  });

  test("what fails ends all, and is in hand no more", async () => {
    const inHand = new InHand(1, 1);
    const entries = async function* () {
      yield { source: small };
    };
    await expect(inHand.each(entries(), never, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await most(inHand, times(12, big))).toEqual({ all: 1, big: 1 });
  });
});
