import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmulator, type Emulator } from "../../src/emulator/index.ts";
import { root, run, succeed } from "./commands.ts";

/** As `npm run build:sea` makes it, on a machine that finds neither Node nor a package. */
describe("the single executable", () => {
  let folder: string;
  let program: string;
  let emulator: Emulator;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vodup-sea-test-"));
    const told = await succeed(process.execPath, [join(root, "scripts/build-sea.mjs"), join(folder, "bin")], root);
    program = told.trim().split("\n").at(-1) ?? "";
    emulator = await startEmulator();
    await writeFile(join(folder, "film.mp4"), Buffer.alloc(3 * 2 ** 20, 1));
  });

  afterAll(async () => {
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  });

  const environment = (): Record<string, string> => ({
    PATH: "",
    HOME: folder,
    TENCENTCLOUD_SECRET_ID: emulator.secretId,
    TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
    VODUP_VOD_ENDPOINT: emulator.vodEndpoint,
    VODUP_COS_ENDPOINT: emulator.cosEndpoint,
  });
  const vodup = (...args: string[]) => run(program, args, folder, environment());

  test("tells its version, and a mistake", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    expect(await vodup("--version")).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
    expect((await vodup("uplaod")).exitCode).toBe(2);
  });

  test("uploads in parts, and what a CSV lists", async () => {
    const upload = await vodup("upload", "film.mp4", "--part-size", "1MiB");
    expect(upload).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^\d+\n$/) as string, stderr: "" });
    await writeFile(join(folder, "films.csv"), "source\nfilm.mp4\n");
    const { exitCode, stdout } = await vodup("batch", "films.csv");
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\tfilm\.mp4\n$/) as string,
    });
    expect(emulator.media()).toHaveLength(2);
  });

  test("has the emulator and its page", async () => {
    const child = spawn(program, ["emulator"], { cwd: folder, env: environment() });
    try {
      const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
      const { origin } = JSON.parse(line) as { origin: string };
      for (const path of ["/", "/_vodup/app.js", "/_vodup/vendor/hls.js"]) {
        expect((await fetch(origin + path)).status, path).toBe(200);
      }
      expect((await fetch(`${origin}/_vodup/none.js`)).status).toBe(404);
    } finally {
      child.kill();
    }
  });

  test("says whose work is in it", async () => {
    const text = await readFile(join(folder, "bin/LICENSES.txt"), "utf8");
    for (const name of ["vodup", "undici", "fast-xml-parser", "p-limit", "csv-parse"]) {
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.`, "m"));
    }
  });
});
