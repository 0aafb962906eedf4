import { createServer } from "node:net";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { describe, expect, test } from "vitest";
import type { Dispatcher } from "undici";
import { readAnswer } from "../../src/http/answer.ts";
import { httpServer } from "../support/raw-servers.ts";
import { rejection, request, transport } from "./support.ts";

const put = (
  origin: string,
  size: number,
  open: () => AsyncIterable<Uint8Array>,
  written: (bytes: number) => void = () => undefined,
) =>
  transport().send(
    request(origin, { method: "PUT", headers: { "content-length": String(size) }, body: { size, open, written } }),
  );

async function echo(): Promise<string> {
  const { origin } = await httpServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    response.end(Buffer.concat(chunks));
  });
  return origin;
}

describe("a body that goes out in one piece", () => {
  test.each([1, 65_535, 65_536, 65_537])("of %i bytes arrives, though its chunks share a buffer", async (size) => {
    const shared = Buffer.alloc(1_000);
    const open = async function* (): AsyncGenerator<Uint8Array> {
      for (let from = 0; from < size; from += shared.length) {
        shared.fill((from / shared.length) % 251);
        yield shared.subarray(0, Math.min(shared.length, size - from));
      }
    };
    const { body } = await put(await echo(), size, open);
    expect(body.byteLength).toBe(size);
    for (let at = 0; at < size; at += 1) if (body[at] !== Math.floor(at / 1_000) % 251) expect(at).toBe(-1);
  });

  test.each([
    ["nothing", 0],
    ["less", 99],
    ["more", 101],
    ["no end", Infinity],
  ])("and has %s than its length says is none, and no more of it is read", async (_, most) => {
    let given = 0;
    let isClosed = false;
    const open = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (; given < most; given += 1) yield Buffer.alloc(1);
      } finally {
        isClosed = true;
      }
    };
    const error = await rejection(put(await echo(), 100, open));
    expect(error).toMatchObject({ code: "NETWORK", message: expect.stringContaining("LENGTH_MISMATCH") as string });
    expect(given).toBeLessThanOrEqual(101);
    expect(isClosed).toBe(true);
  });

  test("counts as written once a socket has it", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    let written = 0;
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(100);
    };
    const count = (bytes: number): void => void (written += bytes);
    await rejection(put(`http://127.0.0.1:${port}`, 100, open, count));
    expect(written).toBe(0);
    await put(await echo(), 100, open, count);
    expect(written).toBe(100);
  });
});

describe("an answer's body", () => {
  const read = (body: unknown): Promise<Buffer> =>
    readAnswer(
      body as Dispatcher.ResponseData["body"],
      { origin: "http://a", operation: "X", maxAnswerBytes: 1_000 },
      200,
    );
  const source = (): Readable => Readable.from([Buffer.from("a"), Buffer.from("b")]);
  const ended = async (body: Readable): Promise<Readable> => {
    await body.toArray().catch(() => undefined);
    return body;
  };
  const failing = (): Readable => source().destroy(new Error("cut"));

  test.each<[string, () => unknown, string | Error]>([
    ["fresh", source, "ab"],
    ["paused by a dispatcher", () => source().pause(), "ab"],
    ["looked at by a dispatcher", () => source().on("readable", () => undefined), "ab"],
    ["of text", () => source().setEncoding("utf8"), "ab"],
    ["of the web", () => ReadableStream.from([Buffer.from("a"), Buffer.from("b")]), "ab"],
    ["that has failed", failing, new Error("cut")],
    ["that has ended", () => ended(source()), ""],
    ["of an iterable", async function* () { yield Buffer.from("ab"); }, "ab"], // prettier-ignore
  ])("%s is read, or fails, and is never waited for in vain", async (_, make, expected) => {
    const reading = read(await make());
    if (expected instanceof Error) await expect(reading).rejects.toThrow(expected.message);
    else expect(String(await reading)).toBe(expected);
  });
});
