import { Readable } from "node:stream";
import { createReadStream } from "node:fs";
import { pause } from "../support/raw-servers.ts";
import { describe, expect, test } from "vitest";
import { VodClient, type UploadOptions, type UploadSource } from "../../src/index.ts";
import { verifyCallback } from "../../src/signing/index.ts";
import { attempt, bench, counts, expectNothingCommitted, mib, random } from "./support.ts";

const options = { mediaType: "mp4" };
const mistake = { name: "TypeError", code: "ERR_INVALID_ARG_VALUE" };

describe("options", () => {
  test("are what they were at the call, though their object is used for the next upload", async () => {
    const { emulator, vod } = await bench();
    const shared: { mediaType: string; mediaName?: string } = { ...options };
    const uploads = ["a", "b", "c"].map((mediaName) => {
      shared.mediaName = mediaName;
      return vod.upload(random(9), shared);
    });
    await Promise.all(uploads);
    expect(emulator.media().map(({ fields }) => fields["MediaName"])).toEqual(expect.arrayContaining(["a", "b", "c"]));
  });

  test("of a class, with an accessor, or of a prototype count", async () => {
    const { emulator, vod } = await bench();
    class Film {
      readonly mediaType = "mkv";
      get mediaName(): string {
        return "of a class";
      }
    }
    await vod.upload(random(9), new Film());
    await vod.upload(random(9), Object.create({ mediaType: "mov", mediaName: "inherited" }) as UploadOptions);
    expect(emulator.media().map(({ fields }) => [fields["MediaType"], fields["MediaName"]])).toEqual([
      ["mkv", "of a class"],
      ["mov", "inherited"],
    ]);
  });

  test("are read once: what was checked is what is used", async () => {
    const { vod } = await bench();
    let reads = 0;
    const given = {
      ...options,
      get sourceContext(): string {
        reads += 1;
        return reads === 1 ? "short" : "x".repeat(300);
      },
    };
    await vod.upload(random(9), given);
    expect(reads).toBe(1);
  });

  test.each<readonly [unknown]>([[null], [[]], [["x"]], ["x"], [3], [() => undefined]])("not %o", async (given) => {
    const { vod, emulator } = await bench();
    const named = { ...mistake, message: expect.stringMatching(/^options: must be an object/) };
    await expect(vod.upload(random(9), given as UploadOptions)).rejects.toMatchObject(named);
    await expect(vod.plan(random(9), given as UploadOptions)).rejects.toMatchObject(named);
    expect(counts(emulator)).toEqual({});
  });

  test("whose getter throws do not let a stream that fails end the process", async () => {
    const { vod } = await bench();
    const stray: unknown[] = [];
    const note = (error: unknown): unknown => stray.push(error);
    process.on("uncaughtException", note);
    const stream = createReadStream("/nonexistent/film.mp4");
    const given = {
      get cover(): UploadSource {
        throw new Error("the caller's own");
      },
    };
    await expect(vod.upload(stream, given)).rejects.toThrow("the caller's own");
    await pause(30);
    process.off("uncaughtException", note);
    expect(stray).toEqual([]);
    expect(stream.destroyed).toBe(true);
  });

  test("of verifyCallback that are misspelt are refused", () => {
    expect(() => verifyCallback({}, "key", { tolerance: 5 } as never)).toThrow("tolerance is not an option");
  });
});

describe("a stream that was given before is refused, and stays as it is for the upload that has it", () => {
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < 3; count += 1) {
      await pause(5);
      yield random(mib);
    }
  };
  const kinds: readonly [string, () => UploadSource][] = [
    ["a Readable", () => Readable.from(chunks())],
    ["a ReadableStream", () => Readable.toWeb(Readable.from(chunks())) as ReadableStream<Uint8Array>],
    ["a generator", chunks],
  ];
  const refused = { code: "SOURCE_UNREADABLE", message: expect.stringContaining("only once") };

  test.each(kinds)("%s", async (_, make) => {
    const { emulator, vod } = await bench();
    const stream = make();
    const first = vod.upload(stream, options);
    await expect(vod.upload(stream, options)).rejects.toMatchObject(refused);
    expect((await first).transfer.bytes).toBe(3 * mib);
    await expect(vod.upload(stream, options)).rejects.toMatchObject(refused);
    expect(emulator.media()).toHaveLength(1);
  });

  test("also as media and cover of one upload", async () => {
    const { emulator, vod } = await bench();
    const stream = Readable.from(chunks());
    const { error } = await attempt(vod, stream, { cover: stream, coverType: "jpg" });
    expect(error).toMatchObject(refused);
    expect(stream.destroyed).toBe(true);
    expectNothingCommitted(emulator);
  });

  test("but what can begin again may be given again", async () => {
    const { emulator, vod } = await bench();
    const again = { [Symbol.asyncIterator]: chunks };
    await vod.upload(again, options);
    expect((await vod.upload(again, options)).transfer.bytes).toBe(3 * mib);
    expect(emulator.media()).toHaveLength(2);
  });
});

describe("an iterator that answers with anything", () => {
  const iterator = (next: () => unknown): UploadSource =>
    ({ [Symbol.asyncIterator]: () => ({ next }) }) as unknown as AsyncIterable<Uint8Array>;
  const throwing = (thrown: unknown) => (): never => {
    throw thrown;
  };
  const proxy = new Proxy(new Error("x"), { get: throwing(new Error("trap")), getPrototypeOf: () => Error.prototype });
  test.each<[string, UploadSource]>([
    ["no iterator", { [Symbol.asyncIterator]: throwing(new Error("x")) } as never],
    ["undefined for an iterator", { [Symbol.asyncIterator]: () => undefined } as never],
    ["no next", { [Symbol.asyncIterator]: () => ({}) } as never],
    ["undefined", iterator(() => undefined)],
    ["null, promised", iterator(async () => null)],
    ["a done that throws", iterator(async () => Object.defineProperty({}, "done", { get: throwing(new Error("x")) }))],
    ["a rejection without a prototype", iterator(() => Promise.reject(Object.create(null) as Error))],
    ["a rejection that cannot be asked", iterator(() => Promise.reject(proxy))],
  ])("%s: SOURCE_FAILED, with and without refuseEmpty", async (_, source) => {
    for (const refuseEmpty of [false, true]) {
      const { emulator, vod } = await bench();
      const { error } = await attempt(vod, source, { refuseEmpty });
      expect((error as { code?: string }).code).toBe("SOURCE_FAILED");
      expectNothingCommitted(emulator);
    }
  });
});

describe("a source that never waits for anything", () => {
  const endless = async function* (chunk: Uint8Array): AsyncGenerator<Uint8Array> {
    // So that a failure of this test is one, and not a process that hangs.
    for (const end = Date.now() + 10_000; Date.now() < end;) yield chunk;
  };

  test.each([
    ["empty chunks", 0, false],
    ["empty chunks, refused when empty", 0, true],
    ["chunks of a byte", 1, false],
  ])("%s: leaves the host its turns, and is ended by an abort", async (_, size, refuseEmpty) => {
    const { vod } = await bench({ discard: true });
    const controller = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
      if (turns === 5) controller.abort("enough");
    }, 10);
    const given = { ...options, refuseEmpty, signal: controller.signal };
    await expect(vod.upload(endless(new Uint8Array(size)), given)).rejects.toBe("enough");
    clearInterval(timer);
    expect(turns).toBeLessThan(100);
  });
});

describe("bytes that the caller uses again too early are never committed as a mix", () => {
  test.each<[string, (bytes: Uint8Array) => void]>([
    ["overwritten", (bytes) => bytes.fill(2)],
    ["a byte of them", (bytes) => (bytes[0] = 7)],
    ["given to a worker", ({ buffer }) => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })],
    ["cut short", ({ buffer }) => (buffer as unknown as { resize(bytes: number): void }).resize(2 * mib)],
  ])("%s", async (_, change) => {
    const { emulator, vod } = await bench();
    // Not in the types of ES2023 yet.
    const Resizable = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer;
    const bytes = new Uint8Array(new Resizable(6 * mib, { maxByteLength: 8 * mib })).fill(1);
    let changed = false;
    const { error } = await attempt(vod, bytes, {
      partSize: mib,
      concurrency: 1,
      onProgress: ({ parts }) => {
        if (parts.done < 2 || changed) return;
        changed = true;
        change(bytes);
      },
    });
    expect(changed).toBe(true);
    expect(error).toMatchObject({ code: "SOURCE_CHANGED" });
    expectNothingCommitted(emulator);
  });
});

test("a size that is given is compared, whatever the source", async () => {
  const { emulator, vod } = await bench();
  for (const source of [random(100), new Blob(["abc"]), import.meta.filename, Readable.from([random(100)])]) {
    const { error } = await attempt(vod, source, { size: 50 });
    expect(error).toMatchObject({ code: "SOURCE_CHANGED", message: expect.stringContaining("size was given as 50") });
  }
  expectNothingCommitted(emulator);
});

test.each([Number.NaN, Infinity, undefined, "1", 1n])("a clock that answers %s is a mistake", async (time) => {
  const credentials = { secretId: "AKIDx", secretKey: "y" };
  const vod = new VodClient({ credentials, clock: () => time as number });
  await expect(vod.upload(random(9), options)).rejects.toMatchObject({
    ...mistake,
    message: expect.stringContaining("clock: must answer epoch milliseconds"),
  });
  await vod.close();
});
