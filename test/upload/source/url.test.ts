import type { IncomingMessage, ServerResponse } from "node:http";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { answerText, closedPort, httpServer, onRequests, pause, tcpServer } from "../../support/raw-servers.ts";
import {
  attempt,
  bench,
  collect,
  counts,
  expectCommittedOnce,
  expectNothingCommitted,
  mib,
  random,
} from "../support.ts";

const bytes = random(4 * mib + 99);
const options = { partSize: mib, concurrency: 2 };

interface Serving {
  readonly content?: Buffer;
  readonly etag?: string | undefined;
  readonly lastModified?: string;
  readonly ranges?: boolean;
  /** Called first; true when it has answered itself. */
  readonly first?: ((request: IncomingMessage, response: ServerResponse, index: number) => boolean) | undefined;
}

/** A web server of one file, with ranges or without. */
async function serve({ content = bytes, etag = '"v1"', lastModified, ranges = true, first }: Serving = {}) {
  const seen: IncomingMessage[] = [];
  const server = await httpServer((request, response, index) => {
    seen.push(request);
    if (first?.(request, response, index) === true) return;
    const headers: Record<string, string> = {
      ...(etag === "" ? {} : { etag }),
      ...(lastModified === undefined ? {} : { "last-modified": lastModified }),
    };
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (!ranges || from === undefined) {
      response.writeHead(200, { ...headers, "content-length": content.length }).end(content);
      return;
    }
    if (Number(from) >= content.length) {
      response.writeHead(416, { ...headers, "content-range": `bytes */${content.length}` }).end();
      return;
    }
    const end = Math.min(Number(to), content.length - 1);
    response
      .writeHead(206, { ...headers, "content-range": `bytes ${from}-${end}/${content.length}` })
      .end(content.subarray(Number(from), end + 1));
  });
  return { server, seen, url: new URL("/dir/My%20film.mp4?token=5ecret#top", server.origin) };
}

describe("what a URL gives", () => {
  test("is read by ranges where the server knows them, in parallel and without being held", async () => {
    const { emulator, vod } = await bench();
    const { url, seen } = await serve();
    const { result } = await attempt(vod, url, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(emulator.media()[0]?.fields).toMatchObject({ MediaType: "mp4", MediaName: "My film" });
    expect(seen.every(({ headers }) => headers["accept-encoding"] === "identity")).toBe(true);
    expect(seen.every(({ url: target }) => target === "/dir/My%20film.mp4?token=5ecret")).toBe(true);
    const asked = seen.slice(1).map(({ headers }) => headers.range ?? "");
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked).toHaveLength(5);
    expect(asked).toEqual(
      expect.arrayContaining(
        [0, 1, 2, 3, 4].map((part) => `bytes=${part * mib}-${Math.min((part + 1) * mib, bytes.length) - 1}`),
      ),
    );
  });

  test.each<[string, Serving]>([
    ["the server knows no ranges", { ranges: false }],
    ["nothing names the content", { etag: "" }],
  ])("is read as a stream where %s", async (_, serving) => {
    const { emulator, vod } = await bench();
    const { url } = await serve(serving);
    const { result } = await attempt(vod, url, options);
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("is named by its date where its ETag is weak", async () => {
    const { emulator, vod } = await bench();
    const { url, seen } = await serve({ etag: 'W/"v1"', lastModified: "Wed, 01 Jul 2026 12:00:00 GMT" });
    const { result } = await attempt(vod, url, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(seen.length).toBeGreaterThan(5);
  });

  test.each([true, false])("may be empty (ranges: %s)", async (ranges) => {
    const { emulator, vod } = await bench();
    const { url } = await serve({ content: Buffer.alloc(0), ranges });
    const { result } = await attempt(vod, url, options);
    await expectCommittedOnce(emulator, new Uint8Array(0), result);
  });

  test("may be of one request's size", async () => {
    const { emulator, vod } = await bench();
    const content = random(1_000);
    const { url } = await serve({ content });
    const { result } = await attempt(vod, url);
    await expectCommittedOnce(emulator, content, result);
  });

  test("can be a cover as well", async () => {
    const { emulator, vod } = await bench();
    const content = random(3_000);
    const { server } = await serve({ content });
    const { result } = await attempt(vod, Buffer.from("x"), { cover: new URL("/c.png", server.origin) });
    expect(result?.coverUrl).toBeDefined();
    expect((await emulator.readObject(emulator.media()[0]?.coverKey ?? "")).equals(content)).toBe(true);
    expect(emulator.media()[0]?.fields).toMatchObject({ CoverType: "png" });
  });

  test("goes on after an interruption, with the parts that are there", async () => {
    const { emulator, vod } = await bench();
    const { url } = await serve();
    const seen = collect();
    await attempt(vod, url, {
      ...options,
      onCheckpoint: seen.write,
      onProgress: ({ parts }) => {
        if (parts.done === 3) throw new Error("crash");
      },
    });
    await pause(30);
    emulator.clearRequests();
    const { result } = await attempt(vod, url, { ...options, checkpoint: seen.last() });
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)["UploadPart"]).toBeLessThanOrEqual(2);
    expect(JSON.stringify(seen.last().source)).not.toContain("5ecret");
  });
});

describe("redirects", () => {
  test("are followed, each range again", async () => {
    const { emulator, vod } = await bench();
    const { server } = await serve();
    const front = await httpServer((_, response) =>
      response.writeHead(302, { location: `${server.origin}/real.mp4` }).end(),
    );
    const { result } = await attempt(vod, new URL("/film.mp4", front.origin), options);
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("in a circle end", async () => {
    const { emulator, vod } = await bench();
    let asked = 0;
    const server = await httpServer((_, response) => {
      asked += 1;
      response.writeHead(301, { location: "/again.mp4" }).end();
    });
    const { error } = await attempt(vod, new URL("/film.mp4", server.origin));
    expect(error).toMatchObject({ code: "BAD_ANSWER", retryable: false });
    expect(asked).toBeLessThan(20);
    expect(counts(emulator)).toEqual({});
  });

  test.each(["ftp://host.example/x", "file:///etc/passwd", "http://", ""])(
    "to %j are not followed",
    async (location) => {
      const { vod } = await bench();
      const server = await httpServer((_, response, index) => {
        if (location === "" && index > 8) response.writeHead(404).end();
        else response.writeHead(302, { location }).end();
      });
      expect((await attempt(vod, new URL("/film.mp4", server.origin))).error).toMatchObject({ code: "BAD_ANSWER" });
    },
  );

  test("to another origin do not take the URL's password along, to the same one they do", async () => {
    const { vod } = await bench();
    const heard: (string | undefined)[] = [];
    const other = await httpServer((request, response) => {
      heard.push(request.headers.authorization);
      response.writeHead(404).end();
    });
    const server = await httpServer((request, response) => {
      heard.push(request.headers.authorization);
      response.writeHead(302, { location: request.url === "/a.mp4" ? "/b.mp4" : `${other.origin}/c.mp4` }).end();
    });
    const url = new URL("/a.mp4", server.origin);
    url.username = "us er";
    url.password = "hünter2";
    const { error } = await attempt(vod, url);
    expect(error).toMatchObject({ code: "SOURCE_NOT_FOUND" });
    const basic = `Basic ${Buffer.from("us er:hünter2").toString("base64")}`;
    expect(heard.slice(0, 3)).toEqual([basic, basic, undefined]);
    expect(inspect(error, { depth: 20 })).not.toMatch(/h(ü|%C3%BC)nter2/i);
  });
});

describe("opening a URL", () => {
  test.each<[string, NonNullable<Serving["first"]>]>([
    ...[408, 425, 429, 500, 502, 503, 504, 524].map((status): [string, NonNullable<Serving["first"]>] => [
      `answered ${status}`,
      (_, response) => (response.writeHead(status).end(), true),
    ]),
    ["broken off", (request) => (request.socket.destroy(), true)],
    [
      "broken off in its body",
      (_, response) => {
        response.writeHead(206, {
          etag: '"v1"',
          "content-range": `bytes 0-255/${bytes.length}`,
          "content-length": 256,
        });
        response.flushHeaders();
        setImmediate(() => response.destroy());
        return true;
      },
    ],
  ])("is tried again when it is %s, and never made a stream by that", async (_, first) => {
    const { emulator, vod } = await bench();
    const retries: string[] = [];
    const { url, seen } = await serve({ first: (...args) => args[2] <= 2 && first(...args) });
    const { result } = await attempt(vod, url, { ...options, onRetry: ({ operation }) => retries.push(operation) });
    await expectCommittedOnce(emulator, bytes, result);
    expect(retries).toEqual(["GetSource", "GetSource"]);
    expect(seen.slice(3)).toHaveLength(5);
  });

  test("waits as long as the server asks", async () => {
    const { vod } = await bench();
    const { url } = await serve({
      first: (_, response, index) => index === 1 && (response.writeHead(503, { "retry-after": "3600" }).end(), true),
    });
    expect((await attempt(vod, url)).error).toMatchObject({ code: "BAD_ANSWER", retryAfterMs: 3_600_000 });
  });

  test("does not ask twice for what works once", async () => {
    const { emulator, vod } = await bench();
    const { url, seen } = await serve({
      ranges: false,
      first: (_, response, index) => index > 1 && (response.writeHead(403).end(), true),
    });
    const { result } = await attempt(vod, url, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(seen).toHaveLength(1);
  });

  test.each([403, 501])("asks without a range where the range may be why it answers %i", async (status) => {
    const { emulator, vod } = await bench();
    const { url } = await serve({
      ranges: false,
      first: (request, response) => request.headers.range !== undefined && (response.writeHead(status).end(), true),
    });
    const { result } = await attempt(vod, url, options);
    await expectCommittedOnce(emulator, bytes, result);
  });
});

describe("a manifest behind a URL is not sent without its files", () => {
  const playlist = Buffer.from("#EXTM3U\n#EXTINF:4,\n0.ts\n#EXT-X-ENDLIST\n");
  const description = Buffer.from('\ufeff<?xml version="1.0"?>\n<MPD type="static"/>');

  test.each(["/a.m3u8", "/a.M3U8?x=1", "/a.mpd", "/a.m3u"])("by its name: %s, before it is asked for", async (path) => {
    const { emulator, vod } = await bench();
    const { server, seen } = await serve({ content: playlist });
    const { error } = await attempt(vod, new URL(path, server.origin));
    expect(error).toMatchObject({ code: "SOURCE_UNREADABLE", retryable: false });
    const remedy = path.endsWith("mpd") ? /^(?!.*vodup pull).*download it with all its files/ : /vodup pull URL/;
    expect((error as Error).message).toMatch(remedy);
    expect(seen).toHaveLength(0);
    expect(counts(emulator)).toEqual({});
  });

  test.each([true, false])("by its first bytes (ranges: %s)", async (ranges) => {
    for (const content of [playlist, description]) {
      const { emulator, vod } = await bench();
      const { url } = await serve({ content, ranges });
      expect((await attempt(vod, url)).error).toMatchObject({ code: "SOURCE_UNREADABLE" });
      expect(counts(emulator)).toEqual({});
    }
  });

  test.each(["application/vnd.apple.mpegurl", "Audio/X-MpegURL; charset=utf-8", "application/dash+xml"])(
    "by its type: %s",
    async (type) => {
      const { emulator, vod } = await bench();
      const { url } = await serve({
        first: (_, response) => (response.writeHead(200, { "content-type": type }).end("\n\n"), true),
      });
      expect((await attempt(vod, url)).error).toMatchObject({ code: "SOURCE_UNREADABLE" });
      expect(counts(emulator)).toEqual({});
    },
  );

  test("by the name that a redirect leads to, and by the media type that is given", async () => {
    const { vod } = await bench();
    const { server, url, seen } = await serve();
    const front = await httpServer((_, response) =>
      response.writeHead(302, { location: `${server.origin}/live/index.m3u8` }).end(),
    );
    const { error } = await attempt(vod, new URL("/film", front.origin));
    expect(error).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(seen).toHaveLength(1);
    expect((await attempt(vod, url, { mediaType: "M3U8" })).error).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(seen).toHaveLength(1);
  });
});

describe("a URL that cannot be read", () => {
  test.each([
    [404, "SOURCE_NOT_FOUND", false],
    [410, "SOURCE_NOT_FOUND", false],
    [401, "SOURCE_UNREADABLE", false],
    [403, "SOURCE_UNREADABLE", false],
    [204, "SOURCE_UNREADABLE", false],
    [500, "BAD_ANSWER", true],
    [503, "BAD_ANSWER", true],
    [429, "BAD_ANSWER", true],
    [408, "BAD_ANSWER", true],
  ])("because it answers %i is %s, before anything is sent", async (status, code, retryable) => {
    const { emulator, vod } = await bench();
    const server = await httpServer((_, response) => response.writeHead(status).end());
    const { error } = await attempt(vod, new URL("/film.mp4?sign=5ecret", server.origin));
    expect(error).toMatchObject({ code, retryable });
    expect(inspect(error, { depth: 20 })).not.toContain("5ecret");
    expect(counts(emulator)).toEqual({});
  });

  test("because nobody answers there is a network error", async () => {
    const { vod } = await bench();
    const { error } = await attempt(vod, new URL(`http://127.0.0.1:${await closedPort()}/film.mp4?sign=5ecret`));
    expect(error).toMatchObject({ code: "NETWORK", phase: "connect", retryable: true });
    expect(inspect(error, { depth: 20 })).not.toContain("5ecret");
  });

  test("because it hangs is a timeout, and an abort does not wait for it", async () => {
    const { vod } = await bench();
    const server = await tcpServer(() => undefined);
    const url = new URL("/film.mp4", server.origin);
    expect((await attempt(vod, url)).error).toMatchObject({ code: "TIMEOUT", phase: "headers" });
    const controller = new AbortController();
    setTimeout(() => controller.abort("enough"), 30);
    expect((await attempt(vod, url, { signal: controller.signal })).error).toBe("enough");
  });

  test("because it is compressed all the same is not taken for a video", async () => {
    const { emulator, vod } = await bench();
    const server = await httpServer((_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end("gzipped"),
    );
    const { error } = await attempt(vod, new URL("/film.mp4", server.origin));
    expect(error).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(counts(emulator)["CommitUpload"]).toBeUndefined();
  });

  test("because its password is wrong does not show it, be it UTF-8 or not", async () => {
    const { vod } = await bench();
    let heard: string | undefined;
    const server = await httpServer((request, response) => {
      heard = request.headers.authorization;
      response.writeHead(401).end();
    });
    const url = new URL("/film.mp4", server.origin);
    url.username = "us%E0er";
    url.password = "hunter2%FF";
    const { error } = await attempt(vod, new URL(url.href.replaceAll("%25", "%")));
    expect(error).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(inspect(error, { depth: 20 })).not.toContain("hunter2");
    expect(heard).toBe(`Basic ${Buffer.from("us\u00e0er:hunter2\u00ff", "latin1").toString("base64")}`);
  });
});

describe("a URL whose content changes on the way is an error and never a wrong video", () => {
  const after = (count: number, serving: Serving): Serving =>
    serving.first === undefined
      ? serving
      : {
          ...serving,
          first: (request, response, index) => index > count && serving.first?.(request, response, index) === true,
        };
  const answer =
    (status: number, headers: Record<string, string>, body: Buffer | string) =>
    (_: IncomingMessage, response: ServerResponse): boolean => {
      response.writeHead(status, headers).end(body);
      return true;
    };

  test.each<[string, Serving["first"], string?, boolean?]>([
    [
      "another ETag",
      (request, response) => {
        const range = request.headers.range ?? "";
        const [, from = "0", to = "0"] = /(\d+)-(\d+)/.exec(range) ?? [];
        response
          .writeHead(206, { etag: '"v2"', "content-range": `bytes ${from}-${to}/${bytes.length}` })
          .end(bytes.subarray(Number(from), Number(to) + 1));
        return true;
      },
    ],
    ["another size", answer(206, { etag: '"v1"', "content-range": `bytes 0-9/${bytes.length + 1}` }, "0123456789")],
    ["another range", answer(206, { etag: '"v1"', "content-range": `bytes 7-16/${bytes.length}` }, "0123456789")],
    ["the whole instead of a range", answer(200, { etag: '"v1"' }, bytes)],
    ["no such range any more", answer(416, { "content-range": "bytes */7" }, "")],
    ["no such thing any more", answer(404, {}, ""), "SOURCE_NOT_FOUND"],
    ["no longer permitted", answer(403, {}, ""), "SOURCE_UNREADABLE"],
    ["no longer known", answer(401, {}, ""), "SOURCE_UNREADABLE"],
    ["too slow for the server, again and again", answer(408, {}, ""), "BAD_ANSWER", true],
    ["too busy, again and again", answer(503, {}, ""), "BAD_ANSWER", true],
  ])("%s", async (_, first, code = "SOURCE_CHANGED", retryable = false) => {
    const { emulator, vod } = await bench();
    const { url } = await serve(after(2, { first }));
    const { error } = await attempt(vod, url, { ...options, concurrency: 1 });
    expect(error).toMatchObject({ code, retryable });
    expect(inspect(error, { depth: 20 })).not.toContain("5ecret");
    expectNothingCommitted(emulator);
  });

  test.each<[string, Serving["first"]]>([
    [
      "breaks",
      (_, response) => (
        response.writeHead(206, { etag: '"v1"', "content-range": `bytes 0-9/${bytes.length}` }),
        response.destroy(),
        true
      ),
    ],
    ["is too busy", answer(503, {}, "")],
    ["waited for too long", answer(408, {}, "")],
    [
      "stops in the middle",
      (request, response) => {
        const [, from = "0", to = "0"] = /(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
        response.writeHead(206, {
          etag: '"v1"',
          "content-range": `bytes ${from}-${to}/${bytes.length}`,
          "content-length": Number(to) - Number(from) + 1,
        });
        response.write("part of it", () => response.destroy());
        return true;
      },
    ],
  ])("but one that %s for a moment is read again", async (_, first) => {
    const { emulator, vod } = await bench();
    let struck = 0;
    const { url } = await serve({
      first: (request, response, index) =>
        index === 3 && (struck += 1) === 1 && first?.(request, response, index) === true,
    });
    const { result, error } = await attempt(vod, url, { ...options, concurrency: 1 });
    expect(error).toBeUndefined();
    expect(struck).toBe(1);
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("a stream that is cut is not taken for whole", async () => {
    const { emulator, vod } = await bench();
    const server = await tcpServer((socket) =>
      onRequests(socket, () => {
        socket.write(`HTTP/1.1 200 X\r\ncontent-length: ${bytes.length}\r\n\r\n`);
        socket.write(bytes.subarray(0, 2 * mib), () => socket.destroy());
      }),
    );
    const { error } = await attempt(vod, new URL("/film.mp4", server.origin), options);
    expect(error).toMatchObject({ code: "SOURCE_FAILED", retryable: true, cause: { code: "NETWORK" } });
    expectNothingCommitted(emulator);
  });

  test("a stream without a length that ends with its connection is what it is", async () => {
    const { emulator, vod } = await bench();
    const server = await tcpServer((socket) =>
      onRequests(socket, () =>
        socket.end(answerText(200, { connection: "close" }, "short film").replace(/content-length: \d+\r\n/, "")),
      ),
    );
    const { result } = await attempt(vod, new URL("/film.mp4", server.origin));
    await expectCommittedOnce(emulator, Buffer.from("short film"), result);
  });
});
