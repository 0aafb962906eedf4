import { chmod, chown, mkdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";
import { takeLock } from "../../src/state/lock.ts";
import { openPrivateFolder } from "../../src/state/private-folder.ts";
import { mediaFiles } from "../../src/batch/folder.ts";
import { atEnd } from "../support/at-end.ts";

let bench: Bench;
const at = (name: string): string => join(bench.folder, name);
const isRoot = process.geteuid?.() === 0;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe("links that somebody has put beside a manifest", () => {
  beforeEach(async () => {
    await bench.file("a.mp4", "content");
    await bench.file("films.ndjson", '{"source":"a.mp4"}\n');
  });

  test.each([
    ["an empty file", ""],
    ["nothing", undefined],
  ])("X.journal that leads to %s: neither written nor created", async (_, content) => {
    if (content !== undefined) await writeFile(at("victim"), content);
    await symlink("victim", at("films.ndjson.journal"));
    const { code, stderr } = await bench.run(["batch", "films.ndjson"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("is a symbolic link") });
    expect(await readFile(at("victim"), "utf8").catch(() => undefined)).toBe(content);
    expect(bench.count("ApplyUpload")).toBe(0);
  });

  test("X.journal.state: the folder that it leads to keeps its mode, and nothing is put there", async () => {
    await mkdir(at("victim"), { mode: 0o755 });
    await symlink("victim", at("films.ndjson.journal.state"));
    const { code, stderr } = await bench.run(["batch", "films.ndjson"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain("is a symbolic link");
    expect(await modeOf(at("victim"))).toBe(0o755);
  });

  test("X.journal.lock that leads nowhere: told at once", async () => {
    await symlink("nowhere", at("films.ndjson.journal.lock"));
    const { code, stderr } = await bench.run(["batch", "films.ndjson"]);
    expect(code).toBe(2);
    expect(stderr).toContain("cannot be written");
  });
});

test("a report is its owner's only", async () => {
  await bench.file("a.mp4", "content");
  await bench.file("films.ndjson", '{"source":"a.mp4"}\n');
  expect(await bench.run(["batch", "films.ndjson", "--report", "report"])).toMatchObject({ code: 0 });
  expect(await modeOf(at("report"))).toBe(0o600);
});

describe("the state directory", () => {
  test("that others can write to is not used, and its mode is not mended unseen", async () => {
    await mkdir(at("state/vodup"), { recursive: true });
    await chmod(at("state/vodup"), 0o777);
    await bench.file("a.mp4", "content");
    const { code, stderr } = await bench.run(["upload", "a.mp4"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("can be written to by others") });
    expect(await modeOf(at("state/vodup"))).toBe(0o777);
  });

  test.runIf(isRoot)("of another user is not used, nor a link of another user", async () => {
    await mkdir(at("theirs"), { mode: 0o700 });
    await chown(at("theirs"), 12_345, 12_345);
    await expect(openPrivateFolder(at("theirs"), true)).rejects.toThrow("belongs to another user");
  });

  test("readable by others is closed to them", async () => {
    await mkdir(at("open"), { mode: 0o755 });
    await openPrivateFolder(at("open"), true);
    expect(await modeOf(at("open"))).toBe(0o700);
  });

  test.runIf(process.platform === "linux")("that cannot exist is told at once: no spinning in /proc", async () => {
    await bench.file("a.mp4", "content");
    const { code, stderr } = await bench.run(["upload", "a.mp4"], { env: { HOME: "/proc/nope", XDG_STATE_HOME: "" } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("no state can be kept") });
  });
});

test("an empty lock from the future is taken over", async () => {
  await writeFile(at("x.lock"), "");
  const future = new Date(Date.now() + 3_600_000);
  await utimes(at("x.lock"), future, future);
  const held = await takeLock(at("x.lock"));
  await held.release();
}, 20_000);

test("a folder's links lead to files below it only, and a folder that cannot be read is one failed entry", async () => {
  await mkdir(at("in/closed"), { recursive: true });
  await writeFile(at("secret.mp4"), "secret");
  await writeFile(at("in/a.mp4"), "content");
  await symlink("a.mp4", at("in/same.mp4"));
  await symlink("../secret.mp4", at("in/out.mp4"));
  // Also not by a link in the middle of a path.
  await mkdir(at("elsewhere"));
  await writeFile(at("elsewhere/b.mp4"), "secret");
  await symlink("../elsewhere", at("in/deep"));
  await symlink("deep/b.mp4", at("in/over.mp4"));
  const found: string[] = [];
  for await (const name of mediaFiles(at("in"), () => undefined)) found.push(name);
  expect(found).toEqual(["a.mp4", "same.mp4"]);
});

describe("uploads abort", () => {
  const unfinished = async (): Promise<string> => {
    await bench.file("film.mp4", 3 * 2 ** 20);
    bench.emulator.setFaults([{ operation: "UploadPart", partNumber: 3, fault: { kind: "reset-before" } }]);
    const args = ["upload", "film.mp4", "--part-size=1MiB", "--concurrency=1", "--retries=0", "--retry-for=0"];
    expect((await bench.run(args)).code).toBe(5);
    bench.emulator.setFaults([]);
    return at(`state/vodup/${(await bench.stateFiles()).find((name) => name.endsWith(".json"))}`);
  };

  test("keeps the state of what it could not remove, exit code 5; --force forgets it", async () => {
    await unfinished();
    bench.emulator.setFaults([{ operation: "AbortMultipartUpload", fault: { kind: "reset-before" } }]);
    const kept = await bench.run(["uploads", "abort", "--all"]);
    expect(kept).toMatchObject({ code: 5, stdout: "", stderr: expect.stringContaining("its state is kept") });
    expect(await bench.stateFiles()).toHaveLength(1);
    const forced = await bench.run(["uploads", "abort", "--all", "--force"]);
    expect(forced).toMatchObject({ code: 0, stderr: expect.stringContaining("may still be stored") });
    expect(await bench.stateFiles()).toEqual([]);
  }, 60_000);

  test("forgets what is gone (404), and what has expired", async () => {
    const path = await unfinished();
    const text = await readFile(path, "utf8");
    bench.emulator.setFaults([
      {
        operation: "AbortMultipartUpload",
        fault: { kind: "answer", status: 404, headers: { "x-cos-request-id": "1" } },
      },
    ]);
    expect(await bench.run(["uploads", "abort", "--all"])).toMatchObject({ code: 0 });
    expect(await bench.stateFiles()).toEqual([]);
    await writeFile(path, text.replace(/"expiredTime":\d+/, '"expiredTime":1000000'), { mode: 0o600 });
    bench.emulator.setFaults([{ operation: "AbortMultipartUpload", fault: { kind: "reset-before" } }]);
    expect(await bench.run(["uploads", "abort", "--all"])).toMatchObject({ code: 0 });
    expect(await bench.stateFiles()).toEqual([]);
  }, 60_000);

  test.each([
    ["that says only its state", { state: "committed" }],
    ["that is nothing", null],
  ])(
    "a checkpoint %s is no defect, in list, resume and abort",
    async (_, checkpoint) => {
      const path = await unfinished();
      const entry = JSON.parse(await readFile(path, "utf8")) as object;
      await writeFile(path, JSON.stringify({ ...entry, checkpoint }), { mode: 0o600 });
      for (const args of [
        ["uploads", "list"],
        ["uploads", "resume", "--all"],
        ["uploads", "abort", "--all", "--force"],
      ]) {
        const { stderr } = await bench.run(args);
        expect(stderr).not.toMatch(/TypeError|Cannot read|UNKNOWN/);
      }
    },
    60_000,
  );
});

describe("a state that names a foreign endpoint and holds no certificate", () => {
  let server: Server;
  const seen: string[] = [];

  beforeEach(async () => {
    seen.length = 0;
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    atEnd(() => void server.close());
  });

  test("gets nothing: no token and no signature of the account", async () => {
    await bench.file("film.mp4", 3 * 2 ** 20);
    bench.emulator.setFaults([{ operation: "UploadPart", partNumber: 3, fault: { kind: "reset-before" } }]);
    const args = ["upload", "film.mp4", "--part-size=1MiB", "--concurrency=1", "--retries=0", "--retry-for=0"];
    expect((await bench.run(args)).code).toBe(5);
    bench.emulator.setFaults([]);
    const path = at(`state/vodup/${(await bench.stateFiles()).find((name) => name.endsWith(".json"))}`);
    const entry = JSON.parse(await readFile(path, "utf8")) as { checkpoint: { session: object; endpoint: object } };
    const { certificate: _, ...session } = entry.checkpoint.session as { certificate: unknown };
    const foreign = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const planted = { ...entry.checkpoint, session, endpoint: { ...entry.checkpoint.endpoint, cos: foreign } };
    await writeFile(path, JSON.stringify({ ...entry, checkpoint: planted }), { mode: 0o600 });
    await bench.run(args);
    expect(seen).toEqual([]);
  }, 60_000);
});
