import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import type { PulledEvent, Refusal, VodEvent } from "../../src/events/index.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { createListener } from "../../src/events/index.ts";
import { VodClient } from "../../src/index.ts";
import { timing } from "../support/timing.ts";

const signKey = "abcDEF0123456789";
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
}

async function scene(options: EmulatorOptions) {
  const emulator = await startEmulator({ tasks: { processingMs: 20 }, pullWaitMs: 40, ...options });
  closing.push(() => emulator.close());
  const vod = new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    cosEndpoint: emulator.cosEndpoint,
    retry: { baseDelayMs: 1 },
  });
  closing.push(() => vod.close());
  await vod.call("CreateProcedureTemplate", {
    Name: "flow",
    MediaProcessTask: { TranscodeTaskSet: [{ Definition: 100_010 }] },
  });
  return { emulator, vod };
}

/** The guide's upload: with a task flow, into a chosen region, with a context of the caller's. */
const guide = { mediaType: "mp4", procedure: "flow", storageRegion: "ap-seoul", sourceContext: "주문 7" };

describe.each(["3.0", "2.0"] as const)("pushed in format %s", (eventFormat) => {
  test("an upload's events reach onEvent, signed, with all that the guide promises", async () => {
    const events: VodEvent[] = [];
    const listener = createListener({ signKey, onEvent: (event) => void events.push(event) });
    const { emulator, vod } = await scene({ notificationUrl: await serve(listener), signKey, eventFormat });
    const { fileId, mediaUrl } = await vod.upload(Buffer.from("media"), guide);
    const flow = await vod.waitForProcedure(fileId, { pollMs: 10 });
    await emulator.pushesSettled();
    await listener.drain();
    expect(events).toMatchObject([
      {
        type: "NewFileUpload",
        format: eventFormat,
        fileId,
        mediaUrl,
        sourceType: eventFormat === "3.0" ? "Upload" : "ServerUpload",
        isServerUpload: true,
        sourceContext: "주문 7",
        procedureTaskId: flow.taskId,
        raw: { Sign: expect.stringMatching(/^[0-9a-f]{32}$/), T: expect.any(Number) },
      },
      { type: "ProcedureStateChanged", format: eventFormat, fileId, taskId: flow.taskId, status: "FINISH" },
    ]);
    expect(emulator.deliveries()).toMatchObject([
      { outcome: "answered", status: 200, attempt: 1 },
      { outcome: "answered", status: 200, attempt: 1 },
    ]);
  });

  test("an event that is sent again because no answer came in time is one event", async () => {
    const events: VodEvent[] = [];
    const listener = createListener({ signKey, onEvent: (event) => void events.push(event) });
    let late = 2;
    // The first two answers are lost: the service gives up on them, the work has been done.
    const url = await serve((request, response) => {
      if (late > 0) {
        late -= 1;
        response.end = (() => response) as typeof response.end;
      }
      listener(request, response);
    });
    const settings = { notificationUrl: url, signKey, eventFormat, pushTimeoutMs: 60 };
    const { emulator, vod } = await scene(settings);
    await vod.upload(Buffer.from("media"), { mediaType: "mp4" });
    await emulator.pushesSettled();
    await listener.drain();
    expect(emulator.deliveries().map(({ outcome }) => outcome)).toEqual(["timeout", "timeout", "answered"]);
    expect(events).toHaveLength(1);
  });

  test("with another key nothing is taken", async () => {
    const refusals: Refusal[] = [];
    const onEvent = (): void => expect.unreachable();
    const listener = createListener({ signKey: "another", onEvent, onRefused: (refusal) => refusals.push(refusal) });
    const { emulator, vod } = await scene({ notificationUrl: await serve(listener), signKey, eventFormat });
    await vod.upload(Buffer.from("media"), { mediaType: "mp4" });
    await emulator.pushesSettled();
    expect(refusals).toEqual([{ status: 403, reason: "sign-mismatch" }]);
  });
});

describe("pulled", () => {
  test("an upload's events carry what the guide promises", async () => {
    const { vod } = await scene({});
    const { fileId, mediaUrl } = await vod.upload(Buffer.from("media"), guide);
    const events: PulledEvent[] = [];
    for await (const event of vod.pullEvents()) {
      events.push(event);
      await event.confirm();
      if (events.length === 2) break;
    }
    const { taskId } = await vod.waitForProcedure(fileId, { pollMs: 10 });
    expect(events).toMatchObject([
      {
        type: "NewFileUpload",
        fileId,
        mediaUrl,
        sourceContext: "주문 7",
        procedureTaskId: taskId,
        isServerUpload: true,
      },
      { type: "ProcedureStateChanged", fileId, taskId, status: "FINISH" },
    ]);
  });

  test("a URL pull ends in PullComplete", async () => {
    const { vod } = await scene({});
    const { taskId, fileId } = await vod.pull("https://source.example/a.mp4", { wait: true, pollMs: 10 });
    for await (const event of vod.pullEvents()) {
      expect(event).toMatchObject({ type: "PullComplete", taskId, fileId, status: "FINISH", isServerUpload: true });
      break;
    }
  });

  test("what two loops take of one queue is disjoint", async () => {
    const { vod } = await scene({});
    for (let at = 0; at < 20; at += 1) await vod.upload(Buffer.of(at), { mediaType: "mp4" });
    const seen: (string | undefined)[] = [];
    const loops = [vod.pullEvents({ autoConfirm: true }), vod.pullEvents({ autoConfirm: true })];
    await Promise.all(
      loops.map(async (loop) => {
        for await (const event of loop) {
          seen.push(event.fileId);
          if (seen.length === 20) for (const each of loops) each.stop();
        }
      }),
    );
    expect(new Set(seen).size).toBe(20);
    expect(seen).toHaveLength(20);
  });
});

describe("closing the client", () => {
  test("ends its loops, also those that wait", timing, async () => {
    const { vod } = await scene({ pullWaitMs: 5000 });
    const seen: PulledEvent[] = [];
    const loop = (async () => {
      for await (const event of vod.pullEvents()) seen.push(event);
    })();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedAt = performance.now();
    await vod.close();
    await loop;
    expect([seen, performance.now() - startedAt < 2000]).toEqual([[], true]);
  });

  test("waits for confirmations under way", async () => {
    const { emulator, vod } = await scene({});
    await vod.upload(Buffer.from("media"), { mediaType: "mp4" });
    emulator.setFaults([{ operation: "ConfirmEvents", fault: { kind: "delay", ms: 60 } }]);
    const loop = (async () => {
      for await (const event of vod.pullEvents()) void event.confirm();
    })();
    await expect.poll(() => emulator.requests().some(({ operation }) => operation === "ConfirmEvents")).toBe(true);
    await vod.close();
    expect(emulator.requests().findLast(({ operation }) => operation === "ConfirmEvents")?.status).toBe(200);
    await loop;
  });

  test("makes further calls fail", async () => {
    const { vod } = await scene({});
    await vod.close();
    const closed = { code: "CLIENT_CLOSED" };
    expect(() => vod.pullEvents()).toThrow(expect.objectContaining(closed));
    await expect(vod.pull("https://source.example/a.mp4")).rejects.toMatchObject(closed);
    await expect(vod.waitForTask("t")).rejects.toMatchObject(closed);
  });
});
