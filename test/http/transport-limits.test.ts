import { describe, expect, test } from "vitest";
import { answerText, httpServer, onRequests, pause, tcpServer } from "../support/raw-servers.ts";
import { rejection, request, transport, upload } from "./support.ts";
import { timing } from "../support/timing.ts";

const mib = 2 ** 20;

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  return [await work, performance.now() - started];
}

describe("the connect limit", () => {
  test("ends a connection that does not come to stand", timing, async () => {
    // It accepts and never answers the TLS handshake.
    const server = await tcpServer(() => undefined);
    const wire = transport({ connectMs: 200, headersMs: 5_000 });
    const origin = server.origin.replace("http:", "https:");
    const [error, ms] = await timed(rejection(wire.send(request(origin))));
    expect(error).toMatchObject({ code: "TIMEOUT", phase: "connect", retryable: true });
    expect(ms).toBeLessThan(2_500);
    expect(await server.quiet()).toBe(0);
  });
});

describe("the headers limit", () => {
  test("ends a request that is not answered", timing, async () => {
    const server = await tcpServer(() => undefined);
    const [error, ms] = await timed(rejection(transport({ headersMs: 200 }).send(request(server.origin))));
    expect(error).toMatchObject({ code: "TIMEOUT", phase: "headers", retryable: true, reusedSocket: false });
    expect(ms).toBeGreaterThan(150);
    expect(ms).toBeLessThan(1_500);
    expect(await server.quiet()).toBe(0);
  });

  test("ends a request whose answer's head stops in the middle", async () => {
    const server = await tcpServer((socket) => onRequests(socket, () => socket.write("HTTP/1.1 200 X\r\ncontent-")));
    const error = await rejection(transport({ headersMs: 200 }).send(request(server.origin)));
    expect(error).toMatchObject({ code: "TIMEOUT", phase: "headers" });
  });

  test("counts again from the end of the request, not from its beginning", async () => {
    const server = await httpServer(async (incoming, response) => {
      for await (const chunk of incoming) void chunk;
      await pause(250);
      response.end("late but in time");
    });
    const wire = transport({ headersMs: 400 });
    const slow = upload(server.origin, 4 * mib, { chunkSize: mib, each: () => pause(100) });
    expect(String((await wire.send(slow)).body)).toBe("late but in time");
  });

  test("can be another for one request", async () => {
    const server = await httpServer(async (_, response) => {
      await pause(500);
      response.end("ok");
    });
    const wire = transport({ headersMs: 200 });
    const answer = await wire.send(request(server.origin, { limits: { headersMs: 3_000 } }));
    expect(String(answer.body)).toBe("ok");
  });

  for (const kind of ["chunks", "one buffer"] as const) {
    test(`does not end a body (${kind}) that is taken slowly, as long as it moves`, timing, async () => {
      // 20 MiB at about 8 MiB/s take twice the limit; the kernel's buffers hold some of them.
      const server = await httpServer(async (incoming, response) => {
        let got = 0;
        for await (const chunk of incoming) {
          got += (chunk as Buffer).length;
          await pause(((chunk as Buffer).length / (8 * mib)) * 1000);
        }
        response.end(String(got));
      });
      const size = 20 * mib;
      const wire = transport({ headersMs: 1_200 });
      const headers = { "content-length": String(size) };
      const [answer, ms] = await timed(
        wire.send(
          kind === "chunks"
            ? upload(server.origin, size, { chunkSize: 256 * 1024 })
            : request(server.origin, { method: "PUT", headers, body: Buffer.alloc(size) }),
        ),
      );
      expect(String(answer.body)).toBe(String(size));
      expect(ms).toBeGreaterThan(1_500);
    });

    test(`ends a body (${kind}) that is no longer taken`, timing, async () => {
      const server = await httpServer((incoming) => {
        incoming.once("data", () => incoming.pause());
      });
      const size = 64 * mib;
      const headers = { "content-length": String(size) };
      const sending =
        kind === "chunks"
          ? upload(server.origin, size)
          : request(server.origin, { method: "PUT", headers, body: Buffer.alloc(size) });
      const [error, ms] = await timed(rejection(transport({ headersMs: 300 }).send(sending)));
      expect(error).toMatchObject({ code: "TIMEOUT", phase: "headers", retryable: true });
      expect(ms).toBeLessThan(3_000);
      expect(await server.quiet()).toBe(0);
    });
  }

  test("does not end a body whose source is slow: that is no fault of the connection", async () => {
    const server = await httpServer(async (incoming, response) => {
      for await (const chunk of incoming) void chunk;
      response.end("ok");
    });
    const sending = upload(server.origin, 3 * 65_536, { each: (sent) => (sent === 65_536 ? pause(700) : undefined) });
    expect(String((await transport({ headersMs: 200 }).send(sending)).body)).toBe("ok");
  });
});

describe("the body limit", () => {
  test("ends an answer that stops", timing, async () => {
    const server = await tcpServer((socket) =>
      onRequests(socket, () => socket.write("HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\nabc")),
    );
    const [error, ms] = await timed(rejection(transport({ bodyMs: 200 }).send(request(server.origin))));
    expect(error).toMatchObject({ code: "TIMEOUT", phase: "body", status: 200, retryable: true });
    expect(ms).toBeLessThan(1_500);
    expect(await server.quiet()).toBe(0);
  });

  test("does not end an answer that trickles", async () => {
    const text = answerText(200, {}, "123456789");
    const server = await tcpServer((socket) =>
      onRequests(socket, () => {
        void (async () => {
          for (const byte of text) {
            socket.write(byte);
            if (text.endsWith("9")) await pause(12);
          }
        })();
      }),
    );
    const wire = transport({ headersMs: 5_000, bodyMs: 100 });
    expect(String((await wire.send(request(server.origin))).body)).toBe("123456789");
  });
});

test("no limit leaves a timer or a socket behind after an answer", async () => {
  const server = await httpServer((_, response) => response.end("ok"));
  const wire = transport({ headersMs: 50, bodyMs: 50 });
  await wire.send(request(server.origin));
  await pause(120);
  // The idle connection is still good: the limits are those of requests.
  await wire.send(request(server.origin));
  expect(server.sockets).toHaveLength(1);
  await wire.close();
  expect(await server.quiet()).toBe(0);
});
