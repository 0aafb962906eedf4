import type { Socket } from "node:net";
import { createServer } from "node:tls";
import tls from "node:tls";
import { Agent } from "undici";
import { afterEach, describe, expect, test, vi } from "vitest";
import { LocalAuthority } from "../../src/emulator/tls.ts";
import { proxyFromEnvironment } from "../../src/http/proxy.ts";
import { Transport } from "../../src/http/transport.ts";
import type { WireAnswer } from "../../src/http/transport.ts";
import { atEnd } from "../support/at-end.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import type { RawServer } from "../support/raw-servers.ts";
import { answerText, httpServer, onRequests, pause, serve, tcpServer } from "../support/raw-servers.ts";
import { opened, rejection, request, transport, upload } from "./support.ts";
import { timing } from "../support/timing.ts";

const interim = "HTTP/1.1 100 Continue\r\n\r\n";
const hints = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nx-empty:\r\n\r\n";
const processing = "HTTP/1.1 102 Processing\r\n\r\n";

/** Bytes in packets of their own. */
async function inPieces(socket: Socket, pieces: readonly (string | Buffer)[]): Promise<void> {
  socket.setNoDelay(true);
  for (const piece of pieces) {
    await new Promise<void>((resolve) => {
      socket.write(piece, "latin1", () => resolve());
    });
    await pause(2);
  }
}

/** Answers every request with these pieces. */
const answering = (...pieces: string[]): Promise<RawServer> =>
  tcpServer((socket) => onRequests(socket, () => void inPieces(socket, pieces)));

const textOf = (answer: WireAnswer): string => String(answer.body);

describe("interim responses that nobody asked for are taken", () => {
  const before: [string, string][] = [
    ["100", interim],
    ["100 without a reason", "HTTP/1.1 100\r\n\r\n"],
    ["100 with fields", "HTTP/1.1 100 Continue\r\nserver: x\r\nconnection: close\r\ncontent-length: 5\r\n\r\n"],
    ["several 100", interim.repeat(40)],
    ["102", processing],
    ["103", hints],
    ["one that nobody has defined", "HTTP/1.1 199 Something\r\n\r\n"],
    ["all kinds", interim + processing + hints + interim],
  ];
  const answer = answerText(200, { "x-kept": "yes" }, "the body");

  test.each(before)("%s, in the packet of the answer", async (_, bytes) => {
    const server = await answering(bytes + answer);
    const got = await transport().send(request(server.origin));
    expect(got).toMatchObject({ status: 200, headers: { "x-kept": "yes" } });
    expect(got.headers).not.toHaveProperty("link");
    expect(textOf(got)).toBe("the body");
  });

  test.each(before)("%s, in a packet before it", async (_, bytes) => {
    const server = await answering(bytes, answer);
    expect(textOf(await transport().send(request(server.origin)))).toBe("the body");
  });

  test("a byte a packet", async () => {
    const server = await answering(...Array.from(interim + hints + answerText(200, {}, "ok")));
    expect(textOf(await transport({ headersMs: 10_000 }).send(request(server.origin)))).toBe("ok");
  });

  test("cut in two at each of its bytes", async () => {
    const bytes = interim + answerText(200, {}, "ok");
    let cut = 0;
    const server = await tcpServer((socket) =>
      onRequests(socket, () => void inPieces(socket, [bytes.slice(0, (cut += 1)), bytes.slice(cut)])),
    );
    const wire = opened({ connections: 1 }, { headersMs: 10_000 });
    for (let index = 1; index <= interim.length + 14; index += 1) {
      expect(textOf(await wire.send(request(server.origin))), `cut at ${index}`).toBe("ok");
    }
    expect(server.sockets).toHaveLength(1);
  });

  test("before the body of the request has been read, and between its pieces", async () => {
    const size = 3 * 2 ** 20;
    const server = await tcpServer((socket) => {
      let got = 0;
      socket.on("data", (chunk: Buffer) => {
        socket.write(got === 0 ? interim.repeat(2) : got % 3 === 0 ? interim : "");
        got += chunk.length;
        if (got > size) socket.write(answerText(200, {}, "stored"));
      });
    });
    expect(textOf(await transport({ headersMs: 5_000 }).send(upload(server.origin, size)))).toBe("stored");
  });

  test("for each of the requests of a connection that is kept", async () => {
    const server = await answering(interim, answerText(200, {}, "ok"));
    const wire = opened({ connections: 1 });
    for (let count = 0; count < 5; count += 1) {
      const sent = count % 2 === 0 ? request(server.origin) : upload(server.origin, 70_000);
      expect(textOf(await wire.send(sent))).toBe("ok");
    }
    expect(server.sockets).toHaveLength(1);
  });

  test("where options ask for pipelining: a connection has one request at a time all the same", async () => {
    let most = 0;
    let open = 0;
    const server = await tcpServer((socket) =>
      onRequests(socket, () => {
        open += 1;
        most = Math.max(most, open);
        void pause(5).then(() => {
          open -= 1;
          return inPieces(socket, [interim + answerText(200, {}, interim).slice(0, -3), `\r\n\r\n`.slice(1)]);
        });
      }),
    );
    const wire = opened({ pipelining: 8, connections: 1 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => wire.send(request(server.origin))));
    expect(answers.map(textOf)).toEqual(Array.from({ length: 8 }, () => interim));
    expect(most).toBe(1);
  });

  test.each([204, 304])("before an answer that has no body: %i", async (status) => {
    const server = await answering(`${interim}HTTP/1.1 ${status} X\r\n\r\n`);
    const wire = opened({ connections: 1 });
    for (let count = 0; count < 3; count += 1) {
      expect((await wire.send(request(server.origin, { method: "GET" }))).status).toBe(status);
    }
  });

  test("before the answer to HEAD", async () => {
    const server = await answering(interim, "HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\n");
    expect((await transport().send(request(server.origin, { method: "HEAD" }))).headers["content-length"]).toBe("10");
  });

  test("before a download", async () => {
    const server = await answering(interim, answerText(200, {}, "video"));
    const signal = new AbortController().signal;
    const download = await transport().download({ url: new URL(server.origin), headers: {}, signal });
    const chunks: Uint8Array[] = [];
    for await (const chunk of download.chunks()) chunks.push(chunk);
    expect(String(Buffer.concat(chunks))).toBe("video");
  });
});

describe("what looks like one and is the answer's is left alone", () => {
  test.each([
    ["as the whole body", [answerText(200, {}, interim)]],
    ["as the body, in a packet of its own", [answerText(200, {}, interim).slice(0, -interim.length), interim]],
    ["in the middle of a packet", [answerText(200, {}, `a${interim}b`)]],
    ["in a chunk", ["HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n19\r\n", interim, "\r\n0\r\n\r\n"]],
    [
      "in a field",
      [`HTTP/1.1 200 X\r\nx: HTTP/1.1 100 Continue\r\ncontent-length: ${interim.length}\r\n\r\n`, interim],
    ],
  ])("%s", async (_, pieces) => {
    const server = await answering(interim, ...pieces);
    const wire = opened({ connections: 1 });
    for (let count = 0; count < 2; count += 1) {
      expect(textOf(await wire.send(request(server.origin)))).toContain(interim);
    }
    expect(server.sockets).toHaveLength(1);
  });

  test("a body of 8 MiB that repeats one comes whole", async () => {
    const body = Buffer.from(interim.repeat(Math.ceil((8 * 2 ** 20) / interim.length)));
    const server = await httpServer((_, response) => {
      response.writeContinue();
      response.end(body);
    });
    const answer = await transport({ bodyMs: 5_000 }).send(request(server.origin, { maxAnswerBytes: 2 ** 24 }));
    expect(answer.body.equals(body)).toBe(true);
  });

  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["101, which nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
  ])("%s is an error as before", async (_, bytes) => {
    const server = await answering(bytes);
    expect(await rejection(transport().send(request(server.origin)))).toMatchObject({ retryable: true });
  });
});

describe("a peer that sends nothing else", () => {
  test("at once is ended by the number of bytes", async () => {
    const server = await tcpServer((socket) =>
      onRequests(socket, () => {
        const more = (): void => {
          while (!socket.destroyed && socket.write(interim.repeat(100)));
        };
        socket.on("drain", more);
        more();
      }),
    );
    const error = await rejection(transport({ headersMs: 20_000 }).send(request(server.origin)));
    expect(error).toMatchObject({ code: "BAD_ANSWER", retryable: true });
    expect((error as Error).message).toMatch(/64 KiB of interim \(1xx\) responses/);
    expect(await server.quiet()).toBe(0);
  });

  test("slowly is ended by the headers limit, which none of them prolongs", timing, async () => {
    const server = await tcpServer((socket) => {
      const timer = setInterval(() => socket.write(processing), 40);
      socket.on("close", () => clearInterval(timer));
    });
    const error = await rejection(transport({ headersMs: 300 }).send(request(server.origin)));
    expect(error).toMatchObject({ code: "TIMEOUT", phase: "headers" });
  });

  test("and one whose only head never ends", async () => {
    const server = await tcpServer((socket) =>
      onRequests(socket, () => socket.write(`HTTP/1.1 103 X\r\n${"x: y\r\n".repeat(20_000)}`)),
    );
    const error = await rejection(transport({ headersMs: 20_000 }).send(request(server.origin)));
    expect(error).toMatchObject({ code: "BAD_ANSWER", retryable: true });
  });

  test("and one that closes in the middle of one", async () => {
    const server = await tcpServer((socket) => onRequests(socket, () => socket.end(interim + interim.slice(0, 9))));
    expect(await rejection(transport().send(request(server.origin)))).toMatchObject({ code: "NETWORK" });
  });
});

describe("over TLS", () => {
  const authority = new LocalAuthority();

  function secureServer(): Promise<RawServer> {
    const { key, cert } = authority.serverIdentity("127.0.0.1");
    return serve(
      createServer({ key, cert }, (socket) => {
        socket.on("error", () => undefined);
        onRequests(socket, () => void inPieces(socket, [interim, hints + answerText(200, {}, "ok")]));
      }),
    );
  }
  const secured = (origin: string): string => origin.replace("http:", "https:");

  test("they are taken too, on a connection that is kept", async () => {
    const server = await secureServer();
    const wire = opened({ connections: 1, connect: { ca: authority.certificate } });
    for (let count = 0; count < 3; count += 1) {
      expect(textOf(await wire.send(upload(secured(server.origin), 200_000)))).toBe("ok");
    }
    expect(server.sockets).toHaveLength(1);
  });

  describe("with HTTPS_PROXY", () => {
    const connect = tls.connect;
    afterEach(() => {
      vi.restoreAllMocks();
    });
    test.each(["", "127.0.0.1"])("through the tunnel, and to a host of NO_PROXY (%j)", async (noProxy) => {
      vi.spyOn(tls, "connect").mockImplementation(((options: tls.ConnectionOptions, ...rest: never[]) =>
        connect({ ...options, ca: authority.certificate }, ...rest)) as typeof tls.connect);
      const server = await secureServer();
      const proxy = await connectProxy({ route: () => server.port });
      const dispatcher = await proxyFromEnvironment({ HTTPS_PROXY: proxy.origin, NO_PROXY: noProxy });
      atEnd(() => dispatcher?.destroy());
      const wire = new Transport(dispatcher);
      for (let count = 0; count < 3; count += 1) {
        expect(textOf(await wire.send(upload(secured(server.origin), 200_000)))).toBe("ok");
      }
      expect([...new Set(proxy.tunnels)]).toEqual(noProxy === "" ? [server.host] : []);
    });
  });
});

test("a connector of the caller's is given the same", async () => {
  const server = await answering(interim, answerText(200, {}, "ok"));
  const { buildConnector } = await import("undici");
  const wire = opened({ connect: buildConnector({}) });
  expect(textOf(await wire.send(request(server.origin)))).toBe("ok");
});

test("with a dispatcher of the caller's undici refuses a 100, and the error says what to do", async () => {
  const server = await answering(interim, answerText(200, {}, "ok"));
  const agent = new Agent();
  atEnd(() => agent.destroy());
  const error = await rejection(new Transport(agent).send(request(server.origin)));
  expect(error).toMatchObject({ code: "BAD_ANSWER", retryable: true, cause: { code: "UND_ERR_SOCKET" } });
  expect((error as Error).message).toMatch(/interim response \(100 Continue\).*pass Agent options/);
});
