import { describe, expect, test } from "vitest";
import { streamSource } from "../../../src/upload/source/source.ts";

const open = (stream: AsyncIterable<unknown>, abandon?: () => void) =>
  streamSource(stream, "stream", undefined, undefined, abandon);

async function* of(...values: unknown[]): AsyncGenerator {
  for (const value of values) yield value;
}

async function rest(source: ReturnType<typeof open>): Promise<unknown[]> {
  const found: unknown[] = [];
  const chunks = source.chunks();
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) found.push(next.value);
  return found;
}

const [none, some] = [new Uint8Array(0), new Uint8Array([1])];

describe("hasBytes", () => {
  test("looks past empty chunks, and keeps what it has seen", async () => {
    const source = open(of(none, none, some, some));
    expect(await source.hasBytes()).toBe(true);
    expect(await rest(source)).toEqual([none, none, some, some]);
  });

  test("is false for a stream without a byte", async () => {
    expect(await open(of()).hasBytes()).toBe(false);
    expect(await open(of(none)).hasBytes()).toBe(false);
  });

  test("leaves a failure, and what is not bytes, for the upload to meet", async () => {
    const failing = open(
      (async function* (): AsyncGenerator {
        yield none;
        throw new Error("broken");
      })(),
    );
    expect(await failing.hasBytes()).toBe(true);
    await expect(rest(failing)).rejects.toThrow("broken");
    expect(await open(of("text")).hasBytes()).toBe(true);
  });

  test("the stream can be ended after it", async () => {
    let ended = 0;
    const stream = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: some }),
        return: async () => ({ done: (ended += 1) > 0, value: undefined }),
      }),
    };
    const source = open(stream);
    await source.hasBytes();
    await source.chunks().return?.();
    expect(ended).toBe(1);
    const endless = open({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: some }) }) });
    await endless.hasBytes();
    expect(await endless.chunks().return?.()).toMatchObject({ done: true });
  });
});

describe("close", () => {
  test("uses what the stream hangs on, its destroy, or the iterator of one that was never read", async () => {
    const calls: string[] = [];
    await open(of(), () => calls.push("abandoned")).close();
    await open(Object.assign(of(), { destroy: () => calls.push("destroyed") })).close();
    await open({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: true, value: undefined }),
        return: async () => ({ done: calls.push("returned") > 0, value: undefined }),
      }),
    }).close();
    const read = of(some);
    const source = open(read);
    await rest(source);
    await source.close();
    expect(calls).toEqual(["abandoned", "destroyed", "returned"]);
  });
});
