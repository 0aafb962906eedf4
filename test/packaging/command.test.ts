import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { startEmulator, type Emulator } from "../../src/emulator/index.ts";
import { run } from "./commands.ts";

const installed = join(inject("packed").project, "node_modules/vodup");
const main = join(installed, "dist/cli/main.js");
/** Megabytes at most, of a process that uploads 1 KiB: one that optimises its HTTP parser takes 80 and more. */
const memoryBudget = 76;

describe("the command in one file", () => {
  let emulator: Emulator;
  let folder: string;
  let film: string;

  beforeAll(async () => {
    emulator = await startEmulator();
    folder = await mkdtemp(join(tmpdir(), "vodup-command-"));
    film = join(folder, "film.mp4");
    await writeFile(film, Buffer.alloc(1024, 1));
  });

  afterAll(async () => {
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  });

  const environment = (): Record<string, string> => ({
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    TENCENTCLOUD_SECRET_ID: emulator.secretId,
    TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
    VODUP_VOD_ENDPOINT: emulator.vodEndpoint,
    VODUP_COS_ENDPOINT: emulator.cosEndpoint,
  });

  test("--version needs main.js only", async () => {
    const alone = join(folder, "alone");
    await mkdir(join(alone, "dist/cli"), { recursive: true });
    await cp(join(installed, "package.json"), join(alone, "package.json"));
    for (const name of ["main.js", "package.json"]) {
      await cp(join(installed, "dist/cli", name), join(alone, "dist/cli", name));
    }
    const { exitCode, stdout, stderr } = await run(process.execPath, [join(alone, "dist/cli/main.js"), "-V"], folder);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });

  test("a stack trace names functions, methods and private members as the sources do", async () => {
    const env = { ...environment(), VODUP_VOD_ENDPOINT: "http://127.0.0.1:9" };
    const { exitCode, stderr } = await run(
      process.execPath,
      [main, "upload", film, "--retries", "0", "--retry-for", "0", "--debug"],
      folder,
      env,
    );
    expect(exitCode).toBe(5);
    const frames = ["toNetworkError", "Transport.send", "async retrying", "async applyUpload", "async #apply"];
    for (const frame of frames) expect(stderr).toContain(`at ${frame} (`);
  });

  test("a home that takes no files is no obstacle", async () => {
    const env = { ...environment(), HOME: "/dev/null", XDG_CACHE_HOME: "/dev/null/cache" };
    const { exitCode, stdout } = await run(process.execPath, [main, "upload", film, "--no-resume"], folder, env);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^\d+\n$/) as string });
  });

  test(`uploads 1 KiB with at most ${memoryBudget} MiB`, async () => {
    const told = join(folder, "told.cjs");
    await writeFile(told, `process.on("exit", () => console.error("peak", process.resourceUsage().maxRSS));`);
    const args = ["--require", told, main, "upload", film, "--no-resume", "--quiet"];
    const { exitCode, stderr } = await run(process.execPath, args, folder, environment());
    expect(exitCode).toBe(0);
    const peak = Number(/^peak (\d+)$/m.exec(stderr)?.[1]) / 1024;
    expect(peak).toBeGreaterThan(20);
    expect(peak).toBeLessThanOrEqual(memoryBudget);
  });
});
