import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { NetworkError } from "../../src/errors.ts";
import { answerText, closedPort, httpServer, onRequests, pause, tcpServer } from "../support/raw-servers.ts";
import { rejection, request, transport, upload } from "./support.ts";
import { timing } from "../support/timing.ts";

/** Answers every request on every connection with these bytes, then does `after` with the socket. */
const answering = (bytes: string | Buffer, after: "keep" | "end" | "reset" = "keep") =>
  tcpServer((socket) =>
    onRequests(socket, () => {
      socket.write(bytes, () => {
        if (after === "end") socket.end();
        if (after === "reset") socket.resetAndDestroy();
      });
    }),
  );

async function failure(origin: string): Promise<NetworkError> {
  const error = await rejection(transport().send(request(origin)));
  expect(error).toBeInstanceOf(NetworkError);
  return error as NetworkError;
}

describe("an answer", () => {
  test("comes with its status, its headers in lower case, repeated ones joined, and its bytes", async () => {
    const server = await answering(
      "HTTP/1.1 418 X\r\nX-Cos-Request-Id: abc\r\nvia: a\r\nVia: b\r\ncontent-length: 4\r\n\r\n\u0000\u00ff!",
    );
    const answer = await transport().send(request(server.origin));
    expect(answer.status).toBe(418);
    expect(answer.headers).toMatchObject({ "x-cos-request-id": "abc", via: "a, b" });
    expect(answer.body).toEqual(Buffer.from("\u0000\u00ff!"));
  });

  test.each([200, 403, 404, 500, 503])(
    "of status %i is read to its end, so that its socket serves again",
    async (status) => {
      const body = "x".repeat(300_000);
      const server = await httpServer((_, response) => response.writeHead(status).end(body));
      const wire = transport();
      for (let time = 0; time < 10; time += 1) {
        const answer = await wire.send(request(server.origin));
        expect(answer.body.byteLength).toBe(body.length);
      }
      // The pool may open a second one while the first is still being handed back.
      expect(server.sockets.length).toBeLessThan(3);
    },
  );

  test("without a length is what comes until the end of the connection", async () => {
    const server = await answering("HTTP/1.1 200 X\r\nconnection: close\r\n\r\nuntil the end", "end");
    expect((await transport().send(request(server.origin))).body.toString()).toBe("until the end");
  });

  test("is taken after interim answers", async () => {
    const server = await answering(`HTTP/1.1 102 X\r\n\r\n${answerText(200, {}, "real")}`);
    expect((await transport().send(request(server.origin))).body.toString()).toBe("real");
  });

  test("to HEAD has no body, whatever length it names", async () => {
    const server = await answering("HTTP/1.1 200 X\r\ncontent-length: 123456\r\n\r\n");
    const answer = await transport().send(request(server.origin, { method: "HEAD" }));
    expect(answer.headers["content-length"]).toBe("123456");
    expect(answer.body.byteLength).toBe(0);
  });

  test.each([
    ["by its length", "HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\nshort"],
    ["by its chunks", "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n"],
    ["within a chunk", "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\nff\r\nshort"],
  ])("that is cut short %s is no answer", async (_, bytes) => {
    for (const after of ["end", "reset"] as const) {
      const server = await answering(bytes, after);
      const error = await failure(server.origin);
      expect({ code: error.code, phase: error.phase, status: error.status, retryable: error.retryable }).toEqual({
        code: "NETWORK",
        phase: "body",
        status: 200,
        retryable: true,
      });
    }
  });

  test("that is longer than allowed is refused, and its connection ended", async () => {
    const server = await httpServer((_, response) => {
      response.writeHead(200);
      const more = (): boolean => !response.destroyed && response.write(Buffer.alloc(65_536), () => more());
      more();
    });
    const error = await rejection(transport().send(request(server.origin, { maxAnswerBytes: 100_000 })));
    expect(error).toMatchObject({ code: "BAD_ANSWER", phase: "body", status: 200, retryable: false });
    expect(await server.quiet()).toBe(0);
  });

  test("of exactly the allowed length is taken", async () => {
    const server = await answering(answerText(200, {}, "x".repeat(1000)));
    const answer = await transport().send(request(server.origin, { maxAnswerBytes: 1000 }));
    expect(answer.body.byteLength).toBe(1000);
  });

  test.each([
    ["another protocol's greeting", "220 mail.example ESMTP\r\n"],
    ["HTML without a head", "<html>login</html>"],
    ["a head with a broken header", "HTTP/1.1 200 X\r\nno colon here\r\n\r\n"],
  ])("that is no HTTP (%s) is a bad answer", async (_, bytes) => {
    const server = await answering(bytes, "end");
    const error = await failure(server.origin);
    expect(error.code).toBe("BAD_ANSWER");
    expect(error.message).toContain("did not answer in HTTP");
    expect(error.host).toBe(server.host);
  });

  test("that is no HTTP and echoes the request does not make the error show it", async () => {
    const server = await tcpServer((socket) => socket.once("data", (chunk) => socket.end(chunk)));
    const headers = { authorization: "q-signature=5ec7e7", "x-cos-security-token": "T0KEN" };
    const error = await rejection(transport().send(request(server.origin, { headers })));
    expect(error).toMatchObject({ code: "BAD_ANSWER" });
    expect(inspect(error, { depth: 20 })).not.toMatch(/5ec7e7|T0KEN/);
  });

  test("with a head that never ends is refused", async () => {
    const server = await tcpServer((socket) =>
      onRequests(socket, () => {
        socket.write("HTTP/1.1 200 X\r\n");
        const more = (): void => void (socket.destroyed || socket.write(`x-${"y".repeat(1000)}: z\r\n`, more));
        more();
      }),
    );
    const error = await failure(server.origin);
    expect(["BAD_ANSWER", "NETWORK"]).toContain(error.code);
    expect(await server.quiet()).toBe(0);
  });
});

describe("no answer", () => {
  test("because the port is closed", async () => {
    const error = await failure(`http://127.0.0.1:${await closedPort()}`);
    expect(error).toMatchObject({ code: "NETWORK", phase: "connect", retryable: true, reusedSocket: false });
    expect(error.status).toBeUndefined();
    expect(error.message).toMatch(/^Test: no answer from 127\.0\.0\.1:\d+: ECONNREFUSED/);
  });

  test("because the name does not exist", async () => {
    const error = await failure("http://no-such-name.localhost:1");
    expect(error).toMatchObject({ code: "NETWORK", phase: "connect", retryable: true });
  });

  test.each(["end", "reset"] as const)("because the server ends the connection (%s) before a byte", async (how) => {
    const server = await tcpServer((socket) =>
      onRequests(socket, () => (how === "end" ? socket.end() : socket.resetAndDestroy())),
    );
    const error = await failure(server.origin);
    expect(error).toMatchObject({ code: "NETWORK", phase: "headers", retryable: true, reusedSocket: false });
  });

  test("because the server resets the connection while it reads the body", async () => {
    const server = await tcpServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
    const error = await rejection(transport().send(upload(server.origin, 20 * 2 ** 20)));
    expect(error).toMatchObject({ code: "NETWORK", phase: "headers", retryable: true });
  });

  test.each(["end", "reset"] as const)("on a socket that has served before (%s) says so", async (how) => {
    const server = await tcpServer((socket, connection) =>
      onRequests(socket, (_, __, count) => {
        if (connection > 1 || count === 1) socket.write(answerText(200));
        else if (how === "end") socket.end();
        else socket.resetAndDestroy();
      }),
    );
    const wire = transport();
    await wire.send(request(server.origin));
    await pause(20);
    const error = await rejection(wire.send(request(server.origin)));
    expect(error).toMatchObject({ code: "NETWORK", phase: "headers", retryable: true, reusedSocket: true });
    await wire.send(request(server.origin));
    expect(server.sockets).toHaveLength(2);
  });

  test("of another machine's certificate authority is final", async () => {
    const server = await tcpServer((socket) => socket.on("data", () => socket.write("HTTP/1.1 400 X\r\n\r\n")));
    const error = await failure(server.origin.replace("http:", "https:"));
    expect(error).toMatchObject({ code: "NETWORK", retryable: false });
  });
});

describe("a request", () => {
  const heads = (target: string[]) =>
    tcpServer((socket) =>
      onRequests(socket, (head) => {
        target.push(head);
        socket.write(answerText(200));
      }),
    );

  test.each([
    "/a//b",
    "/%2e%2e/a",
    "/a/./b/../c?x=1",
    "/%E8%A7%86%E9%A2%91%20a%2Bb.mp4?partNumber=1&uploadId=%2F%3D",
    "/~tilde!*'()",
    "/a?uploads",
    "//double",
  ])("keeps its path as it is: %s", async (path) => {
    const seen: string[] = [];
    const server = await heads(seen);
    await transport().send(request(server.origin, { path }));
    expect(seen[0]?.split("\r\n")[0]).toBe(`GET ${path} HTTP/1.1`);
  });

  test("sends the headers that are given and nothing but connection besides", async () => {
    const seen: string[] = [];
    const server = await heads(seen);
    const headers = { host: "signed.example", authorization: "a=b&c", "x-cos-security-token": "t/+=" };
    await transport().send(request(server.origin, { headers }));
    const lines = (seen[0] ?? "").split("\r\n").slice(1);
    expect(lines.map((line) => line.toLowerCase()).sort()).toEqual([
      "authorization: a=b&c",
      "connection: keep-alive",
      "host: signed.example",
      "x-cos-security-token: t/+=",
    ]);
  });

  test("with an empty body names its length 0, without one names none", async () => {
    const seen: string[] = [];
    const server = await heads(seen);
    const wire = transport();
    await wire.send(upload(server.origin, 0));
    await wire.send(
      request(server.origin, { method: "POST", headers: { "content-length": "0" }, body: new Uint8Array(0) }),
    );
    await wire.send(request(server.origin, { method: "DELETE" }));
    expect(seen.map((head) => /content-length: *(\d+)/i.exec(head)?.[1])).toEqual(["0", "0", undefined]);
    for (const head of seen) expect(head.toLowerCase()).not.toContain("transfer-encoding");
  });

  test("sends the bytes of its body, chunk by chunk, and its length once", async () => {
    const bodies: Buffer[] = [];
    const server = await tcpServer((socket) =>
      onRequests(socket, (head, body) => {
        expect(head.match(/content-length/gi)).toHaveLength(1);
        bodies.push(body);
        socket.write(answerText(200));
      }),
    );
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from("ab");
      yield new Uint8Array(0);
      yield Buffer.from("c");
    };
    const headers = { "content-length": "3" };
    await transport().send(request(server.origin, { method: "PUT", headers, body: { size: 3, open } }));
    expect(bodies.map(String)).toEqual(["abc"]);
  });

  test.each([
    ["at once", 0],
    ["in the middle", 512 * 1024],
  ])("whose body fails %s rejects with the body's own error, and leaves no socket", async (_, at) => {
    const server = await httpServer((incoming) => incoming.resume());
    const mine = new TypeError("the disk is gone");
    const sending = transport().send(
      upload(server.origin, 2 ** 20, {
        each: (sent) => {
          if (sent >= at) throw mine;
        },
      }),
    );
    expect(await rejection(sending)).toBe(mine);
    expect(await server.quiet()).toBe(0);
  });

  test("whose body has other bytes than announced is never taken for sent", async () => {
    const server = await httpServer((incoming, response) => incoming.resume().on("end", () => response.end()));
    for (const size of [10, 100]) {
      const open = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.alloc(50);
      };
      const headers = { "content-length": String(size) };
      const sending = transport().send(request(server.origin, { method: "PUT", headers, body: { size, open } }));
      expect(await rejection(sending)).toBeInstanceOf(NetworkError);
    }
  });

  test(
    "answered while its body is still being sent, gives that answer and stops reading the body",
    timing,
    async () => {
      const server = await httpServer((_, response) => response.writeHead(503, { "retry-after": "7" }).end("busy"));
      let asked = 0;
      let ended = false;
      const open = async function* (): AsyncGenerator<Uint8Array> {
        try {
          for (; asked < 4_000; asked += 1) yield Buffer.alloc(65_536);
        } finally {
          ended = true;
        }
      };
      const size = 4_000 * 65_536;
      const headers = { "content-length": String(size) };
      const answer = await transport().send(request(server.origin, { method: "PUT", headers, body: { size, open } }));
      expect({ status: answer.status, body: String(answer.body), after: answer.headers["retry-after"] }).toEqual({
        status: 503,
        body: "busy",
        after: "7",
      });
      expect(await server.quiet()).toBe(0);
      expect(asked).toBeLessThan(4_000);
      expect(ended).toBe(true);
    },
  );
});
