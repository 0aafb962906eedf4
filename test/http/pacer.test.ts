import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { Pacer } from "../../src/http/pacer.ts";
import { Transport } from "../../src/http/transport.ts";
import { defaultLimits } from "../../src/http/limits.ts";
import { Wire } from "../../src/http/wire.ts";
import { timing } from "../support/timing.ts";

test("after the first second's worth, what is taken is paid for by waiting", timing, async () => {
  let now = 0;
  const pacer = new Pacer(1_000_000, () => now);
  const waits: number[] = [];
  const measure = async (bytes: number): Promise<void> => {
    const before = performance.now();
    await pacer.take(bytes, undefined);
    waits.push(performance.now() - before);
  };
  await measure(1_000_000);
  await measure(50_000);
  now = 10_000;
  await measure(1_000_000);
  expect(waits[0]).toBeLessThan(500);
  expect(waits[1]).toBeGreaterThanOrEqual(45);
  expect(waits[2]).toBeLessThan(500);
});

test("an abort ends the waiting with its own reason", async () => {
  const pacer = new Pacer(1024);
  const abort = new AbortController();
  const waiting = pacer.take(1_000_000, abort.signal);
  abort.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});

test("a body arrives whole at about the rate, whatever its chunks", timing, async () => {
  const server = createServer((request, response) => {
    let size = 0;
    request.on("data", (chunk: Buffer) => (size += chunk.byteLength)).on("end", () => response.end(String(size)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const transport = new Transport(undefined, defaultLimits, new Pacer(1_000_000));
  const size = 1_500_000;
  const open = async function* (): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.alloc(65_536);
    for (let sent = 0; sent < size; sent += buffer.byteLength)
      yield buffer.subarray(0, Math.min(buffer.byteLength, size - sent));
  };
  const started = performance.now();
  const answer = await transport.send({
    operation: "Test",
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    method: "PUT",
    path: "/",
    headers: { "content-length": String(size) },
    body: { size, open },
    maxAnswerBytes: 100,
  });
  expect(answer.body.toString()).toBe(String(size));
  // One second's worth is free; the other half second must be waited for.
  expect(performance.now() - started).toBeGreaterThanOrEqual(400);
  await transport.close();
  server.close();
});

test.each([0, 1023, 1024.5, Number.NaN, Infinity, "1000000"])("%s bytes a second is no rate", (limitRate) => {
  expect(() => new Wire({ limitRate: limitRate as number })).toThrow(
    expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", message: expect.stringContaining("limitRate") }),
  );
});

test("1024 bytes a second is a rate", () => {
  expect(() => new Wire({ limitRate: 1024 })).not.toThrow();
});
