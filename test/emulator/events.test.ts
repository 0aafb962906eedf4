import { describe, expect, test, vi } from "vitest";
import { verifyCallback } from "../../src/signing/index.ts";
import { receiver } from "./support/receiver.ts";
import { start } from "./support/running.ts";
import { apply, call, codeOf, cos, dig, textAt, upload } from "./support/wire.ts";
import type { Emulator, JsonObject } from "../../src/emulator/index.ts";

const handlesOf = (response: JsonObject): string[] => {
  const set = (dig(response, "EventSet") ?? []) as { EventHandle: string }[];
  return set.map((one) => one.EventHandle);
};

const pull = (emulator: Emulator, params: object = {}): Promise<JsonObject> => call(emulator, "PullEvents", params);

describe("reliable notifications", () => {
  test("tell of an upload, every other event member being null", async () => {
    const emulator = await start({ pullWaitMs: 10 });
    const { FileId, MediaUrl } = await upload(emulator, "12345", { SourceContext: "ctx" });
    const response = await pull(emulator);
    expect(dig(response, "EventSet", 0)).toMatchObject({
      EventHandle: expect.any(String),
      EventType: "NewFileUpload",
      FileUploadEvent: {
        FileId,
        MediaBasicInfo: { MediaUrl, SourceInfo: { SourceType: "Upload", SourceContext: "ctx" } },
        ProcedureTaskId: "",
        ReviewAudioVideoTaskId: "",
      },
      ProcedureStateChangeEvent: null,
      FileDeleteEvent: null,
      PullCompleteEvent: null,
    });
  });

  test("wait for an event, and answer ResourceNotFound when none comes", async () => {
    const emulator = await start({ pullWaitMs: 2000 });
    const waiting = pull(emulator);
    await vi.waitFor(() => expect(emulator.requests()).toHaveLength(1));
    await upload(emulator, "x");
    expect(handlesOf(await waiting)).toHaveLength(1);
    const quick = await start({ pullWaitMs: 20 });
    expect(await codeOf(quick, "PullEvents")).toBe("ResourceNotFound");
  });

  test.each([
    ["null", null],
    ["empty-list", []],
  ] as const)("answer no events as %s where the option says so", async (emptyQueue, EventSet) => {
    const emulator = await start({ pullWaitMs: 0, emptyQueue });
    expect(await pull(emulator)).toMatchObject({ EventSet });
  });

  test("come at most 16 at a time, oldest first, and are counted", async () => {
    const emulator = await start({ pullWaitMs: 0 });
    const files = [];
    for (let count = 0; count < 18; count++) files.push(textAt(await upload(emulator, "x"), "FileId"));
    expect(await call(emulator, "DescribeEventsState")).toMatchObject({ CountOfEventsToPull: 18 });
    const first = await pull(emulator);
    const second = await pull(emulator);
    const ids = [first, second].map((one) =>
      (dig(one, "EventSet") as { FileUploadEvent: { FileId: string } }[]).map((event) => event.FileUploadEvent.FileId),
    );
    expect(ids).toEqual([files.slice(0, 16), files.slice(16)]);
    expect(await codeOf(emulator, "PullEvents")).toBe("ResourceNotFound");
  });

  test("are delivered again when they are not confirmed in 30 seconds, under a new handle", async () => {
    const emulator = await start({ pullWaitMs: 0, clock: () => 1_750_000_000_000 });
    await upload(emulator, "x");
    const [first = ""] = handlesOf(await pull(emulator));
    emulator.advanceClock(30_000);
    expect(handlesOf(await pull(emulator))).toEqual([]);
    emulator.advanceClock(1);
    expect(await codeOf(emulator, "ConfirmEvents", { EventHandles: [first] })).toBe("InvalidParameterValue");
    const [second = ""] = handlesOf(await pull(emulator));
    expect(second).not.toBe(first);
    expect(await codeOf(emulator, "ConfirmEvents", { EventHandles: [first] })).toBe("InvalidParameterValue");
    expect(await codeOf(emulator, "ConfirmEvents", { EventHandles: [second] })).toBeUndefined();
    emulator.advanceClock(60_000);
    expect(handlesOf(await pull(emulator))).toEqual([]);
  });

  test("are confirmed all or none, 1 to 16 of them", async () => {
    const emulator = await start({ pullWaitMs: 0 });
    await upload(emulator, "x");
    const [handle = ""] = handlesOf(await pull(emulator));
    for (const EventHandles of [[], Array.from({ length: 17 }, () => handle), [handle, "bm9uZQ=="]]) {
      expect(await codeOf(emulator, "ConfirmEvents", { EventHandles })).toBe("InvalidParameterValue");
    }
    expect(await codeOf(emulator, "ConfirmEvents", { EventHandles: [handle] })).toBeUndefined();
    expect(await codeOf(emulator, "ConfirmEvents", { EventHandles: [handle] })).toBe("InvalidParameterValue");
  });

  test("are kept four days", async () => {
    const emulator = await start({ pullWaitMs: 0 });
    await upload(emulator, "x");
    emulator.advanceClock(4 * 86_400_000 + 1);
    expect(handlesOf(await pull(emulator))).toEqual([]);
  });

  test("belong to the sub-app of the media", async () => {
    const emulator = await start({ pullWaitMs: 0 });
    await upload(emulator, "x", { SubAppId: 1_500_000_003 });
    expect(handlesOf(await pull(emulator))).toEqual([]);
    expect(handlesOf(await pull(emulator, { SubAppId: 1_500_000_003 }))).toHaveLength(1);
  });

  test("end with the emulator, however long they wait", async () => {
    const emulator = await start({ pullWaitMs: 60_000 });
    const waiting = pull(emulator).catch((error: unknown) => error);
    await vi.waitFor(() => expect(emulator.requests()).toHaveLength(1));
    await emulator.close();
    expect(await waiting).toBeInstanceOf(Error);
  });
});

describe("the configuration", () => {
  test("is kept for each sub-app; what is not named stays; the key is never told", async () => {
    const emulator = await start();
    const change = {
      Mode: "PUSH",
      NotificationUrl: "http://127.0.0.1:1/x",
      DeleteMediaCompleteEventSwitch: "OFF",
      SignKey: "abc123",
    };
    await call(emulator, "ModifyEventConfig", change);
    await call(emulator, "ModifyEventConfig", { Mode: "PULL" });
    const config = await call(emulator, "DescribeEventConfig");
    expect(config).toEqual({
      Mode: "PULL",
      NotificationUrl: "http://127.0.0.1:1/x",
      UploadMediaCompleteEventSwitch: "ON",
      DeleteMediaCompleteEventSwitch: "OFF",
      PersistenceCompleteEventSwitch: "OFF",
      RequestId: expect.any(String),
    });
    expect(await call(emulator, "DescribeEventConfig", { SubAppId: 1_500_000_002 })).toMatchObject({
      NotificationUrl: "",
    });
  });

  test.each([
    { Mode: "POST" },
    { UploadMediaCompleteEventSwitch: "on" },
    { NotificationUrl: "ftp://x" },
    { SignKey: "k".repeat(33) },
    { SignKey: "with space" },
  ])("refuses %j", async (change) => {
    const emulator = await start();
    expect(await codeOf(emulator, "ModifyEventConfig", change)).toBe("InvalidParameter");
  });

  test("with its switches off sends nothing of uploads and deletions", async () => {
    const emulator = await start({ uploadEvents: false, pullWaitMs: 0 });
    const { FileId = "" } = await upload(emulator, "x");
    await call(emulator, "DeleteMedia", { FileId });
    expect(await codeOf(emulator, "PullEvents")).toBe("ResourceNotFound");
  });
});

describe("pushed notifications", () => {
  test("in format 3.0 carry the event, Sign and T", async () => {
    const { url, bodies } = await receiver();
    const emulator = await start({ notificationUrl: url, signKey: "Key1", clock: () => 1_750_000_000_000 });
    const { FileId } = await upload(emulator, "x");
    await emulator.pushesSettled();
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toMatchObject({ EventType: "NewFileUpload", FileUploadEvent: { FileId }, T: 1_750_000_600 });
    expect(bodies[0]).not.toHaveProperty("PullCompleteEvent");
    expect(verifyCallback(bodies[0], "Key1", { now: 1_750_000_000 })).toEqual({ valid: true });
    expect(await call(emulator, "DescribeEventsState")).toMatchObject({ CountOfEventsToPull: 0 });
  });

  test("in format 3.0 have their unused members too, as null, where the option says so", async () => {
    const { url, bodies } = await receiver();
    const emulator = await start({ notificationUrl: url, nothing: "null" });
    const { FileId } = await upload(emulator, "x");
    await emulator.pushesSettled();
    expect(bodies[0]).toMatchObject({ FileUploadEvent: { FileId, ProcedureTaskId: null }, PullCompleteEvent: null });
  });

  test("in format 2.0 are what old accounts get", async () => {
    const { url, bodies } = await receiver();
    const emulator = await start({ notificationUrl: url, eventFormat: "2.0" });
    const { FileId = "", MediaUrl } = await upload(emulator, "x", {
      SourceContext: "ctx",
      MediaName: "n",
      Procedure: "LongVideoPreset",
    });
    await call(emulator, "DeleteMedia", { FileId });
    await vi.waitFor(() => expect(bodies).toHaveLength(3));
    const byType = Object.fromEntries(bodies.map((body) => [body["eventType"], body["data"]]));
    expect(bodies.map((body) => body["version"])).toEqual(["4.0", "4.0", "4.0"]);
    expect(byType).toMatchObject({
      NewFileUpload: {
        fileId: FileId,
        fileUrl: MediaUrl,
        fileName: "n",
        sourceType: "ServerUpload",
        sourceContext: "ctx",
        procedureTaskId: expect.stringMatching(/procedurev2/),
      },
      FileDeleted: { fileInfo: [{ fileId: FileId }] },
      ProcedureStateChanged: {
        status: "FINISH",
        processTaskList: expect.arrayContaining([expect.objectContaining({ status: "SUCCESS" })]),
      },
    });
  });

  test("are sent three times to a receiver that is too slow, and once to one that answers 500", async () => {
    const slow = await receiver((count) => ({ afterMs: count < 3 ? 10_000 : 0 }));
    const emulator = await start({ notificationUrl: slow.url, pushTimeoutMs: 50 });
    await upload(emulator, "x");
    await emulator.pushesSettled();
    expect(emulator.deliveries().map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, "timeout"],
      [2, "timeout"],
      [3, "answered"],
    ]);
    expect(slow.bodies).toHaveLength(3);

    const broken = await receiver(() => ({ status: 500 }));
    const other = await start({ notificationUrl: broken.url });
    await upload(other, "x");
    await other.pushesSettled();
    expect(other.deliveries()).toEqual([
      expect.objectContaining({ attempt: 1, outcome: "answered", status: 500, eventType: "NewFileUpload" }),
    ]);
  });

  test("tell of a pull in format 2.0, and keep other types as they are", async () => {
    const { url, bodies } = await receiver();
    const emulator = await start({
      notificationUrl: url,
      eventFormat: "2.0",
      uploadEvents: false,
      tasks: { processingMs: 0 },
    });
    const { TaskId } = await call(emulator, "PullUpload", { MediaUrl: "http://127.0.0.1/x.mp4" });
    await vi.waitFor(() => expect(bodies).toHaveLength(1));
    const { FileId = "" } = await upload(emulator, "x");
    await call(emulator, "DescribeFileAttributes", { FileId });
    await vi.waitFor(() => expect(bodies).toHaveLength(2));
    expect(bodies).toMatchObject([
      {
        version: "4.0",
        eventType: "PullComplete",
        data: { status: 0, message: "SUCCESS", vodTaskId: TaskId, fileId: expect.stringMatching(/^\d{19}$/) },
      },
      { version: "4.0", eventType: "DescribeFileAttributesComplete", data: { FileId } },
    ]);
  });

  test("are tried again when nobody listens", async () => {
    const emulator = await start({ notificationUrl: "http://127.0.0.1:1/x" });
    await upload(emulator, "x");
    await emulator.pushesSettled();
    expect(emulator.deliveries().map((one) => one.outcome)).toEqual(["unreachable", "unreachable", "unreachable"]);
  });

  test("go to loopback only, unless the option says otherwise, and nowhere without an address", async () => {
    const emulator = await start({ notificationUrl: "http://user:password@192.0.2.1/x" });
    await upload(emulator, "x");
    await emulator.pushesSettled();
    expect(emulator.deliveries()).toMatchObject([{ outcome: "not-loopback", url: "http://192.0.2.1/x" }]);
    const silent = await start({ eventMode: "PUSH" });
    await upload(silent, "x");
    await silent.pushesSettled();
    expect(silent.deliveries()).toEqual([]);
  });

  test("may also be asked for by ModifyEventConfig", async () => {
    const { url, bodies } = await receiver();
    const emulator = await start();
    await call(emulator, "ModifyEventConfig", { Mode: "PUSH", NotificationUrl: url });
    const session = await apply(emulator);
    await cos(emulator, session, "PUT", { body: "x" });
    await call(emulator, "CommitUpload", { VodSessionKey: session.vodSessionKey });
    await emulator.pushesSettled();
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).not.toHaveProperty("Sign");
  });
});
