import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, readlink, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LockedError, LostLockError, isLocked, takeLock } from "../../src/state/lock.ts";
import { replaceFile } from "../../src/state/private-file.ts";
import { bundled } from "../support/bundled.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-lock-"));
  path = join(folder, "x.lock");
});

afterEach(() => rm(folder, { recursive: true }));

/** Where this process runs, as its locks say it. */
const here = {
  host: hostname(),
  boot: await readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (text) => text.trim(),
    () => undefined,
  ),
  namespace: await readlink("/proc/self/ns/pid").catch(() => undefined),
};
const longAgo = new Date(Date.now() - 10 * 60_000);

/** The number of a process that ran and runs no more. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid ?? 0;
}

describe("a lock", () => {
  test("is held until it is given back, and leaves nothing", async () => {
    const lock = await takeLock(path);
    expect(await isLocked(path)).toBe(true);
    await expect(takeLock(path)).rejects.toMatchObject({ pid: process.pid });
    await lock.check();
    await lock.release();
    expect(await isLocked(path)).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each<[string, () => Promise<string>]>([
    ["of a process that ended", async () => JSON.stringify({ pid: await deadPid(), ...here })],
    [
      "of an earlier process of the same number",
      async () => JSON.stringify({ pid: process.pid, started: "1", ...here }),
    ],
  ])("%s is taken over", async (_, holder) => {
    await writeFile(path, await holder());
    expect(await isLocked(path)).toBe(false);
    await (await takeLock(path)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test("that is empty is waited for at first, and taken over when nobody fills it", async () => {
    await writeFile(path, "");
    const taken = takeLock(path);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await readFile(path, "utf8")).toBe("");
    await utimes(path, new Date(0), new Date(0));
    await (await taken).release();
  });

  test.each<[string, object]>([
    ["another host", { host: "elsewhere", boot: "another", namespace: here.namespace }],
    ["another boot, or a machine made from the same image", { ...here, boot: "another" }],
    ["another PID namespace of this kernel: a container with this host name", { ...here, namespace: "pid:[1]" }],
    ["who knows where: it says neither boot nor namespace", { host: here.host }],
  ])("of %s counts while it is touched, whatever has that number here", async (_, place) => {
    for (const pid of [process.pid, await deadPid()]) {
      await writeFile(path, JSON.stringify({ pid, ...place }));
      await expect(takeLock(path)).rejects.toBeInstanceOf(LockedError);
      // Also by a clock that was set back since.
      for (const touched of [longAgo, new Date(Date.now() + 86_400_000)]) {
        await writeFile(path, JSON.stringify({ pid, ...place }));
        await utimes(path, touched, touched);
        await (await takeLock(path)).release();
      }
    }
  });

  test("of a process here that does not move is not taken over, however old it is", async () => {
    const lock = await takeLock(path);
    await utimes(path, longAgo, longAgo);
    await expect(takeLock(path)).rejects.toBeInstanceOf(LockedError);
    await lock.release();
  });

  test.each<[string, () => Promise<void>]>([
    ["taken over", () => writeFile(path, JSON.stringify({ pid: 1, ...here, host: "elsewhere" }))],
    ["taken over and given back", () => rm(path)],
  ])("that was %s meanwhile is lost, and not removed by who had it", async (_, take) => {
    const lock = await takeLock(path);
    await take();
    const left = await readdir(folder);
    await expect(lock.check()).rejects.toBeInstanceOf(LostLockError);
    await lock.release();
    expect(await readdir(folder)).toEqual(left);
  });

  test("left behind goes to exactly one of many that want it", async () => {
    const module = await bundled("src/state/lock.ts");
    const contender = join(folder, "contender.mjs");
    await writeFile(
      contender,
      `import { takeLock } from ${JSON.stringify(module)};
       process.once("message", () => takeLock(process.argv[2]).then(() => process.send("mine"), (e) => process.send(e.name)));
       process.send("ready");
       setTimeout(() => undefined, 10_000);`,
    );
    await writeFile(path, JSON.stringify({ pid: await deadPid(), ...here }));
    const children = Array.from({ length: 6 }, () => fork(contender, [path]));
    try {
      await Promise.all(children.map((child) => once(child, "message")));
      const answers = children.map(async (child) => (await once(child, "message"))[0] as unknown);
      for (const child of children) child.send("go");
      expect((await Promise.all(answers)).filter((answer) => answer === "mine")).toHaveLength(1);
    } finally {
      for (const child of children) child.kill("SIGKILL");
    }
  });
});

describe("a private file", () => {
  test("is replaced whole, never through what somebody left in its place", async () => {
    const victim = join(folder, "victim");
    await writeFile(victim, "untouched");
    const file = join(folder, "state.json");
    const { symlink, stat } = await import("node:fs/promises");
    await symlink(victim, join(folder, ".state.json.new"));
    await replaceFile(file, "one");
    await replaceFile(file, "two");
    expect(await readFile(file, "utf8")).toBe("two");
    expect(await readFile(victim, "utf8")).toBe("untouched");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).sort()).toEqual(["state.json", "victim"]);
  });
});
