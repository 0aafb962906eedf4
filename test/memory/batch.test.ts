import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bundled } from "../support/bundled.ts";

const mib = 2 ** 20;

test("a batch of 100,000 entries holds little more than one of 1,000", async () => {
  const child = await bundled("test/memory/batch-child.mjs");
  const folder = await mkdtemp(join(tmpdir(), "vodup-memory-"));
  try {
    const hold = async (count: number): Promise<number> => {
      const args = ["--expose-gc", child, folder, String(count)];
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 250_000 });
      const { most, ...rest } = JSON.parse(stdout) as { most: number };
      const earlier = Math.floor(count / 3);
      expect(rest).toMatchObject({ total: count, earlier, taken: count - earlier, problemCount: 0 });
      return most;
    };
    const few = await hold(1_000);
    const many = await hold(100_000);
    console.log(`held: ${(few / mib).toFixed(1)} MiB for 1,000, ${(many / mib).toFixed(1)} MiB for 100,000`);
    // A slot of the table is 17 bytes, and at most three of four are free; an entry as an object would be ten times that.
    expect(many - few).toBeLessThan(10 * mib);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(child);
  }
});
