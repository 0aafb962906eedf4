import { describe, expect, test } from "vitest";
import { answerText, httpServer, onRequests, pause, tcpServer, type RawServer } from "../support/raw-servers.ts";
import { timing } from "../support/timing.ts";
import { rejection, request, transport, upload } from "./support.ts";

const mib = 2 ** 20;

class Changed extends Error {}

/** Sends, aborts when `when` says so, and looks at what is left. */
async function abortAt(
  server: RawServer,
  when: (abort: () => void) => Parameters<ReturnType<typeof transport>["send"]>[0],
  origin = server.origin,
): Promise<void> {
  const controller = new AbortController();
  const reason = new Changed("changed my mind");
  const wire = transport({ connectMs: 10_000, headersMs: 10_000, bodyMs: 10_000 });
  let aborted = 0;
  const sending = when(() => {
    aborted = performance.now();
    controller.abort(reason);
  });
  const error = await rejection(wire.send({ ...sending, origin, signal: controller.signal }));
  expect(error).toBe(reason);
  expect(performance.now() - aborted).toBeLessThan(2_500);
  expect(await server.quiet()).toBe(0);
}

describe("an abort rejects with the signal's own reason and leaves no socket", timing, () => {
  test("before anything: nothing is connected", async () => {
    const server = await httpServer((_, response) => response.end());
    for (const reason of [new Changed("before"), "a string", 0, null]) {
      const signal = AbortSignal.abort(reason);
      expect(await rejection(transport().send(request(server.origin, { signal })))).toBe(reason);
    }
    expect(server.sockets).toHaveLength(0);
  });

  test("without a reason of its own: an AbortError", async () => {
    const server = await httpServer((_, response) => response.end());
    const error = await rejection(transport().send(request(server.origin, { signal: AbortSignal.abort() })));
    expect(error).toMatchObject({ name: "AbortError" });
  });

  test("while connecting", async () => {
    const server = await tcpServer(() => undefined);
    await abortAt(
      server,
      (abort) => {
        setTimeout(abort, 50);
        return request(server.origin);
      },
      server.origin.replace("http:", "https:"),
    );
  });

  test("while the body is being sent", async () => {
    const server = await httpServer((incoming) => {
      incoming.pause();
    });
    await abortAt(server, (abort) => {
      setTimeout(abort, 100);
      return upload(server.origin, 64 * mib);
    });
  });

  test("while the body's source hangs", async () => {
    const server = await httpServer((incoming) => incoming.resume());
    let resume = (): void => undefined;
    await abortAt(server, (abort) =>
      upload(server.origin, mib, {
        each: (sent) => {
          if (sent === 0) return undefined;
          setTimeout(abort, 20);
          return new Promise<void>((resolve) => (resume = resolve));
        },
      }),
    );
    resume();
  });

  test("while waiting for the answer", async () => {
    const server = await tcpServer(() => undefined);
    await abortAt(server, (abort) => {
      setTimeout(abort, 50);
      return request(server.origin);
    });
  });

  test("while reading the answer", async () => {
    const server = await tcpServer((socket) =>
      onRequests(socket, () => socket.write("HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\nabc")),
    );
    await abortAt(server, (abort) => {
      setTimeout(abort, 50);
      return request(server.origin);
    });
  });

  test("within the body's own generator", async () => {
    const server = await httpServer((incoming) => incoming.resume());
    await abortAt(server, (abort) =>
      upload(server.origin, mib, {
        each: (sent) => {
          if (sent > 0) abort();
        },
      }),
    );
  });

  test("by a time limit, with the limit's reason", async () => {
    const server = await tcpServer(() => undefined);
    const error = await rejection(transport().send(request(server.origin, { signal: AbortSignal.timeout(30) })));
    expect(error).toMatchObject({ name: "TimeoutError" });
  });
});

test("an abort after the answer changes nothing", async () => {
  const server = await httpServer((_, response) => response.end("ok"));
  const controller = new AbortController();
  const wire = transport();
  const answer = await wire.send(request(server.origin, { signal: controller.signal }));
  controller.abort();
  expect(String(answer.body)).toBe("ok");
  await pause(20);
  expect(server.open()).toBe(1);
});

test("the caller's own abort handler is left alone, and no listener stays behind", async () => {
  const server = await tcpServer((socket) => onRequests(socket, () => socket.write(answerText(200))));
  const controller = new AbortController();
  let called = 0;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  controller.signal.onabort = () => (called += 1);
  const added: unknown[] = [];
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    added.push(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    const at = added.indexOf(args[1]);
    if (at >= 0) added.splice(at, 1);
    remove(...args);
  };
  const wire = transport();
  for (let time = 0; time < 5; time += 1) await wire.send(request(server.origin, { signal }));
  await pause(20);
  expect(added).toEqual([]);
  controller.abort();
  expect(called).toBe(1);
});

test("a closed transport waits for what is under way", async () => {
  const server = await httpServer(async (_, response) => {
    await pause(100);
    response.end("ok");
  });
  const wire = transport();
  const sending = wire.send(request(server.origin));
  await pause(20);
  await wire.close();
  expect(String((await sending).body)).toBe("ok");
  expect(await server.quiet()).toBe(0);
});
