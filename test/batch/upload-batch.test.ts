import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { BatchManifestError, uploadBatch, type BatchOptions } from "../../src/batch/index.ts";
import { startEmulator, type Emulator } from "../../src/emulator/index.ts";
import { VodClient } from "../../src/index.ts";
import type { RetryOptions } from "../../src/http/retry.ts";
import { atEnd } from "../support/at-end.ts";
import { temporary } from "./support.ts";

const refused = { kind: "refuse-signature" } as const;

async function scene(files: readonly string[] = ["a.mp4", "b.mp4"], retry: RetryOptions = {}) {
  const emulator = await startEmulator({ page: false });
  atEnd(() => emulator.close());
  const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
  const client = new VodClient({ credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint, retry });
  atEnd(() => client.close());
  const folder = await temporary();
  for (const name of files) await writeFile(join(folder, name), name);
  const manifest = join(folder, "films.ndjson");
  await writeFile(manifest, files.map((source) => `${JSON.stringify({ source })}\n`).join(""));
  return { emulator, client, folder, manifest };
}

describe("a batch of a program", () => {
  test("uploads every entry once, however often it is called", async () => {
    const { emulator, client, manifest } = await scene();
    const results: string[] = [];
    const options: BatchOptions = {
      defaults: { classId: 7 },
      onResult: ({ source, fileId }) => results.push(`${source} ${fileId}`),
    };
    expect(await uploadBatch(client, manifest, options)).toMatchObject({ total: 2, done: 2, earlier: 0, failed: 0 });
    const media = emulator.media();
    expect(results.map((line) => line.split(" ")[1]).sort()).toEqual(media.map(({ fileId }) => fileId).sort());
    expect(media.map(({ fields }) => fields["ClassId"])).toEqual([7, 7]);
    expect(await uploadBatch(client, manifest, options)).toMatchObject({ total: 2, done: 2, earlier: 2, left: 0 });
    expect(emulator.media()).toHaveLength(2);
  });

  test("tells of failures, and tries them again the next time", async () => {
    const { client, folder, manifest } = await scene(["a.mp4"]);
    await writeFile(manifest, '{"source":"a.mp4"}\n{"source":"gone.mp4"}\n');
    const failures: unknown[] = [];
    const onError: BatchOptions["onError"] = (line, error) => failures.push([line.source, line.code, error]);
    expect(await uploadBatch(client, manifest, { onError })).toMatchObject({ done: 1, failed: 1, left: 0 });
    expect(failures).toEqual([["gone.mp4", "SOURCE_NOT_FOUND", expect.any(Error)]]);
    await writeFile(join(folder, "gone.mp4"), "there");
    expect(await uploadBatch(client, manifest)).toMatchObject({ done: 2, earlier: 1, failed: 0 });
  });

  type Change = (emulator: Emulator) => Promise<void> | void;
  const refuse: Change = (emulator) => emulator.setFaults([{ operation: "ApplyUpload", fault: refused }]);

  test.each<[string, Change, Change]>([
    ["were refused", refuse, (emulator) => emulator.setFaults([])],
    ["reached nobody", (emulator) => emulator.offline(), (emulator) => emulator.online()],
  ])("does not try the rest once ten in a row %s, and does the next time", async (why, begin, end) => {
    const names = Array.from({ length: 60 }, (_, n) => `${n}.mp4`);
    const { emulator, client, manifest } = await scene(names, { attempts: 1 });
    await begin(emulator);
    const warnings: string[] = [];
    const onWarning: BatchOptions["onWarning"] = ({ message }) => warnings.push(message);
    const { failed, left, done } = await uploadBatch(client, manifest, { files: 4, onWarning });
    expect([done, failed + left]).toEqual([0, 60]);
    expect(failed).toBeLessThan(15);
    expect(warnings).toEqual([`10 entries in a row ${why}, so the rest was not tried`]);
    await end(emulator);
    expect(await uploadBatch(client, manifest)).toMatchObject({ total: 60, done: 60 });
  });

  test("of wrong lines sends nothing and says all of them", async () => {
    const { emulator, client, manifest } = await scene();
    await writeFile(manifest, '{"source":"a.mp4","classId":"x"}\n{"nam":1}\n');
    const failed = uploadBatch(client, manifest);
    await expect(failed).rejects.toBeInstanceOf(BatchManifestError);
    await expect(failed).rejects.toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      problems: [expect.stringMatching(/line 1: classId/), expect.stringMatching(/line 2: source.*nam/)],
    });
    expect(emulator.requests()).toEqual([]);
  });

  test("comes from a stream, with globs", async () => {
    const { emulator, client, folder } = await scene(["a.mp4", "b.mov"]);
    const lines = ["a.mp4", "b.mov"].map((name) => `${JSON.stringify({ source: join(folder, name) })}\n`);
    const journal = join(folder, "piped.journal");
    const summary = await uploadBatch(client, Readable.from(lines), { journal, exclude: ["*.mov"] });
    expect(summary).toMatchObject({ total: 1, done: 1 });
    expect(emulator.media()).toHaveLength(1);
    expect(await readFile(journal, "utf8")).toContain('"type":"result"');
  });

  test("shares its journal with the command line's destination, and refuses another one", async () => {
    const { client, manifest } = await scene(["a.mp4"]);
    await uploadBatch(client, manifest);
    const { vodEndpoint } = client.destination;
    const other = new VodClient({
      credentials: { secretId: "a", secretKey: "b" },
      vodEndpoint: vodEndpoint ?? "",
      subAppId: 5,
    });
    atEnd(() => other.close());
    await expect(uploadBatch(other, manifest)).rejects.toThrow(/another place \(subAppId/);
  });

  test("stopped by its signal rejects with the reason, and goes on when called again", async () => {
    const { emulator, client, folder, manifest } = await scene(["a.mp4", "b.mp4"]);
    await writeFile(join(folder, "b.mp4"), Buffer.alloc(3 * 2 ** 20, 1));
    const stop = new AbortController();
    const onProgress: BatchOptions["onProgress"] = ({ bytes }) => bytes > 5 && stop.abort(new Error("enough"));
    const options: BatchOptions = { files: 1, signal: stop.signal, onProgress, defaults: { partSize: 2 ** 20 } };
    await expect(uploadBatch(client, manifest, options)).rejects.toThrow("enough");
    expect(await uploadBatch(client, manifest, { defaults: { partSize: 2 ** 20 } })).toMatchObject({ done: 2 });
    expect(emulator.media()).toHaveLength(2);
  });

  test("watches a folder until its signal aborts, which is no failure", async () => {
    const { emulator, client, folder } = await scene(["a.mp4"]);
    const old = new Date(Date.now() - 60_000);
    await utimes(join(folder, "a.mp4"), old, old);
    const stop = new AbortController();
    const onResult = (): void => stop.abort();
    const summary = await uploadBatch(client, folder, { watch: true, minAgeMs: 1, signal: stop.signal, onResult });
    expect(summary).toMatchObject({ done: 1, failed: 0, left: 0 });
    expect(emulator.media()).toHaveLength(1);
  });
});

test.each<[string, unknown, unknown, RegExp]>([
  ["no source", "", {}, /^source: /],
  ["a stream without a journal", Readable.from([]), {}, /^journal: /],
  ["an unknown option", "films.csv", { file: 3 }, /file/],
  ["too many files", "films.csv", { files: 101 }, /^files: /],
  ["an unknown policy", "films.csv", { changed: "maybe" }, /^changed: /],
  ["an age that is none", "films.csv", { minAgeMs: -1 }, /^minAgeMs: /],
])("%s is a caller's mistake", async (_, source, options, says) => {
  const client = new VodClient({ credentials: { secretId: "a", secretKey: "b" } });
  const failed = uploadBatch(client, source as string, options as BatchOptions);
  await expect(failed).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
  await expect(failed).rejects.toThrow(says);
  await client.close();
});
