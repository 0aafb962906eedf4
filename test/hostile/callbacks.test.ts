import { expect, test } from "vitest";
import { createFetchHandler } from "../../src/events/index.ts";

const address = "http://127.0.0.1/";
const post = (body: string, headers: Record<string, string> = {}): Request =>
  new Request(address, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
const event = (id: number, more: unknown = ""): string =>
  JSON.stringify({ EventType: "FileDeleted", EventHandle: `h${id}`, id, more });

const deep = (open: string, close: string, depth: number): string =>
  `{"EventType":"FileDeleted","more":${open.repeat(depth)}1${close.repeat(depth)}}`;

test.each([
  ["40 kB of nested arrays", deep("[", "]", 20_000)],
  ["nested objects", deep('{"a":', "}", 20_000)],
  ["arrays that never end", "[".repeat(500_000)],
  ["brackets after an escaped quote", deep(String.raw`["\"",`, "]", 10_000)],
])("%s are refused, and the next event is taken", async (_, body) => {
  const events: unknown[] = [];
  const handler = createFetchHandler({ onEvent: (one) => void events.push(one) });
  expect((await handler(post(body))).status).toBe(400);
  expect((await handler(post(event(1, "[".repeat(100))))).status).toBe(200);
  await handler.drain();
  expect(events).toHaveLength(1);
});

test("60 events of 1 MB that are not handled yet: some are taken, the others are to come again", async () => {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const handler = createFetchHandler({ onEvent: () => gate });
  const more = "x".repeat(1_000_000);
  const statuses: number[] = [];
  for (let id = 0; id < 60; id += 1) statuses.push((await handler(post(event(id, more)))).status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(8);
  expect(statuses.at(-1)).toBe(503);
  release();
  await handler.drain();
  expect((await handler(post(event(99, more)))).status).toBe(200);
  await handler.close();
});

test.each(["origin", "sec-fetch-site"])("a page's post, which has %s, is refused without key", async (name) => {
  const handler = createFetchHandler({ onEvent: () => undefined });
  // A Request of this process may not name such a header, so it is asked as a server's request has it.
  const request = post(event(1));
  const headers = new Map([
    ["content-type", "application/json"],
    [name, "cross-site"],
  ]);
  Object.defineProperty(request, "headers", { value: { get: (key: string) => headers.get(key) ?? null } });
  expect((await handler(request)).status).toBe(403);
  await handler.close();
});
