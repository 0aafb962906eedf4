import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { eventLine } from "../../src/cli/event-line.ts";
import { createFetchHandler, createListener, type ReceiveOptions, type VodEvent } from "../../src/events/index.ts";
import { serve } from "../support/raw-servers.ts";

const address = "http://127.0.0.1/";
const post = (body: string, headers: Record<string, string> = {}): Request =>
  new Request(address, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
const event = (id: number, more: unknown = ""): string =>
  JSON.stringify({ EventType: "FileDeleted", EventHandle: `h${id}`, id, more });

const names = (count: number): string => Array.from({ length: count }, (_none, at) => `"n${at}":1`).join();
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

const signKey = "k3y-of-the-application";
const now = 1_800_000_000;
const sign = (t: string | number): string => createHash("md5").update(`${signKey}${t}`).digest("hex");
const signed = (more: string, t: string | number = now + 300): string =>
  `{"EventType":"NewFileUpload","Sign":"${sign(t)}","T":${t},"FileUploadEvent":{"FileId":"1"}${more}}`;

/** Sends bytes as they are. @returns the status, or "closed" */
async function sent(options: Partial<ReceiveOptions>, ...pieces: (string | Buffer)[]) {
  const events: VodEvent[] = [];
  const listener = createListener({
    onEvent: (one) => void events.push(one),
    bodyTimeoutMs: 100,
    clock: () => now * 1_000,
    ...options,
  });
  const server = await serve(createServer(listener));
  const before = process.memoryUsage().rss;
  const begun = performance.now();
  const answer = await new Promise<string>((resolve) => {
    let text = "";
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined).on("close", () => resolve(text));
    socket.on("data", (chunk) => {
      text += String(chunk);
      if (text.includes("\r\n\r\n")) resolve(text);
    });
    for (const piece of pieces) socket.write(piece);
  });
  await listener.drain();
  expect(performance.now() - begun).toBeLessThan(2_500);
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20);
  for (const one of events) expect(JSON.stringify(one).length + eventLine(one).length).toBeGreaterThan(0);
  return { outcome: /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? "closed", events };
}

const head = (...lines: string[]): string =>
  ["POST / HTTP/1.1", "host: x", "content-type: application/json", ...lines, "", ""].join("\r\n");
const withBody = (body: string | Buffer, ...lines: string[]): Buffer =>
  Buffer.concat([Buffer.from(head(...lines, `content-length: ${Buffer.byteLength(body)}`)), Buffer.from(body)]);
const inChunks = head("transfer-encoding: chunked");

/** Callbacks of somebody who knows the address, and not the key. */
const unsigned: [name: string, pieces: (string | Buffer)[], outcome: string][] = [
  ["nothing", [withBody("")], "400"],
  ["blanks", [withBody(" ".repeat(2 ** 20))], "400"],
  ["a body that is cut off", [withBody('{"EventType":"NewFileUpl')], "400"],
  ["two events in one", [withBody(event(1) + event(2))], "400"],
  ["bytes that are no UTF-8", [withBody(Buffer.from([0x7b, 0xc3, 0x28, 0x7d]))], "400"],
  ["UTF-16", [withBody(Buffer.from(event(1), "utf16le"))], "400"],
  ["half of a surrogate pair", [withBody(String.raw`{"EventType":"\ud800"}`)], "Other"],
  ["an array", [withBody("[1]")], "400"],
  ["a prototype in the place of the event", [withBody('{"__proto__":{"EventType":"FileDeleted"}}')], "400"],
  ["a prototype beside the event", [withBody('{"__proto__":{"a":1},"EventType":"FileDeleted"}')], "FileDeleted"],
  ["a type that objects have as a method", [withBody('{"EventType":"constructor"}')], "Other"],
  ["a type that is a list", [withBody('{"EventType":["FileDeleted"]}')], "400"],
  ["a type of 1 MB", [withBody(`{"EventType":"${"x".repeat(1_000_000)}"}`)], "Other"],
  ["a type with an escape", [withBody(String.raw`{"EventType":"\u001b]8;;x\u0007\u202e"}`)], "Other"],
  ["a type twice", [withBody('{"EventType":"FileDeleted","EventType":"PullComplete"}')], "PullComplete"],
  ["arrays in the place of objects", [withBody('{"EventType":"FileDeleted","FileDeleteEvent":[[]]}')], "FileDeleted"],
  ["no fields", [withBody('{"EventType":"NewFileUpload"}')], "NewFileUpload"],
  ["null for each field", [withBody('{"EventType":"PullComplete","PullCompleteEvent":null}')], "PullComplete"],
  [
    "numbers for texts",
    [withBody('{"EventType":"NewFileUpload","FileUploadEvent":{"FileId":1e999,"MediaBasicInfo":7}}')],
    "NewFileUpload",
  ],
  [
    "a list of 100,000 numbers",
    [withBody(`{"EventType":"FileDeleted","a":[${"1,".repeat(100_000)}1]}`)],
    "FileDeleted",
  ],
  ["20,000 names", [withBody(`{"EventType":"PullComplete",${names(20_000)}}`)], "PullComplete"],
  ["another type of body", [withBody("a=1").toString().replace("/json", "/x-www-form-urlencoded")], "415"],
  ["another alphabet", [withBody(event(1)).toString().replace("/json", '/json; charset="utf-7"')], "415"],
  ["a compressed body", [withBody(event(1), "content-encoding: gzip")], "415"],
  [
    "blanks in a type",
    [
      withBody(event(1))
        .toString()
        .replace("/json", `/json;${" ".repeat(15_000)}x`),
    ],
    "200",
  ],
  ["a size beyond the limit", [head("content-length: 99999999999")], "413"],
  ["a size that no number holds", [head(`content-length: ${"9".repeat(40)}`)], "400"],
  ["a size below zero", [head("content-length: -1"), "x"], "400"],
  ["two sizes", [head("content-length: 5", "content-length: 6"), "hello!"], "400"],
  ["a size and chunks", [head("content-length: 5", "transfer-encoding: chunked"), "0\r\n\r\n"], "400"],
  ["a chunk of no size", [inChunks, "zz\r\n"], "400"],
  ["chunks beyond the limit", [inChunks, `200000\r\n${"x".repeat(2 ** 21)}\r\n0\r\n\r\n`], "413"],
  ["chunks without end", [inChunks, "1\r\n{\r\n"], "408"],
  ["a chunk's extension without end", [inChunks, `1;${"x".repeat(60_000)}`], "413"],
  ["less than its size", [head("content-length: 1000"), "{"], "408"],
  ["a header without end", [`POST / HTTP/1.1\r\nx: ${"x".repeat(40_000)}`], "431"],
  ["NUL in a header", [head("x: a\0b")], "400"],
  ["no host", ["POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"], "400"],
  ["another protocol", ["\u0016\u0003\u0001\u0002 TLS hello\r\n\r\n"], "400"],
  ["a request to switch", [head("connection: upgrade", "upgrade: websocket", "content-length: 0")], "400"],
  ["another method", ["DELETE / HTTP/1.1\r\nhost: x\r\n\r\n"], "405"],
];

/** Callbacks of somebody who does not know the key, or has seen a callback. */
const keyed: [name: string, body: string, outcome: string][] = [
  ["no signature", event(1), "403"],
  ["a signature of nothing", '{"EventType":"FileDeleted","Sign":"","T":0}', "403"],
  ["a signature by another key", signed("").replace(/"Sign":"[0-9a-f]{4}/, '"Sign":"0000'), "403"],
  ["a signature that is a list", signed("").replace(/"Sign":"([0-9a-f]+)"/, '"Sign":["$1"]'), "403"],
  ["a signature of another length", signed("").replace(/"Sign":"[0-9a-f]/, '"Sign":"'), "403"],
  ["a signature that a prototype has", `{"EventType":"FileDeleted","__proto__":${signed("")}}`, "403"],
  ["a signature, and another behind it", signed(',"Sign":"00"'), "403"],
  ["a time that was", signed("", now - 1), "403"],
  ["a time far ahead", signed("", now + 1_000), "403"],
  ["a time that is written another way", signed("", `"0${now + 300}"`), "403"],
  ["a time below zero", signed("", -1), "403"],
  ["a time with a fraction", signed("", now + 0.5), "403"],
  ["a time that is infinite", signed("", "1e999"), "403"],
  ["a time with blanks", signed("").replace(/"T":(\d+)/, '"T":" $1"'), "403"],
  ["a signed array", `[${signed("")}]`, "403"],
  ["a signed event that is none", signed("").replace("EventType", "Eventtype"), "400"],
  [
    "a signature in capitals",
    signed("").replace(/"Sign":"[0-9a-f]+/, (one) => `"Sign":"${one.slice(8).toUpperCase()}`),
    "200",
  ],
];

test("more than 25 callbacks", () => expect(unsigned.length + keyed.length).toBeGreaterThan(25));

test.each(unsigned)("a callback of %s", async (_, pieces, expected) => {
  const { outcome, events } = await sent({}, ...pieces);
  const type = events[0]?.type ?? outcome;
  expect([type, outcome]).toEqual(/^\d/.test(expected) ? [events[0]?.type ?? expected, expected] : [expected, "200"]);
});

test.each(keyed)("a callback with %s, where a key is asked for", async (_, body, expected) => {
  const { outcome, events } = await sent({ signKey }, withBody(body));
  expect([outcome, events.length]).toEqual([expected, expected === "200" ? 1 : 0]);
  for (const one of events) expect(eventLine(one)).not.toContain(sign(now + 300));
});

test("200 connections that say nothing keep nobody else out", async () => {
  const events: VodEvent[] = [];
  const listener = createListener({ onEvent: (one) => void events.push(one) });
  const server = await serve(createServer(listener));
  const idle = Array.from({ length: 200 }, (_none, at) => {
    const socket = connect(server.port, "127.0.0.1").on("error", () => undefined);
    socket.write(at % 2 === 0 ? "POST / HTTP/1.1\r\nx" : `${head("content-length: 100")}{`);
    return socket;
  });
  const answer = await fetch(server.origin, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: event(1),
  });
  expect(answer.status).toBe(200);
  for (const socket of idle) socket.destroy();
  await listener.drain();
  expect(events).toHaveLength(1);
});
