import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { VodClientOptions } from "../../src/client.ts";
import { onRequests, tcpServer } from "../support/raw-servers.ts";
import { outcomeOf } from "./outcome.ts";
import { reflectingService } from "./reflecting-service.ts";

/** What a server writes to a socket for one request. */
type Answer = (socket: Socket, request: { readonly head: string; readonly index: number }) => void;

const content = "0123456789".repeat(30);
const size = 3 * 2 ** 20;
const text =
  (...lines: string[]): Answer =>
  (socket) =>
    void socket.end(`HTTP/1.1 ${lines.join("\r\n")}`);
const ok = (headers: string, body = content): Answer => text(`200 OK\r\n${headers}\r\n\r\n${body}`);
const moved = (location: string, status = 302): Answer =>
  text(`${status} X`, `location: ${location}`, "content-length: 0\r\n\r\n");
/** As a server that knows ranges answers, but for some headers and its body. */
const range =
  (headers: Readonly<Record<string, string>>, change: (part: string) => string = (part) => part): Answer =>
  (socket, { head }) => {
    const [, from = "0", to = "0"] = /range: bytes=(\d+)-(\d+)/.exec(head) ?? [];
    const end = Math.min(Number(to), size - 1);
    const body = change("x".repeat(end - Number(from) + 1));
    const right = { etag: '"v1"', "content-range": `bytes ${from}-${end}/${size}`, "content-length": body.length };
    const lines = Object.entries({ ...right, ...headers });
    socket.write(`HTTP/1.1 206 X\r\n${lines.map(([name, value]) => `${name}: ${value}`).join("\r\n")}\r\n\r\n${body}`);
  };
/** The right answer first, which the source is opened by, and then this. */
const later =
  (answer: Answer): Answer =>
  (socket, request) =>
    (request.index === 1 ? range({}) : answer)(socket, request);
/** Writes on for as long as anybody reads. */
const flood =
  (begin: string, piece: string): Answer =>
  (socket) => {
    socket.write(begin);
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece, "latin1"));
    };
    socket.on("drain", more);
    more();
  };
const dripping =
  (begin: string, piece: string): Answer =>
  (socket) => {
    socket.write(begin);
    const timer = setInterval(() => socket.write(piece), 20);
    socket.once("close", () => clearInterval(timer));
  };
const chunked = (body: string): string => Array.from(body, (one) => `1\r\n${one}\r\n`).join("") + "0\r\n\r\n";
const inChunks = "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n";
const firstRange = 'HTTP/1.1 206 X\r\netag: "v1"\r\ncontent-range: bytes 0-1048575/3145728\r\n';
const bomb = gzipSync(Buffer.alloc(2 ** 20)).toString("latin1");

const answers: [name: string, answer: Answer, outcome: string][] = [
  ["a redirect to itself", moved("/film"), "BAD_ANSWER"],
  ["a redirect that goes on and on", (socket, one) => moved(`/${one.index}`, 307)(socket, one), "BAD_ANSWER"],
  ["a redirect to a file", moved("file:///etc/passwd", 308), "BAD_ANSWER"],
  ["a redirect to no URL", moved("http://[::1", 303), "BAD_ANSWER"],
  ["a redirect without a place", text("302 X", "content-length: 0\r\n\r\n"), "SOURCE_UNREADABLE"],
  ["a redirect of 64 KiB", moved(`/${"x".repeat(65_536)}`), "BAD_ANSWER"],
  ["ranges of another place", range({ "content-range": "bytes 7-262/3145728" }), "SOURCE_CHANGED"],
  ["a total that is infinite", range({ "content-range": `bytes 0-255/${"9".repeat(400)}` }), "SOURCE_TOO_LARGE"],
  ["a total beyond any object", range({ "content-range": "bytes 0-255/99999999999999" }), "SOURCE_TOO_LARGE"],
  ["a range that is no range", range({ "content-range": "bytes -5-*/-3" }), "SOURCE_UNREADABLE"],
  ["several ranges in one", text("206 X", "content-type: multipart/byteranges", "\r\n--x"), "SOURCE_UNREADABLE"],
  ["a range with more bytes than asked for", later(range({}, (part) => `${part}x`)), "SOURCE_CHANGED"],
  ["a range that never ends", later(flood(`${firstRange}\r\n`, "x".repeat(65_536))), "SOURCE_CHANGED"],
  ["a range with less bytes than asked for", later(range({}, (part) => part.slice(1))), "SOURCE_CHANGED"],
  ["another range than asked for", later(range({ "content-range": "bytes 1-1048576/3145728" })), "SOURCE_CHANGED"],
  ["the whole in place of a range", later(ok("content-length: 300")), "SOURCE_CHANGED"],
  ["another ETag each time", (socket, one) => range({ etag: `"${one.index}"` })(socket, one), "SOURCE_CHANGED"],
  ["a redirect of a later range to a file", later(moved("file:///etc/passwd")), "BAD_ANSWER"],
  ["more bytes promised than sent", ok("content-length: 1000"), "SOURCE_FAILED"],
  ["a negative length", ok("content-length: -5"), "BAD_ANSWER"],
  ["a length that no number holds", ok(`content-length: ${"9".repeat(30)}`), "BAD_ANSWER"],
  ["a length beyond any object", ok("content-length: 9007199254740991"), "SOURCE_TOO_LARGE"],
  ["two lengths", ok("content-length: 300\r\ncontent-length: 299"), "BAD_ANSWER"],
  [
    "a length and chunks",
    ok("content-length: 9\r\ntransfer-encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
    "BAD_ANSWER",
  ],
  ["chunks of no size", ok("transfer-encoding: chunked", "zz\r\nhello"), "BAD_ANSWER"],
  ["a chunk of more than any number", ok("transfer-encoding: chunked", `${"f".repeat(40)}\r\nhello`), "BAD_ANSWER"],
  ["a header without end", flood("HTTP/1.1 200 X\r\nx: ", "x".repeat(65_536)), "BAD_ANSWER"],
  ["headers without end", flood("HTTP/1.1 200 X\r\n", "x: y\r\n".repeat(10_000)), "BAD_ANSWER"],
  ["1xx without end", flood("", "HTTP/1.1 103 X\r\nlink: x\r\n\r\n".repeat(1_000)), "BAD_ANSWER"],
  ["an upgrade that nobody asked for", text("101 X", "upgrade: x", "connection: upgrade\r\n\r\n"), "BAD_ANSWER"],
  ["no status line (HTTP/0.9)", (socket) => void socket.end("<html>hello"), "BAD_ANSWER"],
  ["another protocol", (socket) => void socket.end("SSH-2.0-OpenSSH_9.2\r\n"), "BAD_ANSWER"],
  ["a status of four digits", text("2000 X", "content-length: 0\r\n\r\n"), "BAD_ANSWER"],
  ["a status beyond all", text("999 X", "content-length: 0\r\n\r\n"), "BAD_ANSWER"],
  ["NUL in a header", ok("x: a\0b\r\ncontent-length: 300"), "BAD_ANSWER"],
  ["a line feed alone in a header", ok("x: a\nlocation: y\r\ncontent-length: 300"), "BAD_ANSWER"],
  ["a blank before the colon", ok("content-length : 300"), "BAD_ANSWER"],
  ["gzip that nobody asked for", ok("content-encoding: gzip"), "SOURCE_UNREADABLE"],
  ["a gzip bomb", ok("content-encoding: gzip\r\ntransfer-encoding: gzip, chunked", bomb), "SOURCE_UNREADABLE"],
  ["a login page", ok("content-type: text/html", "\ufeff\n <!DOCTYPE html>\n<html>Log in"), "SOURCE_UNREADABLE"],
  ["a login page, a byte at a time", ok("transfer-encoding: chunked", chunked("<HTML lang=ko>")), "SOURCE_UNREADABLE"],
  ["a playlist, a byte at a time", ok("transfer-encoding: chunked", chunked("#EXTM3U\n0.ts")), "SOURCE_UNREADABLE"],
  ["a page that leads on", ok("x: y", `<html><meta http-equiv="refresh" content="0; url=/x">`), "SOURCE_UNREADABLE"],
  ["416 to everything", text("416 X", "content-range: bytes */0", "content-length: 0\r\n\r\n"), "SOURCE_UNREADABLE"],
  ["304 to everything", text("304 X\r\n\r\n"), "SOURCE_UNREADABLE"],
  ["busy for a thousand years", text("503 X", "retry-after: 31536000000", "content-length: 0\r\n\r\n"), "BAD_ANSWER"],
  // Nobody can see that there would have been more; what comes behind an answer is never taken for the next one.
  ["less bytes promised than sent", ok("content-length: 10"), "done"],
  ["a second answer behind the first", ok("content-length: 5", "helloHTTP/1.1 404 X\r\n\r\n"), "done"],
];

/** What falls silent, or says nothing for ever. */
const silent: [name: string, answer: Answer, outcome: string][] = [
  ["nothing at all", () => undefined, "TIMEOUT"],
  ["a header that never comes", (socket) => void socket.write("HTTP/1.1 200 X\r\nx: y\r\n"), "TIMEOUT"],
  ["a header, a byte at a time", dripping("HTTP/1.1 200 X\r\nx: ", "x"), "TIMEOUT"],
  ["a body that never comes", (socket) => void socket.write(`HTTP/1.1 200 X\r\n\r\n`), "TIMEOUT"],
  ["a chunk that never ends", (socket) => void socket.write(`${inChunks}ffffffff\r\n${content}`), "SOURCE_FAILED"],
  ["chunk extensions without end", flood(`${inChunks}5;x=`, "x".repeat(65_536)), "TIMEOUT"],
  ["a range that stops", later((socket) => void socket.write(`${firstRange}\r\nx`)), "TIMEOUT"],
];

async function outcome(answer: Answer, more: Partial<VodClientOptions> = {}): Promise<string> {
  const service = await reflectingService(() => undefined);
  let count = 0;
  const site = await tcpServer((socket) => onRequests(socket, (head) => answer(socket, { head, index: (count += 1) })));
  const limits = { connectMs: 300, headersMs: 300, bodyMs: 300, completeMs: 300 };
  const url = new URL("/film", site.origin);
  return outcomeOf(service.origin, url, { partSize: 2 ** 20, concurrency: 1 }, { limits, ...more });
}

test("more than 28 answers", () => expect(answers.length + silent.length).toBeGreaterThan(28));

test.each(answers)("a URL that gives %s", async (_, answer, expected) => {
  expect(await outcome(answer)).toBe(expected);
});

test("a URL that gives nothing, or nothing more, is given up in time", async () => {
  const outcomes = silent.map(async ([name, answer]) => [name, await outcome(answer, { retry: { attempts: 1 } })]);
  expect(await Promise.all(outcomes)).toEqual(silent.map(([name, , expected]) => [name, expected]));
});
