import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { run, root, succeed } from "./commands.ts";

const { project } = inject("packed");

/** One name of each entry point that nothing works without. */
const entries: Record<string, string> = {
  vodup: "VodClient",
  "vodup/signing": "signTc3",
  "vodup/vod-api": "VodApi",
  "vodup/cos": "CosClient",
  "vodup/events": "parseEvent",
  "vodup/batch": "uploadBatch",
  "vodup/emulator": "startEmulator",
  "vodup/vod-node-sdk": "VodUploadClient",
};

interface Manifest {
  readonly version: string;
  readonly exports: Record<string, unknown>;
}

const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;

async function bytesBelow(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const files = await Promise.all(names.map((name) => lstat(join(folder, name))));
  return files.filter((file) => file.isFile()).reduce((sum, file) => sum + file.size, 0);
}

describe("an install in somebody else's project", () => {
  test("brings at most 12 packages", async () => {
    const lock = JSON.parse(await readFile(join(project, "package-lock.json"), "utf8")) as { packages: object };
    const packages = Object.keys(lock.packages).filter((path) => path !== "");
    expect(packages).toContain("node_modules/vodup");
    expect(packages.length).toBeLessThanOrEqual(12);
  });

  test("takes at most 6 MB", async () => {
    const bytes = await bytesBelow(join(project, "node_modules"));
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(bytes).toBeLessThanOrEqual(6_000_000);
  });

  test("every entry point of package.json is tried below", () => {
    const named = Object.keys(manifest.exports).map((path) => path.replace(/^\./, "vodup"));
    expect(named.sort()).toEqual([...Object.keys(entries), "vodup/package.json"].sort());
  });

  test.each(Object.entries(entries))("import %s", async (entry, name) => {
    const code = `const module = await import(${JSON.stringify(entry)}); console.log(typeof module[${JSON.stringify(name)}]);`;
    expect(await run(process.execPath, ["--input-type=module", "--eval", code], project)).toEqual({
      exitCode: 0,
      stdout: "function\n",
      stderr: "",
    });
  });

  // Each in a process of its own: a require() while an import() of the same file is under way fails on Node 24.
  test.each(Object.entries(entries))("require(%j) from CommonJS", async (entry, name) => {
    const code = `console.log(typeof require(${JSON.stringify(entry)})[${JSON.stringify(name)}]);`;
    const outcome = await run(process.execPath, ["--input-type=commonjs", "--eval", code], project);
    expect(outcome).toMatchObject({ exitCode: 0, stdout: "function\n" });
  });

  test("package.json can be asked for, other files cannot", async () => {
    const version = `console.log(require("vodup/package.json").version)`;
    expect(await succeed(process.execPath, ["--eval", version], project)).toBe(`${manifest.version}\n`);
    const inner = await run(process.execPath, ["--eval", `require("vodup/dist/client.js")`], project);
    expect(inner.exitCode).toBe(1);
    expect(inner.stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  test("the command tells its version", async () => {
    const command = join(project, "node_modules/.bin", process.platform === "win32" ? "vodup.cmd" : "vodup");
    expect((await succeed(command, ["--version"], project)).trim()).toBe(manifest.version);
  });
});
