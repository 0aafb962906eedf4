import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
  await bench.file("a.mp4", "content");
}, 60_000);

afterAll(() => bench.close());

describe("a home that is no folder of the user's", () => {
  test.each(["/proc/nope", "/dev/null", "/sys/nope", "/proc/self/fd"])("%s: bounded, and told", async (HOME) => {
    const env = { HOME, XDG_STATE_HOME: undefined };
    const { code, stdout, stderr } = await bench.run(["upload", "a.mp4"], { env, limitMs: 15_000 });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\n$/) });
    expect(stderr).toMatch(/no state can be kept.*set XDG_STATE_HOME to a directory that can be written/);
    for (const args of [
      ["uploads", "list"],
      ["uploads", "abort", "--all"],
    ]) {
      const none = await bench.run(args, { env, limitMs: 15_000 });
      expect(none).toEqual({
        code: 0,
        stdout: "",
        stderr: `vodup: no unfinished uploads in ${HOME}/.local/state/vodup\n`,
      });
    }
  });

  test.each(["", "relative/home"])("%j: nothing is kept below the folder that a command runs in", async (HOME) => {
    const before = await readdir(bench.folder);
    const env = { HOME, XDG_STATE_HOME: undefined, XDG_CONFIG_HOME: undefined, XDG_CACHE_HOME: undefined };
    const { stderr } = await bench.run(["uploads", "list", "--json"], { env });
    expect(stderr).toMatch(/^(?:|vodup: no unfinished uploads in \/.*)$/m);
    const { stdout } = await bench.run(["config", "--json"], { env });
    expect(stdout).toContain('/.local/state/vodup"');
    expect(stdout).not.toMatch(/"(?:relative|\.local)/);
    expect(await readdir(bench.folder)).toEqual(before);
  });
});
