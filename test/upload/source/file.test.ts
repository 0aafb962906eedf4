import { open, stat, utimes } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { MemoryBudget } from "../../../src/upload/buffers/budget.ts";
import { laneBufferSize, LanePool } from "../../../src/upload/buffers/lane-pool.ts";
import { readPass } from "../../../src/upload/source/bytes.ts";
import { FileSource } from "../../../src/upload/source/file.ts";
import { atEnd, random, tempFile } from "../support.ts";

const { signal } = new AbortController();
const size = 8 * laneBufferSize;

/** A file, and buffers for one connection: whoever comes next gets those of the one before. */
async function oneLane(): Promise<{ readonly bytes: Buffer; readonly source: FileSource }> {
  const bytes = random(2 * size);
  const path = await tempFile(bytes);
  const handle = await open(path, "r");
  atEnd(() => handle.close());
  const opened = { handle, stats: await handle.stat({ bigint: true }), label: path, fileName: "film.mp4" };
  return { bytes, source: new FileSource(opened, new LanePool(new MemoryBudget(2 * laneBufferSize))) };
}

/** A caller's RetryAgent opens the same body once more. */
test("of a body that is opened twice the first pass reads no more into the buffers", async () => {
  const { bytes, source } = await oneLane();
  const pass = await source.body(0, size).begin(signal);
  const late = pass.open()[Symbol.asyncIterator]();
  await late.next();
  const asked = late.next();
  const chunks = pass.open()[Symbol.asyncIterator]();
  const sent: Buffer[] = [];
  for (let step = await chunks.next(); step.done !== true; step = await chunks.next()) {
    await late.next();
    sent.push(Buffer.from(step.value));
  }
  await asked;
  expect(Buffer.compare(Buffer.concat(sent), bytes.subarray(0, size))).toBe(0);
  await pass.end();
});

type Chunks = AsyncIterator<Uint8Array>;

async function* rest(chunks: Chunks): AsyncGenerator<Buffer> {
  for (let step = await chunks.next(); step.done !== true; step = await chunks.next()) yield Buffer.from(step.value);
}

test.each([0, 1, 2, 3, 4, 5, 6, 7])(
  "a request that has ended reads no more into buffers that the next one has, however late it asks: after %i pieces",
  async (pieces) => {
    const { bytes, source } = await oneLane();
    const dead = await source.body(0, size).begin(signal);
    const late = dead.open()[Symbol.asyncIterator]();
    for (let given = 0; given < pieces; given += 1) await late.next();
    // undici has asked for more when the connection breaks, and asks again before it sees that.
    const asked = late.next();
    await dead.end();

    const next = await source.body(size, size).begin(signal);
    const chunks = next.open()[Symbol.asyncIterator]();
    const first = await chunks.next();
    const held = first.value as Uint8Array;
    await asked;
    for await (const chunk of rest(late)) void chunk;
    expect(Buffer.compare(held, bytes.subarray(size, size + held.length))).toBe(0);
    const sent: Buffer[] = [Buffer.from(held)];
    for await (const chunk of rest(chunks)) sent.push(chunk);
    expect(Buffer.compare(Buffer.concat(sent), bytes.subarray(size))).toBe(0);
    await next.end();
  },
);

test.each([1000, laneBufferSize, laneBufferSize + 1])(
  "a file that has more than the %i bytes of its size is not sent",
  async (said) => {
    const path = await tempFile(random(said + 1));
    const handle = await open(path, "r");
    atEnd(() => handle.close());
    const stats = Object.assign(await handle.stat({ bigint: true }), { size: BigInt(said) });
    const lanes = new LanePool(new MemoryBudget(2 * laneBufferSize));
    const source = new FileSource({ handle, stats, label: path, fileName: "film.mp4" }, lanes);
    await expect(source.crc64(signal)).rejects.toMatchObject({
      code: "SOURCE_CHANGED",
      message: expect.stringContaining(`it has more than the ${said} bytes of its size`) as string,
    });
  },
);

/** As on a network drive that remembers an old size, or when the path led elsewhere a moment ago. */
describe("a file of which something else is known than it is", () => {
  const bytes = random(4096);
  const replacedBy = async (now: Buffer): Promise<FileSource> => {
    const path = await tempFile(bytes, "before.mp4");
    const other = await tempFile(now, "now.mp4");
    const inOneYear = new Date(Date.now() + 365 * 86_400_000);
    await utimes(other, inOneYear, inOneYear);
    const handle = await open(other);
    atEnd(() => handle.close());
    const opened = { handle, stats: await stat(path, { bigint: true }), label: path, fileName: "film.mp4" };
    return new FileSource(opened, new LanePool(new MemoryBudget(2 * laneBufferSize)));
  };
  const upload = async (source: FileSource): Promise<void> => {
    const pass = await source.body(0, source.size).begin(signal);
    await readPass(pass, signal);
    await source.verify(String(pass.crc64()), signal);
  };

  test.each([
    ["longer", random(4097)],
    ["shorter", random(4095)],
    ["as long", random(4096)],
  ])("and is %s is none that is uploaded", async (_, now) => {
    await expect(upload(await replacedBy(now))).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
  });
});
