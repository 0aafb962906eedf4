import { connect } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { Replay } from "../../src/replay/player.ts";
import { startReplay } from "../../src/replay/player.ts";
import { send } from "./raw-client.ts";
import type { Json } from "./sample-cassette.ts";
import { cassetteOf, replying } from "./sample-cassette.ts";
import { timing } from "../support/timing.ts";

let replay: Replay | undefined;

afterEach(async () => {
  await replay?.close();
  replay = undefined;
});

async function play(...replies: Json[]): Promise<Replay> {
  replay = await startReplay(cassetteOf([replying(replies)]));
  return replay;
}

const put = (origin: string, more: Parameters<typeof send>[1] = {}) =>
  send(origin, { method: "PUT", path: "/clip.mp4", ...more });

describe("faults happen on the wire", () => {
  it("reset-before-response: the request is read, then the connection is reset", async () => {
    const { origin, report } = await play({ fault: "reset-before-response" }, { status: 200 });
    await expect(put(origin, { body: "abc" })).rejects.toMatchObject({ code: "ECONNRESET" });
    expect((await put(origin, { body: "abc" })).status).toBe(200);
    expect(report()).toEqual({ unmatched: [], leftover: [], mismatches: [] });
  });

  it("reset-after-bytes: strikes while the body is still on its way", async () => {
    const { origin, report } = await play({ fault: "reset-after-bytes", at: 1000 });
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {});
    socket.write(`PUT /clip.mp4 HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 1000000\r\n\r\n`);
    socket.write(Buffer.alloc(999));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(socket.destroyed).toBe(false);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(Buffer.alloc(1));
    await closed;
    expect(report()).toEqual({ unmatched: [], leftover: [], mismatches: [] });
  });

  it("timeout: nothing comes until the client gives up", async () => {
    const { origin, report } = await play({ fault: "timeout" });
    await expect(put(origin, { timeoutMs: 100 })).rejects.toMatchObject({ code: "TIMED_OUT" });
    expect(report()).toEqual({ unmatched: [], leftover: [], mismatches: [] });
  });

  it("timeout with an answer: the body stops in the middle and the connection stays", async () => {
    const { origin } = await play({ status: 200, text: "0123456789", fault: "timeout", at: 4 });
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.write(`PUT /clip.mp4 HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 0\r\n\r\n`);
    await expect.poll(() => received).toMatch(/\r\nContent-Length: 10\r\n.*\r\n\r\n0123$/s);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(socket.destroyed).toBe(false);
    expect(received.endsWith("0123")).toBe(true);
    socket.destroy();
  });

  it("truncate-body: the connection ends short of Content-Length", async () => {
    const { origin, report } = await play({ status: 200, text: "0123456789", fault: "truncate-body", at: 4 });
    await expect(put(origin)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(report().leftover).toEqual([]);
  });

  it("truncate-body of a chunked answer: the last chunk never comes", async () => {
    const { origin } = await play({ status: 200, text: "0123456789", chunks: [2, 2], fault: "truncate-body", at: 5 });
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.write(`PUT /clip.mp4 HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 0\r\n\r\n`);
    await once(socket, "end");
    expect(received.slice(received.indexOf("\r\n\r\n") + 4)).toBe("2\r\n01\r\n2\r\n23\r\n1\r\n4\r\n");
    socket.destroy();
  });

  it("delayMs: the answer is late by that much", timing, async () => {
    const { origin } = await play({ status: 200, delayMs: 120 });
    const started = performance.now();
    await put(origin);
    expect(performance.now() - started).toBeGreaterThanOrEqual(115);
  });

  it("chunks: the body comes in the pieces asked for, the rest as one", async () => {
    const { origin } = await play({ status: 200, text: " \n <ok/>", chunks: [1, 2], chunkDelayMs: 30 });
    const answer = await put(origin);
    expect(answer.body).toBe(" \n <ok/>");
    expect(answer.pieces).toBe(3);
    expect(answer.headers.join(": ")).toContain("Transfer-Encoding: chunked");
    expect(answer.headers).not.toContain("Content-Length");
  });

  it("100-continue: a client that asks is told to go on, and its body is judged", async () => {
    const { origin, report } = await play({ status: 200 });
    const headers = { expect: "100-continue", "content-length": "3" };
    const answer = await put(origin, { headers, body: "abc" });
    expect(answer).toMatchObject({ status: 200, continued: true });
    expect(report().mismatches).toEqual([]);
  });

  it("interim []: a client that asks is refused before it sends its body", async () => {
    const { origin, report } = await play({ status: 403, interim: [] });
    const headers = { expect: "100-continue", "content-length": "3" };
    expect(await put(origin, { headers, body: "abc" })).toMatchObject({ status: 403, continued: false });
    expect(report()).toEqual({ unmatched: [], leftover: [], mismatches: [] });
  });

  it("interim: statuses that nobody asked for come before the answer", async () => {
    const { origin } = await play({ status: 200, interim: [100, 102, 103, 100], text: "end" });
    const answer = await put(origin);
    expect(answer.interim.filter((status) => status !== 100)).toEqual([102, 103]);
    expect(answer).toMatchObject({ status: 200, body: "end", continued: true });
  });
});
