import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openBench, type Bench } from "../cli/support/bench.ts";
import { until } from "../cli/support/run-cli.ts";
import { hasNamespaces, startContained } from "./support/namespace.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

const films = Array.from({ length: 12 }, (_, index) => `film ${index}.mp4`);
const args = ["batch", "films.ndjson", "--files", "3"];

async function prepare(): Promise<void> {
  for (const film of films) await bench.file(film, `content of ${film}`);
  await bench.file("films.ndjson", films.map((source) => `${JSON.stringify({ source })}\n`).join(""));
  // Slow enough that a process can be stopped in the middle of it.
  bench.emulator.setFaults([{ operation: "CommitUpload", fault: { kind: "slow-response", ms: 100 } }]);
}

const contained = () => startContained(args, { env: bench.env, cwd: bench.folder });
const media = (): number => bench.emulator.media().length;
/** As it is when nobody has touched it for longer than a lock counts. */
async function age(lock: string): Promise<void> {
  const longAgo = new Date(Date.now() - 10 * 60_000);
  await utimes(join(bench.folder, lock), longAgo, longAgo);
}

/** Each film is one media, and the journal has one result of each, whoever wrote it. */
function expectEachOnce(): void {
  const names = bench.emulator.media().map(({ fields }) => fields["MediaName"] as string);
  expect(names.sort()).toEqual(films.map((film) => film.replace(".mp4", "")).sort());
}

describe.runIf(hasNamespaces)("two containers with one host name and one folder", () => {
  test("do not work at one batch at the same time, though neither can see the other's process", async () => {
    await prepare();
    const first = contained();
    await until(() => media() > 0, "the first media");
    const second = contained();
    expect(await second.ended).toBe(5);
    expect(second.stderr()).toContain("is being uploaded by another vodup");
    expect(await first.ended).toBe(0);
    expectEachOnce();
  });

  test("upload nothing twice when one is frozen, the other takes over, and the first is woken again", async () => {
    await prepare();
    const first = contained();
    await until(() => media() > 1, "two media");
    first.freeze();
    await age("films.ndjson.journal.lock");
    const second = contained();
    expect(await second.ended).toBe(0);
    first.thaw();
    expect(await first.ended).toBe(5);
    expect(first.stderr()).toContain("another vodup took it over while this one stood still");
    expectEachOnce();
  });

  test("nor when the one that took over is still at work", async () => {
    await prepare();
    const first = contained();
    await until(() => media() > 1, "two media");
    first.freeze();
    await age("films.ndjson.journal.lock");
    const second = contained();
    await until(() => second.stdout().includes("\n"), "a result of the second");
    first.thaw();
    expect(await first.ended).toBe(5);
    expect(await second.ended).toBe(0);
    expectEachOnce();
  });
});

describe("an upload whose lock was taken over", () => {
  test("is not committed, and what the other one has is left alone", async () => {
    const path = await bench.file("film.mp4", 3 * 2 ** 20);
    bench.emulator.setFaults([{ operation: "UploadPart", partNumber: 3, fault: { kind: "slow-response", ms: 1_500 } }]);
    const run = bench.start(["upload", path, "--part-size", "1MiB"]);
    await until(() => bench.count("UploadPart") === 3, "the parts");
    const [id = ""] = (await bench.stateFiles()).flatMap((name) => /^(.*)\.lock$/.exec(name)?.[1] ?? []);
    const lock = join(bench.folder, "state/vodup", `${id}.lock`);
    const other = JSON.stringify({ pid: 1, host: "elsewhere" });
    await writeFile(lock, other);
    expect(await run.ended).toMatchObject({ code: 5, stdout: "" });
    expect(media()).toBe(0);
    expect((await bench.stateFiles()).sort()).toEqual([`${id}.json`, `${id}.lock`]);
    expect(bench.emulator.uploads().length + bench.count("AbortMultipartUpload")).toBeLessThan(2);
  });
});
