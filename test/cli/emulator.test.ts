import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
}, 60_000);

afterAll(() => bench.close());

interface FirstLine {
  readonly origin: string;
  readonly vodEndpoint: string;
  readonly cosEndpoint: string;
  readonly secretId: string;
  readonly secretKey: string;
  readonly caFile?: string;
}

async function start(args: readonly string[]) {
  const run = bench.start(["emulator", ...args]);
  await until(() => run.stdout().includes("\n"), "the first line");
  return { run, line: JSON.parse(run.stdout()) as FirstLine };
}

const pointedAt = (line: FirstLine): Record<string, string | undefined> => ({
  VODUP_VOD_ENDPOINT: line.vodEndpoint,
  VODUP_COS_ENDPOINT: line.cosEndpoint,
  TENCENTCLOUD_SECRET_ID: line.secretId,
  TENCENTCLOUD_SECRET_KEY: line.secretKey,
  NODE_EXTRA_CA_CERTS: line.caFile,
});

describe("vodup emulator", () => {
  test("a port that is taken, and a file for a folder, are usage errors that name the flag", async () => {
    const taken = new URL(bench.emulator.origin).port;
    const port = await bench.run(["emulator", "--port", taken]);
    expect([port.code, port.stdout]).toEqual([2, ""]);
    expect(port.stderr).toMatch(/--port: another program listens there/);
    const dir = await bench.run(["emulator", "--dir", await bench.file("no-folder", "text")]);
    expect([dir.code, dir.stdout]).toEqual([2, ""]);
    expect(dir.stderr).toMatch(/--dir: must be a folder/);
  });

  test("tells in its first line all that an upload needs, and ends by a signal", async () => {
    const { run, line } = await start(["--dir", join(bench.folder, "objects")]);
    expect(Object.keys(line)).toEqual(["origin", "vodEndpoint", "cosEndpoint", "secretId", "secretKey"]);
    const path = await bench.file("a.mp4", "bytes");
    const { code, stdout } = await bench.run(["upload", path], { env: pointedAt(line) });
    expect(code).toBe(0);
    const media = (await (await fetch(`${line.origin}/media`)).json()) as { fileId: string; key: string }[];
    expect(media).toMatchObject([{ fileId: stdout.trim() }]);
    const files = await readdir(join(bench.folder, "objects"), { recursive: true, withFileTypes: true });
    const stored = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    const contents = await Promise.all(stored.map((file) => readFile(file, "utf8")));
    expect(contents).toContain("bytes");
    run.child.kill("SIGTERM");
    expect(await run.ended).toMatchObject({ code: 143, stderr: `page: ${line.origin}/\n` });
  });

  test.each([
    { opener: "opens it", script: 'echo "$1" > "$OPENED"', said: "" },
    { opener: "finds no browser", script: "exit 3", said: "no browser could be started" },
    { opener: "is not there", script: undefined, said: "no browser could be started" },
  ])("--open where the desktop's opener $opener", async ({ opener, script, said }) => {
    const folder = join(bench.folder, opener.replaceAll(" ", "-"));
    await mkdir(folder);
    const opened = join(folder, "opened");
    if (script !== undefined) await writeFile(join(folder, "xdg-open"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const run = bench.start(["emulator", "--open"], { env: { PATH: folder, OPENED: opened } });
    await until(() => run.stderr().includes("page: ") && run.stderr().includes(said), "the note");
    if (said === "") await until(() => existsSync(opened) && readFileSync(opened, "utf8") !== "", "the opener");
    const { origin } = JSON.parse(run.stdout()) as FirstLine;
    if (said === "") expect(readFileSync(opened, "utf8")).toBe(`${origin}/\n`);
    run.child.kill("SIGTERM");
    await run.ended;
  });

  test("--env: a shell that evaluates it uploads; the keys are those of the flags", async () => {
    const run = bench.start(["emulator", "--env", "--secret-id", "AKIDfixed", "--secret-key", "made'up"]);
    await until(() => run.stdout().split("\n").length > 4, "the lines");
    const shell = spawnSync("sh", ["-c", `${run.stdout()}\nenv`], { encoding: "utf8", env: {} });
    const variables = Object.fromEntries(shell.stdout.split("\n").map((line) => line.split(/=(.*)/s)));
    expect(variables).toMatchObject({ TENCENTCLOUD_SECRET_ID: "AKIDfixed", TENCENTCLOUD_SECRET_KEY: "made'up" });
    const env = { ...variables, PATH: process.env["PATH"] };
    const path = await bench.file("env.mp4", "bytes");
    expect(await bench.run(["upload", path], { env })).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining("error"),
    });
    run.child.kill("SIGINT");
    await run.ended;
  });

  test("--seed repeats keys and FileIds; POST /reset forgets all of it and begins again", async () => {
    const lines: FirstLine[] = [];
    const ids: string[] = [];
    for (const round of ["first", "second"]) {
      const { run, line } = await start(["--seed", "7"]);
      lines.push({ ...line, origin: "", vodEndpoint: "", cosEndpoint: "" });
      for (const name of ["a.mp4", "b.mp4"]) {
        const path = await bench.file(`${round}-${name}`, "bytes");
        ids.push((await bench.run(["upload", path], { env: pointedAt(line) })).stdout);
        const answer = await fetch(`${line.origin}/reset`, { method: "POST" });
        expect(await answer.json()).toEqual({ ok: true });
        expect(await (await fetch(`${line.origin}/media`)).json()).toEqual([]);
        expect(await (await fetch(`${line.origin}/objects`)).json()).toEqual({});
      }
      run.child.kill("SIGINT");
      await run.ended;
    }
    expect(lines[0]).toEqual(lines[1]);
    expect(new Set(ids).size).toBe(1);
  });

  test("--tls: an upload that trusts caFile works", async () => {
    const { run, line } = await start(["--tls"]);
    expect(line.origin).toMatch(/^https:/);
    const path = await bench.file("tls.mp4", "bytes");
    expect(await bench.run(["upload", path], { env: pointedAt(line) })).toMatchObject({ code: 0, stderr: "" });
    run.child.kill("SIGINT");
    expect((await run.ended).code).toBe(130);
  });

  test("--faults: does what the file says", async () => {
    const rules = [{ operation: "ApplyUpload", fault: { kind: "answer", status: 500, body: "" } }];
    const { run, line } = await start(["--faults", await bench.file("faults.json", JSON.stringify(rules))]);
    const path = await bench.file("faulty.mp4", "bytes");
    expect((await bench.run(["upload", path, "--retries=0"], { env: pointedAt(line) })).code).toBe(5);
    run.child.kill("SIGINT");
    await run.ended;
  });
});
