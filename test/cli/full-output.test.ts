import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { commands } from "../../src/cli/commands.ts";
import { mib, openBench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";

const cassette = fileURLToPath(new URL("../../fixtures/cassettes/vod/apply-upload.json", import.meta.url));
const full = 'exec "$@" >/dev/full';
const because = "vodup: stdout cannot be written: its disk is full (ENOSPC)\n";

let bench: Bench;
let fileId = "";

/** Leaves an unfinished upload behind. */
async function unfinished(name: string): Promise<void> {
  await bench.file(name, 3 * mib);
  bench.emulator.setFaults([{ operation: "UploadPart", partNumber: 3, fault: { kind: "reset-before" } }]);
  const args = ["upload", name, "--part-size=1MiB", "--concurrency=1", "--retries=0"];
  expect((await bench.run(args)).code).toBe(5);
  bench.emulator.setFaults([]);
}

beforeAll(async () => {
  bench = await openBench({ pullWaitMs: 50 });
  await bench.file("film.mp4", "film");
  await bench.file("films.ndjson", '{"source":"film.mp4"}\n{"source":"film.mp4","mediaName":"second"}\n');
  const media = await bench.run(["upload", "film.mp4"]);
  fileId = media.stdout.trim();
}, 60_000);

afterAll(() => bench.close());

/** Of every command one that prints; what is uploaded is looked at below. */
const printing: Readonly<Record<string, () => readonly string[] | Promise<readonly string[]>>> = {
  upload: () => ["upload", "film.mp4", "--dry-run"],
  "uploads list": async () => {
    await unfinished("listed.mp4");
    return ["uploads", "list"];
  },
  "uploads resume": () => ["uploads", "resume", "--all"],
  "uploads abort": async () => {
    await unfinished("aborted.mp4");
    return ["uploads", "abort", "--all"];
  },
  batch: () => ["batch", "films.ndjson", "--dry-run"],
  pull: () => ["pull", "https://source.example/a.mp4"],
  media: () => ["media", fileId],
  "sub-apps": () => ["sub-apps"],
  call: () => ["call", "DescribeSubAppIds", "{}"],
  config: () => ["config"],
  events: () => ["events"],
  "events config": () => ["events", "config"],
  emulator: () => ["emulator"],
  conformance: () => ["conformance", "--print-ci", "github", "--", "true"],
  replay: () => ["replay", cassette],
  doctor: () => ["doctor", "--emulator"],
  "sign tc3": () => ["sign", "tc3", "--body={}"],
  "sign cos": () => ["sign", "cos", "--method=GET", "--path=/a", "--header=host: h.example"],
  "sign client": () => ["sign", "client"],
  completion: () => ["completion", "bash"],
};

describe("stdout on a disk that is full", () => {
  // `listen` needs a post, below.
  const names = commands.map(({ name }) => name).filter((name) => name !== "listen");

  test.each(names)("is exit code 5 of vodup %s, and said", async (name) => {
    const { code, stderr } = await bench.run((await printing[name]?.()) ?? [], { shell: full });
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining(because) });
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.each([["--version"], ["--help"], ["help", "upload"], ["uploads", "--help"]])(
    "also of %s %s",
    async (...args) => {
      expect(await bench.run(args, { shell: full })).toEqual({ code: 5, stdout: "", stderr: because });
    },
  );

  test("ends vodup listen with the first event", async () => {
    const run = bench.start(["listen", "--port", "0"], { shell: full });
    await until(() => run.stderr().includes("listening on"), "the port");
    const url = /http:\S+/.exec(run.stderr())?.[0] ?? "";
    const event = { EventType: "NewFileUpload", FileUploadEvent: { FileId: "1" } };
    await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(event) });
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining(because) });
  });

  test("and stderr too, ends nothing early", async () => {
    for (const args of [["--version"], ["--help"], ["config"]]) {
      expect((await bench.run(args, { shell: 'exec "$@" >/dev/full 2>&1' })).code).toBe(5);
    }
    expect((await bench.run(["upload", "missing.mp4"], { shell: 'exec "$@" 2>/dev/full' })).code).toBe(3);
  });

  test("keeps an upload's FileId for the next run, which uploads nothing again", async () => {
    await bench.file("kept.mp4", "kept");
    const before = bench.count("CommitUpload");
    const { code, stderr } = await bench.run(["upload", "kept.mp4"], { shell: full });
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringMatching(/uploaded as FileId \d+/) });
    const again = await bench.run(["upload", "kept.mp4"]);
    expect(again).toMatchObject({ code: 0, stdout: `${/FileId (\d+)/.exec(stderr)?.[1]}\n` });
    expect(bench.count("CommitUpload") - before).toBe(1);
  });

  test("is no reason to upload again where nothing is remembered", async () => {
    await bench.file("forgotten.mp4", "forgotten");
    const { code, stderr } = await bench.run(["upload", "forgotten.mp4", "--no-resume"], { shell: full });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/uploaded as FileId \d+/) });
  });

  test.each([[[]], [["--json"]]])("lets a batch go on, %j", async (flags) => {
    const journal = `journal${flags.length}`;
    const args = ["batch", "films.ndjson", "--journal", journal, ...flags];
    const { code, stderr } = await bench.run(args, { shell: full });
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining("the batch continues") });
    expect((await readFile(join(bench.folder, journal), "utf8")).match(/"fileId"/g)).toHaveLength(2);
    const before = bench.count("CommitUpload");
    expect((await bench.run(args)).code).toBe(0);
    expect(bench.count("CommitUpload")).toBe(before);
  });
});

test("an output that the system cuts off is not taken for whole", async () => {
  // A disk that becomes full takes the first bytes of a write, as this limit of 512 or 1024 bytes does.
  const { code, stderr } = await bench.run(["completion", "bash"], { shell: 'ulimit -f 1; exec "$@" >cut' });
  expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining("EFBIG") });
  expect((await stat(join(bench.folder, "cut"))).size).toBeGreaterThan(0);
});

describe("a reader that has gone", () => {
  test.each([[["--version"]], [["--help"]], [["config"]], [["completion", "zsh"]]])("ends %j quietly", async (args) => {
    const shell = '{ "$@"; echo "code $?" >&2; } | true';
    const { stderr } = await bench.run(args, { shell });
    expect(stderr).toBe("code 0\n");
  });

  test("does not stop what a command does", async () => {
    const [first = "", second = ""] = await Promise.all(
      ["a.mp4", "b.mp4"].map(async (name) => {
        await bench.file(name, name);
        return (await bench.run(["upload", name])).stdout.trim();
      }),
    );
    const run = bench.start(["media", "--delete", first, second]);
    run.child.stdout.destroy();
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(bench.emulator.media().map((media) => media.fileId)).not.toContain(second);
  });
});
