import { describe, expect, test } from "vitest";
import type { VodEvent } from "../../src/events/index.ts";
import { createFetchHandler, createTestEvent } from "../../src/events/index.ts";

const signKey = "abcDEF0123456789";
const url = "http://127.0.0.1/vod";

function post(body: RequestInit["body"], headers: Record<string, string> = {}): Request {
  const init = { method: "POST", body: body ?? null, headers: { "content-type": "application/json", ...headers } };
  return new Request(url, body instanceof ReadableStream ? { ...init, duplex: "half" } : init);
}

const json = (value: unknown): Request => post(JSON.stringify(value));

test("an event is answered 200 and reaches onEvent after", async () => {
  const events: VodEvent[] = [];
  const handler = createFetchHandler({ signKey, onEvent: (event) => void events.push(event) });
  const response = await handler(json(createTestEvent("NewFileUpload", { sourceContext: "강의" }, signKey)));
  expect(events).toEqual([]);
  expect([response.status, await response.json()]).toEqual([200, { accepted: true }]);
  await handler.drain();
  expect(events).toMatchObject([{ type: "NewFileUpload", sourceContext: "강의" }]);
});

describe("the same refusals as over node:http", () => {
  const handler = createFetchHandler({ signKey, maxBodyBytes: 1000, onEvent: () => expect.unreachable() });

  test.each([
    ["another method", () => new Request(url), 405, "method"],
    ["another type", () => post("a=b", { "content-type": "text/plain" }), 415, "content-type"],
    ["no body", () => post(null), 400, "not-json"],
    ["cut JSON", () => post("{"), 400, "not-json"],
    ["too many bytes", () => post("한".repeat(334)), 413, "too-large"],
    ["no Sign", () => json(createTestEvent("NewFileUpload")), 403, "malformed"],
    ["another key", () => json(createTestEvent("NewFileUpload", {}, "other")), 403, "sign-mismatch"],
    ["signed, but no event", () => json({ ...createTestEvent("X", {}, signKey), EventType: "" }), 400, "not-an-event"],
  ])("%s", async (_, request, status, reason) => {
    const response = await handler(request());
    expect([response.status, await response.json()]).toEqual([status, { accepted: false, reason }]);
  });

  test("a body that was read before", async () => {
    const request = json(createTestEvent("NewFileUpload", {}, signKey));
    await request.text();
    expect((await handler(request)).status).toBe(500);
    const locked = json(createTestEvent("NewFileUpload", {}, signKey));
    locked.body?.getReader();
    expect((await handler(locked)).status).toBe(500);
  });

  test("a stream that never ends is cut at the limit, and cancelled", async () => {
    let cancelled = false;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(600)),
      cancel: () => void (cancelled = true),
    });
    expect((await handler(post(endless))).status).toBe(413);
    expect(cancelled).toBe(true);
  });

  test("a stream that stands still", async () => {
    const slow = createFetchHandler({ bodyTimeoutMs: 30, onEvent: () => expect.unreachable() });
    expect((await slow(post(new ReadableStream({})))).status).toBe(408);
  });

  test("a stream that breaks", async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
    expect((await handler(post(broken))).status).toBe(499);
  });
});

test("repetitions reach onEvent once", async () => {
  let calls = 0;
  const handler = createFetchHandler({ signKey, onEvent: () => void (calls += 1) });
  const body = createTestEvent("NewFileUpload", {}, signKey);
  for (let round = 0; round < 3; round += 1) expect((await handler(json(body))).status).toBe(200);
  await handler.drain();
  expect(calls).toBe(1);
});

test("a closed handler answers 503", async () => {
  const handler = createFetchHandler({ onEvent: () => undefined });
  await handler.close();
  expect((await handler(json(createTestEvent("FileDeleted")))).status).toBe(503);
});
