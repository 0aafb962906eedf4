import { execFileSync } from "node:child_process";
import {
  appendFile,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  symlink,
  truncate,
  utimes,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { describe, expect, test, vi } from "vitest";
import {
  atEnd,
  attempt,
  bench,
  counts,
  expectCommittedOnce,
  expectNothingCommitted,
  mib,
  random,
  sha256,
  tempFile,
} from "../support.ts";
import { timing } from "../../support/timing.ts";

const options = { partSize: mib, concurrency: 2 };

describe("a path", () => {
  test("that does not exist says so before anything is sent", async () => {
    const { emulator, vod } = await bench();
    const file = await tempFile(random(1));
    for (const path of [`${file}.gone.mp4`, `${file}/below-a-file.mp4`]) {
      const { error } = await attempt(vod, path);
      expect(error).toMatchObject({ code: "SOURCE_NOT_FOUND", retryable: false });
      expect((error as Error).message).toContain(path);
    }
    expect(counts(emulator)).toEqual({});
  });

  test("of a directory says so", async () => {
    const { emulator, vod } = await bench();
    const folder = dirname(await tempFile(random(1)));
    for (const source of [folder, pathToFileURL(folder)]) {
      expect((await attempt(vod, source)).error).toMatchObject({
        code: "SOURCE_UNREADABLE",
        message: expect.stringContaining("directory"),
      });
    }
    expect(counts(emulator)).toEqual({});
  });

  test("that may not be read says so", async () => {
    const { openError } = await import("../../../src/upload/source/open.ts");
    const denied = Object.assign(new Error("EACCES: permission denied, open 'x'"), { code: "EACCES" });
    expect(openError("x", denied)).toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: "x cannot be read: permission denied",
      cause: denied,
    });
  });

  test("is followed where it is a link, and taken literally where it looks like something else", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(1_000);
    const path = await tempFile(bytes, "a%20b #1 ?x=y 視.mp4");
    const link = join(dirname(path), "link.mp4");
    await symlink(path, link);
    for (const source of [path, link, pathToFileURL(path)]) {
      const { result } = await attempt(vod, source);
      const media = emulator.media().find(({ fileId }) => fileId === result?.fileId);
      expect(sha256(await emulator.readObject(media?.key ?? ""))).toBe(sha256(bytes));
    }
    expect(emulator.media()[0]?.fields).toMatchObject({ MediaName: "a%20b #1 ?x=y 視" });
  });

  test("of a pipe is read as the stream that it is", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(3 * mib + 5);
    const source = await tempFile(bytes);
    const pipe = join(dirname(source), "pipe.mp4");
    execFileSync("mkfifo", [pipe]);
    const sending = attempt(vod, pipe, options);
    const handle = await open(pipe, "w");
    await handle.writeFile(bytes);
    await handle.close();
    const { result } = await sending;
    await expectCommittedOnce(emulator, bytes, result);
    expect(result?.transfer.parts).toBe(4);
  });

  test("of a pipe that is only planned is not read, and not left open", async () => {
    const { vod } = await bench();
    const pipe = join(dirname(await tempFile(random(1))), "pipe.mp4");
    execFileSync("mkfifo", [pipe]);
    const writer = await open(pipe, "r+");
    await writer.write("abc");
    expect((await vod.plan(pipe, { mediaType: "mp4" })).objects).toMatchObject([{ transfer: "stream" }]);
    expect((await writer.read(Buffer.alloc(9))).buffer.subarray(0, 3).toString()).toBe("abc");
    const opened = await Promise.all(
      (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
    );
    expect(opened.filter((path) => path === pipe)).toHaveLength(1);
    await writer.close();
  });

  test.each(["file://otherhost/share/a.mp4", "file:///a%2Fb.mp4"])("as the URL %s is refused by name", async (url) => {
    const { vod } = await bench();
    expect((await attempt(vod, new URL(url))).error).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      message: expect.stringMatching(/^source:/),
    });
  });
});

/** Calls back when the first part is done, once. */
function afterFirstPart(change: () => Promise<void>): {
  onProgress: (event: { parts: { done: number } }) => void;
  changed: Promise<void>;
} {
  let resolve: () => void = () => undefined;
  const changed = new Promise<void>((done) => (resolve = done));
  let begun = false;
  return {
    changed,
    onProgress: ({ parts }) => {
      if (begun || parts.done < 1) return;
      begun = true;
      void change().then(resolve);
    },
  };
}

describe("a file that changes while it is read is an error and never a wrong video", () => {
  const size = 12 * mib;
  test.each<[string, (path: string) => Promise<void>]>([
    ["grows", (path) => appendFile(path, "more")],
    ["shrinks", (path) => truncate(path, size - 1)],
    ["is cut to nothing", (path) => truncate(path, 0)],
    ["is written over", (path) => writeFile(path, random(size))],
    ["is touched", (path) => utimes(path, new Date(), new Date(Date.now() + 5_000))],
  ])("%s", async (_, change) => {
    const { emulator, vod } = await bench();
    const path = await tempFile(random(size));
    const { onProgress, changed } = afterFirstPart(() => change(path));
    const { error } = await attempt(vod, path, { partSize: mib, concurrency: 1, onProgress });
    await changed;
    expect(error).toMatchObject({ code: "SOURCE_CHANGED", stage: "transfer", retryable: false });
    expect((error as Error).message).toContain(path);
    expectNothingCommitted(emulator);
  });

  test("shrinks in a file that goes in one request", async () => {
    const { emulator, vod } = await bench({
      faults: [{ operation: "PutObject", fault: { kind: "slow-read", bytesPerSecond: 20 * mib } }],
    });
    const path = await tempFile(random(7 * mib));
    setTimeout(() => void truncate(path, 10), 60);
    const { error } = await attempt(vod, path);
    expect(error).toMatchObject({ code: "SOURCE_CHANGED" });
    expectNothingCommitted(emulator);
  });

  test("but one that is replaced by another file is read to its own end", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { onProgress } = afterFirstPart(async () => {
      await writeFile(`${path}.new`, random(size));
      await rename(`${path}.new`, path);
    });
    const { result } = await attempt(vod, path, { partSize: mib, concurrency: 1, onProgress });
    await expectCommittedOnce(emulator, bytes, result);
  });
});

describe("a disk that fails", () => {
  async function failing(at: number, last = Infinity, code = "EIO"): Promise<Error> {
    const handle = await open(await tempFile(random(1)), "r");
    const proto = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const why = Object.assign(new Error(`${code}: i/o error, read`), { code, syscall: "read" });
    const original = proto.read as (...args: unknown[]) => Promise<unknown>;
    let reads = 0;
    const spy = vi.spyOn(proto, "read").mockImplementation(function (this: FileHandle, ...args: unknown[]) {
      reads += 1;
      return reads >= at && reads <= last ? Promise.reject(why) : original.apply(this, args);
    } as never);
    atEnd(async () => spy.mockRestore());
    return why;
  }

  test.each(["EAGAIN", "EIO"])("for the moment (%s) is read again", async (code) => {
    const { emulator, vod } = await bench();
    const content = random(4 * mib);
    const path = await tempFile(content);
    await failing(2, 4, code);
    const { result } = await attempt(vod, path, options);
    await expectCommittedOnce(emulator, content, result);
  });

  test("for good is not read again", async () => {
    const { emulator, vod } = await bench();
    const path = await tempFile(random(4 * mib));
    await failing(2, Infinity, "EISDIR");
    const { error } = await attempt(vod, path, { ...options, onRetry: () => expect.unreachable() });
    expect(error).toMatchObject({ code: "SOURCE_FAILED", retryable: false });
    expectNothingCommitted(emulator);
  });

  test.each([1, 2, 3, 9])("at read %i is a source error, reported once, and nothing is left", async (at) => {
    const { emulator, vod } = await bench();
    const path = await tempFile(random(4 * mib));
    const why = await failing(at);
    const { error } = await attempt(vod, path, options);
    expect(error).toMatchObject({ code: "SOURCE_FAILED", cause: why, stage: "transfer", retryable: true });
    expect((error as Error).message).toContain("EIO");
    expectNothingCommitted(emulator);
  });
});

describe("bytes and blobs", () => {
  test("are sent as they are, views included, an empty one too", async () => {
    const { emulator, vod } = await bench();
    const whole = random(5 * mib);
    for (const source of [
      new Uint8Array(whole.buffer, whole.byteOffset + 3, 3 * mib),
      whole.subarray(0, 0),
      new Blob([whole.subarray(0, 2 * mib), "text", whole]),
      new Blob([]),
      new File([whole], "clip.mp4"),
    ]) {
      const { result } = await attempt(vod, source, options);
      const expected = source instanceof Blob ? Buffer.from(await source.arrayBuffer()) : source;
      const media = emulator.media().find(({ fileId }) => fileId === result?.fileId);
      expect(sha256(await emulator.readObject(media?.key ?? ""))).toBe(sha256(expected));
    }
  });

  test("of a File have its name", async () => {
    const { emulator, vod } = await bench();
    await vod.upload(new File(["x"], "clip.MKV"));
    expect(emulator.media()[0]?.fields).toMatchObject({ MediaType: "mkv", MediaName: "clip" });
  });

  test("of a Blob over a file that changed are an error", async () => {
    const { openAsBlob } = await import("node:fs");
    const { emulator, vod } = await bench();
    const path = await tempFile(random(8 * mib));
    const blob = await openAsBlob(path);
    const { onProgress } = afterFirstPart(() => writeFile(path, "short"));
    const { error } = await attempt(vod, blob, { partSize: mib, concurrency: 1, onProgress });
    expect(error).toMatchObject({ code: "SOURCE_CHANGED" });
    expectNothingCommitted(emulator);
  });
});

describe("a stream", () => {
  const bytes = random(3 * mib + 77);
  async function* oddly(step: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  }

  test.each<[string, () => ConstructorParameters<typeof Blob>[0] | Parameters<typeof attempt>[1]]>([
    ["Readable of buffers", () => Readable.from(oddly(10_007), { objectMode: false })],
    ["object-mode Readable of buffers", () => Readable.from(oddly(10_007))],
    ["PassThrough", () => Readable.from(oddly(50_000)).pipe(new PassThrough())],
    ["web stream", () => Readable.toWeb(Readable.from(oddly(33_333))) as ReadableStream<Uint8Array>],
    ["byte stream", () => new Blob([bytes]).stream()],
    ["async generator", () => oddly(1_000)],
    ["async iterable that is no generator", () => ({ [Symbol.asyncIterator]: () => oddly(99_999) })],
  ])("given as %s arrives whole", async (_, make) => {
    const { emulator, vod } = await bench();
    const { result } = await attempt(vod, make() as Readable, options);
    await expectCommittedOnce(emulator, bytes, result);
  });

  test.each<[string, () => unknown]>([
    ["a Readable of text", () => Readable.from(["some", "text"])],
    ["a Readable with an encoding", () => Readable.from([Buffer.from("x")], { objectMode: false }).setEncoding("utf8")],
    ["a Readable of objects", () => Readable.from([{ a: 1 }])],
    [
      "an iterable of numbers",
      async function* () {
        yield 5;
      },
    ],
  ])("of something that is not bytes (%s) is an error", async (_, make) => {
    const { emulator, vod } = await bench();
    const source = make();
    const { error } = await attempt(
      vod,
      (typeof source === "function" ? (source as () => unknown)() : source) as Readable,
    );
    expect(error).toMatchObject({ code: "SOURCE_FAILED", stage: "transfer" });
    expectNothingCommitted(emulator);
  });

  test("that somebody has read already is refused before anything is sent, and not taken for an empty one", async () => {
    const { emulator, vod } = await bench();
    const drain = async (stream: AsyncIterable<unknown>): Promise<void> => {
      for await (const chunk of stream) void chunk;
    };
    const ended = Readable.from(oddly(mib));
    await drain(ended);
    const destroyed = Readable.from(oddly(mib));
    destroyed.on("error", () => undefined).destroy();
    const web = new Blob([bytes]).stream();
    await drain(web);
    const cancelled = new Blob([bytes]).stream();
    await cancelled.cancel();
    const locked = new Blob([bytes]).stream();
    locked.getReader();
    for (const source of [ended, destroyed, web, cancelled, locked]) {
      expect((await attempt(vod, source)).error).toMatchObject({ code: "SOURCE_UNREADABLE", retryable: false });
    }
    expect(counts(emulator)).toEqual({});
  });

  test("that is empty and was never read is an empty video", async () => {
    const { emulator, vod } = await bench();
    const ended = new Readable({ read: () => undefined });
    ended.push(null);
    for (const source of [Readable.from([]), ended, new Blob([]).stream(), empty()]) {
      const { result } = await attempt(vod, source as Readable);
      expect(result?.transfer).toMatchObject({ bytes: 0, parts: 1, crc64: "0", verified: "crc64" });
    }
    expect(emulator.media()).toHaveLength(4);
    async function* empty(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(0);
    }
  });

  test("that has an error, or gets one, fails with it as its cause", async () => {
    const { emulator, vod } = await bench();
    const why = new Error("camera unplugged");
    const destroyed = new Readable({ read: () => undefined });
    destroyed.on("error", () => undefined).destroy(why);
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 2 * mib);
      throw why;
    }
    const errored = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(why) });
    for (const source of [destroyed, breaking(), Readable.from(breaking()), errored]) {
      const { error } = await attempt(vod, source, options);
      expect(error).toMatchObject({ code: "SOURCE_FAILED", cause: why });
    }
    expectNothingCommitted(emulator);
  });

  test("that ends too early (destroyed) is not taken for whole", async () => {
    const { emulator, vod } = await bench();
    const stream = new PassThrough();
    stream.write(bytes.subarray(0, 2 * mib));
    setTimeout(() => stream.destroy(), 50);
    const { error } = await attempt(vod, stream, options);
    expect(error).toMatchObject({ code: "SOURCE_FAILED" });
    expectNothingCommitted(emulator);
  });

  test.each([bytes.length - 1, bytes.length + 1, 0, 10 * bytes.length])(
    "of another size than the %i bytes announced is an error",
    async (size) => {
      const { emulator, vod } = await bench();
      const { error } = await attempt(vod, oddly(100_000), { ...options, size });
      expect(error).toMatchObject({ code: "SOURCE_CHANGED" });
      expect((error as Error).message).toContain(String(size));
      expectNothingCommitted(emulator);
    },
  );

  test("of the size announced is taken", async () => {
    const { emulator, vod } = await bench();
    const { result } = await attempt(vod, oddly(100_000), { ...options, size: bytes.length });
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("is ended when the upload fails, so that nothing hangs on it", async () => {
    const { vod } = await bench({
      faults: [
        { operation: "UploadPart", fault: { kind: "answer", status: 403, headers: { "x-cos-request-id": "a" } } },
      ],
    });
    let returned = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(100_000);
      } finally {
        returned += 1;
      }
    }
    const node = Readable.from(endless());
    let cancelled = 0;
    const web = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
      cancel: () => {
        cancelled += 1;
      },
    });
    for (const source of [endless(), node, web]) {
      expect((await attempt(vod, source, options)).error).toMatchObject({ code: "COS_API", status: 403 });
    }
    expect(node.destroyed).toBe(true);
    expect(returned).toBe(2);
    expect(cancelled).toBe(1);
  });

  test("is ended when the upload never began", async () => {
    const { vod } = await bench({ faults: [{ operation: "ApplyUpload", fault: { kind: "answer", status: 403 } }] });
    const node = Readable.from(oddly(mib));
    expect((await attempt(vod, node)).error).toBeDefined();
    expect(node.destroyed).toBe(true);
  });

  test("that hangs does not keep an abort waiting", timing, async () => {
    const { emulator, vod } = await bench();
    async function* hanging(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 2 * mib);
      await new Promise(() => undefined);
    }
    const stuck = new Readable({ read: () => undefined });
    stuck.push(bytes.subarray(0, 2 * mib));
    const web = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes.subarray(0, 2 * mib)),
    });
    for (const source of [hanging(), stuck, web, Readable.from(hanging())]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort("enough"), 80);
      const started = performance.now();
      expect((await attempt(vod, source, { ...options, signal: controller.signal })).error).toBe("enough");
      expect(performance.now() - started).toBeLessThan(1_500);
    }
    expectNothingCommitted(emulator);
  });

  test("is not read faster than it can be sent", async () => {
    const { vod } = await bench({ faults: [{ operation: "UploadPart", fault: { kind: "delay", ms: 100 } }] });
    let given = 0;
    let most = 0;
    async function* counting(): AsyncGenerator<Uint8Array> {
      for (let chunk = 0; chunk < 24; chunk += 1) {
        given += 1;
        yield Buffer.alloc(mib / 2);
      }
    }
    let done = 0;
    const { result } = await attempt(vod, counting(), {
      ...options,
      onProgress: ({ parts }) => {
        most = Math.max(most, given - done * 2);
        done = parts.done;
      },
    });
    expect(result).toBeDefined();
    // (concurrency + 1) parts of two chunks, and the chunk that waits.
    expect(most).toBeLessThanOrEqual(3 * 2 + 2 + 1);
  });
});

test.each([false, true])(
  "a file's buffers are not used again before a slow socket has let go of them (TLS: %s)",
  async (tls) => {
    const { readFile } = await import("node:fs/promises");
    const { emulator, client } = await bench({
      tls,
      faults: [{ operation: "UploadPart", fault: { kind: "slow-read", bytesPerSecond: 12 * mib } }],
    });
    const ca = tls ? await readFile(emulator.caFile ?? "", "utf8") : "";
    const vod = client({ dispatcher: { connect: tls ? { ca } : {} }, limits: { headersMs: 10_000 } });
    const bytes = random(20 * mib + 1);
    const { result } = await attempt(vod, await tempFile(bytes), { partSize: 5 * mib, concurrency: 4 });
    await expectCommittedOnce(emulator, bytes, result);
    // Had they been, the CRC64 would have told, and the part been sent again.
    expect(result?.transfer.retries).toBe(0);
  },
);

test("a folder that looks like a media file is a folder", async () => {
  const { vod } = await bench();
  const folder = `${await tempFile(random(1))}.mp4`;
  await mkdir(folder);
  expect((await attempt(vod, folder)).error).toMatchObject({ code: "SOURCE_UNREADABLE" });
});
