import { createServer, request as httpRequest, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Refusal, ReceiveOptions, VodEvent } from "../../src/events/index.ts";
import { createListener, createTestEvent } from "../../src/events/index.ts";

const signKey = "abcDEF0123456789";
const now = 1_800_000_000;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

interface Running {
  readonly port: number;
  readonly events: VodEvent[];
  readonly refusals: Refusal[];
  readonly drain: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function listen(options: Partial<ReceiveOptions> = {}, before?: (server: Server) => void): Promise<Running> {
  const events: VodEvent[] = [];
  const refusals: Refusal[] = [];
  const listener = createListener({
    onEvent: (event) => void events.push(event),
    onRefused: (refusal) => refusals.push(refusal),
    clock: () => now * 1000,
    ...options,
  });
  const server = createServer(listener);
  before?.(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { port, events, refusals, drain: listener.drain, close: listener.close };
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function send(
  port: number,
  body: string | Uint8Array | undefined,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", ...options.headers };
    const request = httpRequest({ host: "127.0.0.1", port, method: options.method ?? "POST", headers, agent: false });
    request.on("error", reject).on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", reject).on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    request.end(body);
  });
}

const post = (port: number, body: unknown): Promise<Answer> => send(port, JSON.stringify(body));
const signed = (overrides: Record<string, unknown> = {}, key = signKey): Record<string, unknown> =>
  createTestEvent("NewFileUpload", { T: now + 600, ...overrides }, key);

describe("what is taken", () => {
  test.each(["3.0", "2.0"] as const)("a callback in format %s reaches onEvent, answered 200", async (format) => {
    const { port, events, drain } = await listen();
    const event = createTestEvent("NewFileUpload", { format, sourceContext: "강의 1 — ✓", procedureTaskId: "p-1" });
    const { status, body } = await post(port, event);
    expect([status, body]).toEqual([200, '{"accepted":true}']);
    await drain();
    expect(events).toMatchObject([
      { type: "NewFileUpload", format, sourceContext: "강의 1 — ✓", procedureTaskId: "p-1", isServerUpload: true },
    ]);
  });

  test("text whose characters are cut by packets arrives whole", async () => {
    const { port, events, drain } = await listen();
    const body = Buffer.from(JSON.stringify(createTestEvent("NewFileUpload", { sourceContext: "동물의 세계 🎬" })));
    const socket = connect(port, "127.0.0.1").setNoDelay(true);
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(head);
    for (const byte of body) {
      socket.write(Buffer.of(byte));
      if (byte > 127) await new Promise((resolve) => setImmediate(resolve));
    }
    const [answer] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    await drain();
    expect(events[0]?.sourceContext).toBe("동물의 세계 🎬");
  });

  test.each([
    "application/json",
    "application/json; charset=utf-8",
    'Application/JSON;charset="UTF-8"',
    "application/cloudevents+json",
  ])("Content-Type: %s", async (type) => {
    const { port } = await listen();
    const body = JSON.stringify(createTestEvent("FileDeleted"));
    expect((await send(port, body, { headers: { "content-type": type } })).status).toBe(200);
  });

  test("an event of a type nobody knows", async () => {
    const { port, events, drain } = await listen();
    expect((await post(port, { EventType: "HologramComplete" })).status).toBe(200);
    await drain();
    expect(events).toMatchObject([{ type: "Other", raw: { EventType: "HologramComplete" } }]);
  });

  test("a chunked body", async () => {
    const { port } = await listen();
    const body = JSON.stringify(createTestEvent("FileDeleted"));
    expect((await send(port, body, { headers: { "transfer-encoding": "chunked" } })).status).toBe(200);
  });
});

describe("what is refused", () => {
  const refused = async (running: Running, answer: Answer, status: number, reason: string): Promise<void> => {
    await running.drain();
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, { accepted: false, reason }]);
    expect(running.refusals).toEqual([{ status, reason }]);
    expect(running.events).toEqual([]);
  };

  test.each(["GET", "PUT", "DELETE", "OPTIONS"])("method %s: 405 with Allow", async (method) => {
    const running = await listen();
    const answer = await send(running.port, undefined, { method });
    await refused(running, answer, 405, "method");
    expect(answer.headers["allow"]).toBe("POST");
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=gbk",
    "application/jsonp",
    "text/html; application/json",
  ])("Content-Type %s: 415", async (type) => {
    const running = await listen();
    const answer = await send(running.port, JSON.stringify(signed()), { headers: { "content-type": type } });
    await refused(running, answer, 415, "content-type");
  });

  test("a compressed body: 415", async () => {
    const running = await listen();
    const answer = await send(running.port, "x", { headers: { "content-encoding": "gzip" } });
    await refused(running, answer, 415, "content-encoding");
  });

  test.each([
    ["cut JSON", '{"EventType":"NewFile'],
    ["an empty body", ""],
    ["bytes that are not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
  ])("%s: 400", async (_, body) => {
    const running = await listen();
    await refused(running, await send(running.port, body), 400, "not-json");
  });

  test.each([["[]"], ["7"], ["null"], ['"NewFileUpload"'], ["{}"], ['{"EventType":""}'], ['{"EventType":7}']])(
    "%s is no event: 400",
    async (body) => {
      const running = await listen();
      await refused(running, await send(running.port, body), 400, "not-an-event");
    },
  );

  describe("a body beyond the limit: 413", () => {
    // 30 characters, 40 bytes: the limit counts bytes.
    const inside = '{"EventType":"A","c":"한한한한한"}';
    const size = Buffer.byteLength(inside);

    test("announced by Content-Length", async () => {
      const running = await listen({ maxBodyBytes: size - 1 });
      await refused(running, await send(running.port, inside), 413, "too-large");
    });

    test("not announced", async () => {
      const running = await listen({ maxBodyBytes: size - 1 });
      const answer = await send(running.port, inside, { headers: { "transfer-encoding": "chunked" } });
      await refused(running, answer, 413, "too-large");
    });

    test("but not one at the limit", async () => {
      const { port } = await listen({ maxBodyBytes: size });
      expect((await send(port, inside)).status).toBe(200);
    });

    test("the sender of a body far beyond gets to read it", async () => {
      const running = await listen({ maxBodyBytes: 1000 });
      await refused(running, await send(running.port, Buffer.alloc(8_000_000, 0x20)), 413, "too-large");
    });

    test("also one that reads nothing before it has sent everything", async () => {
      const running = await listen({ maxBodyBytes: 1000 });
      const socket = connect(running.port, "127.0.0.1").pause();
      socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 400000\r\n\r\n");
      for (let sent = 0; sent < 400_000; sent += 40_000) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        socket.write(Buffer.alloc(40_000, 0x20));
      }
      const chunks: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
      await once(socket, "close");
      expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 413 [^]*"too-large"\}$/);
    });

    test("and one that never ends is cut off", async () => {
      const running = await listen({ maxBodyBytes: 1000 });
      const socket = connect(running.port, "127.0.0.1")
        .on("error", () => undefined)
        .resume();
      socket.write(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
      );
      const pace = setInterval(() => socket.write(`400\r\n${" ".repeat(1024)}\r\n`), 10);
      try {
        await once(socket, "close");
      } finally {
        clearInterval(pace);
      }
      expect(running.refusals).toEqual([{ status: 413, reason: "too-large" }]);
    });

    test("by default the limit is 1 MiB", async () => {
      const running = await listen();
      const padded = (bytes: number): string => `{"EventType":"A","p":"${"x".repeat(bytes - 24)}"}`;
      expect(padded(2 ** 20)).toHaveLength(2 ** 20);
      expect((await send(running.port, padded(2 ** 20))).status).toBe(200);
      expect((await send(running.port, padded(2 ** 20 + 1))).status).toBe(413);
    });
  });

  test("a body that does not come: 408, and the connection ends", async () => {
    const running = await listen({ bodyTimeoutMs: 60 });
    const socket = connect(running.port, "127.0.0.1");
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"Eve');
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(socket, "close");
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 408 /);
    expect(running.refusals).toEqual([{ status: 408, reason: "too-slow" }]);
  });

  test("a sender that goes away is nobody's error", async () => {
    const running = await listen();
    const socket = connect(running.port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    await new Promise((resolve) => setTimeout(resolve, 30));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await running.drain();
    expect([running.events, running.refusals]).toEqual([[], []]);
  });

  test("a request whose body a parser has read before: 500, with the remedy in the reason", async () => {
    const listener = createListener({ onEvent: () => undefined });
    const server = createServer((request, response) => {
      request.resume().on("end", () => listener(request, response));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    closing.push(() => new Promise((resolve) => void server.close(() => resolve())));
    const answer = await post((server.address() as AddressInfo).port, signed());
    expect([answer.status, answer.body]).toEqual([500, '{"accepted":false,"reason":"already-read"}']);
  });

  describe("with a signKey, unless Sign and T are right: 403", () => {
    test.each([
      ["no Sign", createTestEvent("NewFileUpload"), "malformed"],
      ["no T", { ...signed(), T: undefined }, "malformed"],
      ["a list", [signed()], "malformed"],
      ["null", null, "malformed"],
      ["the Sign of another key", signed({}, "anotherKey"), "sign-mismatch"],
      ["the Sign of another T", { ...signed(), T: now + 1 }, "sign-mismatch"],
      ["a T that is past", signed({ T: now - 1 }), "expired"],
      ["a T too far ahead", signed({ T: now + 901 }), "too-far-ahead"],
    ])("%s", async (_, body, reason) => {
      const running = await listen({ signKey });
      await refused(running, await post(running.port, body), 403, reason);
    });

    test("the answer holds nothing of the key", async () => {
      const { port } = await listen({ signKey });
      const { headers, body } = await post(port, signed({}, "anotherKey"));
      expect(JSON.stringify(headers) + body).not.toMatch(/abcDEF|anotherKey|[0-9a-f]{32}/);
    });

    test.each([
      ["upper-case Sign", { ...signed(), Sign: String(signed()["Sign"]).toUpperCase() }],
      ["T as text", { ...signed(), T: String(now + 600) }],
      ["T in its last second", signed({ T: now })],
    ])("but %s is right", async (_, body) => {
      const { port, events, drain } = await listen({ signKey });
      expect((await post(port, body)).status).toBe(200);
      await drain();
      expect(events).toHaveLength(1);
    });

    test("within the tolerance a T that is past is right", async () => {
      const { port } = await listen({ signKey, toleranceSeconds: 30 });
      expect((await post(port, signed({ T: now - 30 }))).status).toBe(200);
      expect((await post(port, signed({ T: now - 31, fileId: "2" }))).status).toBe(403);
    });
  });
});

describe("repetitions", () => {
  test("the same bytes again reach onEvent once", async () => {
    const { port, events, drain } = await listen({ signKey });
    for (let round = 0; round < 3; round += 1) expect((await post(port, signed())).status).toBe(200);
    await drain();
    expect(events).toHaveLength(1);
  });

  test("a retry with a new T is the same event; nulls and the order of members make no difference", async () => {
    const { port, events, drain } = await listen({ signKey });
    const first = signed();
    const { FileUploadEvent, ...rest } = signed({ T: now + 605 });
    await post(port, first);
    await post(port, { FileDeleteEvent: null, FileUploadEvent, ...rest });
    await drain();
    expect(events).toHaveLength(1);
  });

  test("another event with a captured Sign and T is taken: Sign does not cover the body", async () => {
    const { port, events, drain } = await listen({ signKey });
    await post(port, signed({ fileId: "1" }));
    await post(port, signed({ fileId: "2" }));
    await drain();
    expect(events.map(({ fileId }) => fileId)).toEqual(["1", "2"]);
  });

  test("states of one task are different events", async () => {
    const { port, events, drain } = await listen();
    for (const status of ["PROCESSING", "FINISH"]) {
      await post(port, createTestEvent("ProcedureStateChanged", { status }));
    }
    await drain();
    expect(events.map(({ status }) => status)).toEqual(["PROCESSING", "FINISH"]);
  });

  test("an event whose handler failed gets another chance", async () => {
    let calls = 0;
    const errors: unknown[] = [];
    const { port, drain } = await listen({
      signKey,
      onEvent: () => {
        calls += 1;
        if (calls === 1) throw new Error("database is down");
      },
      onError: (error) => errors.push(error),
    });
    for (let round = 0; round < 3; round += 1) {
      await post(port, signed());
      await drain();
    }
    expect([calls, errors]).toEqual([2, [new Error("database is down")]]);
  });

  test("what was long ago is forgotten, a signed delivery only when its T is past", async () => {
    let ms = now * 1000;
    const { port, events, drain } = await listen({ signKey, dedupeWindowMs: 1000, clock: () => ms });
    await post(port, signed());
    ms += 2000;
    await post(port, signed());
    await drain();
    expect(events).toHaveLength(1);
    await post(port, signed({ T: now + 700 }));
    await drain();
    expect(events).toHaveLength(2);
  });

  test("only so many are remembered", async () => {
    const { port, events, drain } = await listen({ dedupeLimit: 2 });
    for (const fileId of ["1", "2", "3", "3", "1"]) await post(port, createTestEvent("NewFileUpload", { fileId }));
    await drain();
    expect(events.map(({ fileId }) => fileId)).toEqual(["1", "2", "3", "1"]);
  });
});

describe("the work", () => {
  test("begins after the answer", async () => {
    const order: string[] = [];
    const { port, drain } = await listen(
      {
        onEvent: async () => {
          order.push("work");
        },
      },
      (server) =>
        server.prependListener("request", (_, response) => {
          const end = response.end.bind(response);
          response.end = ((...args: Parameters<typeof end>) => {
            order.push("answer");
            return end(...args);
          }) as typeof response.end;
        }),
    );
    await post(port, signed());
    await drain();
    expect(order).toEqual(["answer", "work"]);
  });

  test("goes on while the answer is long out, and drain waits for it", async () => {
    let finished = false;
    const { port, drain } = await listen({
      onEvent: async () => {
        await new Promise((resolve) => setTimeout(resolve, 80));
        finished = true;
      },
    });
    expect((await post(port, signed())).status).toBe(200);
    expect(finished).toBe(false);
    await drain();
    expect(finished).toBe(true);
  });

  test("is done by so many at a time, in the order of arrival", async () => {
    let running = 0;
    let most = 0;
    const begun: string[] = [];
    const { port, drain } = await listen({
      concurrency: 2,
      onEvent: async ({ fileId }) => {
        begun.push(fileId ?? "");
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setTimeout(resolve, 10));
        running -= 1;
      },
    });
    const ids = ["1", "2", "3", "4", "5", "6"];
    for (const fileId of ids) await post(port, createTestEvent("NewFileUpload", { fileId }));
    await drain();
    expect([most, begun]).toEqual([2, ids]);
  });

  test("beyond what may wait: 503, and the event may come again", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const taken: (string | undefined)[] = [];
    const { port, drain, refusals } = await listen({
      concurrency: 1,
      maxPending: 1,
      onEvent: async ({ fileId }) => {
        taken.push(fileId);
        await held;
      },
    });
    const event = (fileId: string): object => createTestEvent("NewFileUpload", { fileId });
    await post(port, event("1"));
    await vi.waitFor(() => expect(taken).toEqual(["1"]));
    await post(port, event("2"));
    const answer = await post(port, event("3"));
    expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "1"]);
    expect(refusals).toEqual([{ status: 503, reason: "overloaded" }]);
    release();
    await drain();
    expect((await post(port, event("3"))).status).toBe(200);
    await drain();
    expect(taken).toEqual(["1", "2", "3"]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
  ])("that %s is told to onError with its event", async (_, onEvent) => {
    const errors: unknown[] = [];
    const { port, drain } = await listen({ onEvent, onError: (...told) => errors.push(told) });
    expect((await post(port, createTestEvent("NewFileUpload", { fileId: "7" }))).status).toBe(200);
    await drain();
    expect(errors).toEqual([[new Error("no"), expect.objectContaining({ fileId: "7" })]]);
  });

  test("that fails without an onError, or fails there too, is a process warning", async () => {
    const warnings: Error[] = [];
    const collect = (warning: Error): void => void warnings.push(warning);
    process.on("warning", collect);
    try {
      const fail = (): never => {
        throw new Error("no luck");
      };
      for (const onError of [undefined, fail]) {
        const { port, drain } = await listen({ onEvent: fail, onError });
        await post(port, signed());
        await drain();
      }
      await vi.waitFor(() => expect(warnings).toHaveLength(2));
      expect(warnings.map(({ name }) => name)).toEqual(["VodupEventWarning", "VodupEventWarning"]);
      expect(warnings[0]?.message).toContain("no luck");
    } finally {
      process.off("warning", collect);
    }
  });
});

test("close finishes what was taken and refuses what comes after", async () => {
  let done = 0;
  const { port, close } = await listen({
    onEvent: async () => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      done += 1;
    },
  });
  await post(port, signed());
  const closed = close();
  expect((await post(port, signed({ fileId: "2" }))).status).toBe(503);
  await closed;
  expect(done).toBe(1);
});

test.each([
  ["onEvent", { onEvent: undefined }],
  ["signKey", { signKey: "" }],
  ["maxBodyBytes", { maxBodyBytes: 0 }],
  ["maxBodyBytes", { maxBodyBytes: 1.5 }],
  ["bodyTimeoutMs", { bodyTimeoutMs: 0 }],
  ["concurrency", { concurrency: 0 }],
  ["maxPending", { maxPending: 0 }],
  ["dedupeWindowMs", { dedupeWindowMs: -1 }],
  ["dedupeLimit", { dedupeLimit: 0 }],
  ["toleranceSeconds", { toleranceSeconds: -1 }],
])("a wrong %s is refused when the listener is made", (field, options) => {
  const make = (): unknown => createListener({ onEvent: () => undefined, ...options } as ReceiveOptions);
  expect(make).toThrow(
    expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", message: expect.stringMatching(field) }),
  );
});
