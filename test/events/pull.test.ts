import { afterEach, describe, expect, test, vi } from "vitest";
import type { EmulatorOptions, FaultRule } from "../../src/emulator/index.ts";
import type { PulledEvent, PulledEvents, PullEventsOptions } from "../../src/events/index.ts";
import { startEmulator, type Emulator } from "../../src/emulator/index.ts";
import { pullEvents } from "../../src/events/index.ts";
import { VodApiError, VodClient } from "../../src/index.ts";
import { VodApi } from "../../src/vod-api/index.ts";
import { timing } from "../support/timing.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Scene {
  readonly emulator: Emulator;
  readonly api: VodApi;
  /** Uploads that many media and answers their FileIds. */
  readonly upload: (count: number) => Promise<string[]>;
  readonly pull: (options?: PullEventsOptions) => PulledEvents;
  /** EventHandles of each ConfirmEvents so far. */
  readonly confirmed: () => number[];
  readonly pulls: () => number;
  /** Events that still wait, as seen a minute later. */
  readonly left: () => Promise<number>;
}

async function scene(options: EmulatorOptions = {}): Promise<Scene> {
  const emulator = await startEmulator({ pullWaitMs: 40, ...options });
  closing.push(() => emulator.close());
  const connection = {
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    retry: { attempts: 2, baseDelayMs: 1, throttleDelayMs: 1 },
  };
  const api = new VodApi(connection);
  const vod = new VodClient({ ...connection, cosEndpoint: emulator.cosEndpoint });
  closing.push(
    () => api.close(),
    () => vod.close(),
  );
  const requests = (operation: string): ReturnType<Emulator["requests"]> =>
    emulator.requests().filter((request) => request.operation === operation);
  return {
    emulator,
    api,
    upload: async (count) => {
      const fileIds: string[] = [];
      for (let at = 0; at < count; at += 1) {
        fileIds.push((await vod.upload(Buffer.from([at]), { mediaType: "mp4", sourceContext: `media ${at}` })).fileId);
      }
      return fileIds;
    },
    pull: (pullOptions) => pullEvents(api, pullOptions),
    confirmed: () =>
      requests("ConfirmEvents").map(
        ({ json }) => (json?.["EventHandles"] as readonly string[] | undefined)?.length ?? 0,
      ),
    pulls: () => requests("PullEvents").length,
    left: async () => {
      emulator.advanceClock(60_000);
      return (await api.call("DescribeEventsState", {})).CountOfEventsToPull;
    },
  };
}

/** Takes `count` events, confirming none, and ends the loop. */
async function take(events: AsyncIterable<PulledEvent>, count: number): Promise<PulledEvent[]> {
  const taken: PulledEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

const ids = (events: readonly PulledEvent[]): (string | undefined)[] => events.map(({ fileId }) => fileId);

describe("delivery", () => {
  test("events come in order, in the one form, with handle and raw content", async () => {
    const { upload, pull } = await scene();
    const fileIds = await upload(3);
    const events = await take(pull(), 3);
    expect(ids(events)).toEqual(fileIds);
    expect(events[1]).toMatchObject({
      type: "NewFileUpload",
      format: "3.0",
      isServerUpload: true,
      sourceContext: "media 1",
      handle: expect.stringMatching(/./),
      raw: { EventType: "NewFileUpload" },
    });
  });

  test("an empty queue is asked again, and an event that comes later is delivered", async () => {
    const { upload, pull, pulls } = await scene();
    const events = pull();
    const first = events.next();
    await vi.waitFor(() => expect(pulls()).toBeGreaterThan(1), 5_000);
    const [fileId] = await upload(1);
    expect((await first).value).toMatchObject({ fileId });
    await events.return?.();
  });

  /** As the service was seen to answer: shared evidence of programs from 2021 to 2026, and the SDKs' own list of codes. */
  const refused = (code: string): FaultRule => ({
    operation: "PullEvents",
    times: 3,
    fault: {
      kind: "answer",
      status: 200,
      body: JSON.stringify({ Response: { Error: { Code: code, Message: "no event" }, RequestId: "seen" } }),
    },
  });

  test("an empty queue is an error of the service, ResourceNotFound: it is asked again, and nothing is reported", async () => {
    const { emulator, upload, pull, pulls } = await scene();
    const [fileId] = await upload(1);
    emulator.setFaults([refused("ResourceNotFound")]);
    const reported: unknown[] = [];
    const events = pull({ onError: (error) => void reported.push(error) });
    expect((await events.next()).value).toMatchObject({ fileId });
    expect(pulls()).toBeGreaterThan(3);
    expect(reported).toEqual([]);
    await events.return?.();
  });

  test("a minute of it, pull after pull, and then an event", async () => {
    // The service holds each pull for 5 s: here they pass at once, by the clock that the loop looks at.
    let nowMs = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => nowMs);
    closing.push(async () => clock.mockRestore());
    const noEvent = new VodApiError("no event", {
      action: "PullEvents",
      apiCode: "ResourceNotFound",
      requestId: "seen",
      hint: undefined,
      retryAfterMs: undefined,
    });
    const asked: number[] = [];
    const call = async (): Promise<object> => {
      asked.push(nowMs);
      if (nowMs >= 60_000) return { EventSet: [{ EventHandle: "h", EventType: "NewFileUpload" }], RequestId: "r" };
      nowMs += 5_000;
      throw noEvent;
    };
    const { value } = await pullEvents({ call } as never).next();
    expect(value).toMatchObject({ type: "NewFileUpload", handle: "h" });
    expect(asked).toEqual(Array.from({ length: 13 }, (_, pull) => pull * 5_000));
  });

  test("its sub-codes are faults of the account, and end the loop", async () => {
    const { emulator, pull } = await scene();
    emulator.setFaults([refused("ResourceNotFound.UserNotExist")]);
    await expect(pull().next()).rejects.toMatchObject({ apiCode: "ResourceNotFound.UserNotExist" });
  });

  test("more than a batch: 16 at a time", async () => {
    const { upload, pull, pulls } = await scene();
    const fileIds = await upload(20);
    expect(ids(await take(pull(), 20))).toEqual(fileIds);
    expect(pulls()).toBe(2);
  });

  test("the sub-app of the options is asked and confirmed for", async () => {
    const { api, emulator, pull } = await scene();
    const subAppId = 1_500_000_777n;
    await api.call("PullUpload", { MediaUrl: "https://source.example/a.mp4", SubAppId: subAppId });
    const [event] = await take(pull({ subAppId }), 1);
    await event?.confirm();
    const asked = emulator.requests().filter(({ operation }) => /^(Pull|Confirm)Events$/.test(operation));
    expect(asked.map(({ json }) => Number(json?.["SubAppId"]))).toEqual(asked.map(() => Number(subAppId)));
  });
});

describe("confirming", () => {
  test("a confirmed event does not come again, an unconfirmed one does", async () => {
    const { emulator, upload, pull, left } = await scene();
    const [first, second] = await upload(2);
    for await (const event of pull()) {
      if (event.fileId === first) expect(await event.confirm()).toBe(true);
      else break;
    }
    emulator.advanceClock(31_000);
    const [again] = await take(pull(), 1);
    expect(again?.fileId).toBe(second);
    expect(await left()).toBe(1);
  });

  test("confirmations given together share requests of 16 at most", async () => {
    const { upload, pull, confirmed, left } = await scene();
    await upload(20);
    const events = await take(pull(), 20);
    expect(await Promise.all(events.map((event) => event.confirm()))).toEqual(events.map(() => true));
    expect(confirmed()).toEqual([16, 4]);
    expect(await left()).toBe(0);
  });

  test("what comes while a request is under way goes with the next one", async () => {
    const { emulator, upload, pull, confirmed } = await scene();
    await upload(4);
    const events = await take(pull(), 4);
    emulator.setFaults([{ operation: "ConfirmEvents", nth: 1, fault: { kind: "delay", ms: 60 } }]);
    const all = [events[0]?.confirm()];
    await new Promise((resolve) => setTimeout(resolve, 20));
    all.push(...events.slice(1).map((event) => event.confirm()));
    await Promise.all(all);
    expect(confirmed()).toEqual([1, 3]);
  });

  test("too late is false; the event comes again, and the loop confirms it without delivering it again", async () => {
    const { emulator, upload, pull, left } = await scene();
    const [late] = await upload(1);
    const delivered: (string | undefined)[] = [];
    const outcomes: boolean[] = [];
    for await (const event of pull()) {
      delivered.push(event.fileId);
      if (event.fileId !== late) break;
      emulator.advanceClock(31_000);
      outcomes.push(await event.confirm());
      await upload(1);
    }
    expect(outcomes).toEqual([false]);
    expect(delivered).toHaveLength(2);
    expect(delivered.filter((fileId) => fileId === late)).toHaveLength(1);
    // Only the one at which the loop was left.
    expect(await left()).toBe(1);
  });

  test("one handle that is too late does not take the others with it", async () => {
    const { emulator, upload, pull, confirmed, left } = await scene();
    const [old] = await upload(1);
    const events: PulledEvent[] = [];
    for await (const event of pull()) {
      events.push(event);
      if (events.length === 1) {
        emulator.advanceClock(31_000);
        await upload(2);
      }
      // The old one again, and the two new ones.
      if (events.length === 4) break;
    }
    expect(ids(events).filter((fileId) => fileId === old)).toHaveLength(2);
    const [late, ...others] = [events[0], ...events.filter(({ fileId }) => fileId !== old)];
    expect(await Promise.all([late, ...others].map((event) => event?.confirm()))).toEqual([false, true, true]);
    expect(confirmed()).toEqual([3, 1, 1, 1]);
    expect(await left()).toBe(1);
  });

  test("events of a batch whose handles are about to expire are left to be delivered again", async () => {
    const { upload, pull, pulls } = await scene();
    await upload(3);
    const events = pull();
    await events.next();
    const real = performance.now.bind(performance);
    const later = vi.spyOn(performance, "now").mockImplementation(() => real() + 26_000);
    try {
      const next = events.next();
      await vi.waitFor(() => expect(pulls()).toBeGreaterThan(1));
      events.stop();
      expect(await next).toEqual({ done: true, value: undefined });
    } finally {
      later.mockRestore();
    }
  });

  test("an event that is confirmed and happens once more is delivered once more", async () => {
    const { api, upload, pull } = await scene();
    const [fileId = ""] = await upload(1);
    const remove = { FileId: fileId, DeleteParts: [{ Type: "TranscodeFiles", Definition: 0 }] };
    const seen: string[] = [];
    for await (const event of pull()) {
      seen.push(event.type);
      expect(await event.confirm()).toBe(true);
      if (seen.length < 3) await api.call("DeleteMedia", remove);
      else break;
    }
    expect(seen).toEqual(["NewFileUpload", "FileDeleted", "FileDeleted"]);
  });

  test("a confirmation whose outcome nobody knows rejects, and the event is not delivered again", async () => {
    const { emulator, upload, pull, left } = await scene();
    const [fileId] = await upload(1);
    const delivered: (string | undefined)[] = [];
    for await (const event of pull()) {
      delivered.push(event.fileId);
      if (delivered.length > 1) break;
      emulator.setFaults([{ operation: "ConfirmEvents", times: 2, fault: { kind: "reset-before" } }]);
      await expect(event.confirm()).rejects.toMatchObject({ code: "NETWORK" });
      emulator.advanceClock(31_000);
      await upload(1);
    }
    expect(delivered.filter((one) => one === fileId)).toHaveLength(1);
    expect(await left()).toBe(1);
  });

  test("a lost answer to a confirmation is no failure", async () => {
    const { emulator, upload, pull, left } = await scene();
    await upload(1);
    const [event] = await take(pull(), 1);
    emulator.setFaults([{ operation: "ConfirmEvents", nth: 1, fault: { kind: "reset-after-effect" } }]);
    // The repetition is refused, since the handle is gone: "false" is all that can be said.
    expect(await event?.confirm()).toBe(false);
    expect(await left()).toBe(0);
  });
});

describe("autoConfirm", () => {
  test("confirms when the next event is asked for, not the one at which the loop is left", async () => {
    const { upload, pull, left } = await scene();
    await upload(5);
    await take(pull({ autoConfirm: true }), 4);
    expect(await left()).toBe(2);
  });

  test("does not confirm an event whose handling threw", async () => {
    const { upload, pull, left } = await scene();
    await upload(2);
    const loop = async (): Promise<void> => {
      for await (const event of pull({ autoConfirm: true })) {
        if (event.sourceContext === "media 1") throw new Error("cannot");
      }
    };
    await expect(loop()).rejects.toThrow("cannot");
    expect(await left()).toBe(1);
  });

  test("a confirmation that fails ends the loop where nobody is told of it", async () => {
    const { upload, pull } = await scene({
      faults: [
        { operation: "ConfirmEvents", fault: { kind: "answer", status: 200, body: refusal("UnauthorizedOperation") } },
      ],
    });
    await upload(1);
    await expect(take(pull({ autoConfirm: true }), 9)).rejects.toMatchObject({ apiCode: "UnauthorizedOperation" });
  });
});

const refusal = (code: string): string =>
  JSON.stringify({ Response: { Error: { Code: code, Message: "" }, RequestId: "r" } });

describe("failures", () => {
  const down: FaultRule = { operation: "PullEvents", times: 2, fault: { kind: "reset-before" } };

  test("end the loop once a request's retries are used up", async () => {
    const { pull } = await scene({ faults: [down] });
    await expect(take(pull(), 1)).rejects.toMatchObject({ code: "NETWORK", attempts: 2 });
  });

  test("that pass are told to onError, and the loop goes on", async () => {
    const { upload, pull } = await scene({ faults: [down] });
    const [fileId] = await upload(1);
    const errors: unknown[] = [];
    expect(ids(await take(pull({ onError: (error) => errors.push(error) }), 1))).toEqual([fileId]);
    expect(errors).toMatchObject([{ code: "NETWORK" }]);
  });

  test("that will not pass end it all the same", async () => {
    const { pull } = await scene({
      faults: [
        {
          operation: "PullEvents",
          fault: { kind: "answer", status: 200, body: refusal("AuthFailure.SecretIdNotFound") },
        },
      ],
    });
    const errors: unknown[] = [];
    await expect(take(pull({ onError: (error) => errors.push(error) }), 1)).rejects.toThrow(VodApiError);
    expect(errors).toEqual([]);
  });

  test("an entry that is no event is told, not confirmed, and does not hold up the others", async () => {
    const good = { EventHandle: "h", EventType: "NewFileUpload", FileUploadEvent: { FileId: "7" } };
    const body = JSON.stringify({
      Response: { EventSet: [null, { EventHandle: "x" }, { EventType: "NewFileUpload" }, good], RequestId: "r" },
    });
    const { pull, confirmed } = await scene({
      faults: [{ operation: "PullEvents", fault: { kind: "answer", status: 200, body } }],
    });
    const errors: unknown[] = [];
    expect(ids(await take(pull({ onError: (error) => errors.push(error) }), 1))).toEqual(["7"]);
    expect(errors).toMatchObject([{ code: "EVENT_INVALID" }, { code: "EVENT_INVALID" }, { code: "EVENT_INVALID" }]);
    expect(confirmed()).toEqual([]);
  });

  test.each([["null"], ["[]"], ["undefined"]])("an EventSet that is %s is an empty one", async (set) => {
    const body = `{"Response":{${set === "undefined" ? "" : `"EventSet":${set},`}"RequestId":"r"}}`;
    const { upload, pull } = await scene({
      faults: [{ operation: "PullEvents", nth: 1, fault: { kind: "answer", status: 200, body } }],
    });
    const [fileId] = await upload(1);
    expect(ids(await take(pull(), 1))).toEqual([fileId]);
  });
});

describe("ending", () => {
  test("the signal ends a waiting pull at once, with its own reason", timing, async () => {
    const { pull } = await scene({ pullWaitMs: 5000 });
    const controller = new AbortController();
    const reason = new Error("shutting down");
    const startedAt = performance.now();
    setTimeout(() => controller.abort(reason), 30);
    await expect(take(pull({ signal: controller.signal }), 1)).rejects.toBe(reason);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test("a signal that is aborted already sends nothing", async () => {
    const { pull, pulls } = await scene();
    const reason = new Error("no");
    await expect(take(pull({ signal: AbortSignal.abort(reason) }), 1)).rejects.toBe(reason);
    expect(pulls()).toBe(0);
  });

  test("confirmations under way are finished before it rejects", async () => {
    const { emulator, upload, pull, left } = await scene();
    await upload(1);
    const controller = new AbortController();
    emulator.setFaults([{ operation: "ConfirmEvents", fault: { kind: "delay", ms: 60 } }]);
    const loop = async (): Promise<void> => {
      for await (const event of pull({ signal: controller.signal })) {
        void event.confirm();
        controller.abort();
      }
    };
    await expect(loop()).rejects.toThrow("aborted");
    expect(emulator.requests().find(({ operation }) => operation === "ConfirmEvents")?.status).toBe(200);
    expect(await left()).toBe(0);
  });

  test("stop ends it without an error, also while it waits", timing, async () => {
    const { upload, pull } = await scene({ pullWaitMs: 5000 });
    await upload(2);
    const events = pull();
    const seen: PulledEvent[] = [];
    const startedAt = performance.now();
    for await (const event of events) {
      seen.push(event);
      // Later than the queue's next answer is waited for.
      if (seen.length === 2) setTimeout(() => events.stop(), 60);
    }
    expect(seen).toHaveLength(2);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test("stop delivers nothing more of a batch", async () => {
    const { upload, pull } = await scene();
    await upload(3);
    const events = pull();
    const seen: PulledEvent[] = [];
    for await (const event of events) {
      seen.push(event);
      events.stop();
    }
    expect(seen).toHaveLength(1);
  });

  test("listens to the signal no longer once it has ended", async () => {
    const { upload, pull } = await scene();
    await upload(1);
    const controller = new AbortController();
    const { addEventListener, removeEventListener } = controller.signal;
    let listening = 0;
    controller.signal.addEventListener = (...args: unknown[]): void => {
      listening += 1;
      Reflect.apply(addEventListener, controller.signal, args);
    };
    controller.signal.removeEventListener = (...args: unknown[]): void => {
      listening -= 1;
      Reflect.apply(removeEventListener, controller.signal, args);
    };
    await take(pull({ signal: controller.signal }), 1);
    expect(listening).toBe(0);
  });
});

test.each([
  ["signal", { signal: "no" }],
  ["subAppId", { subAppId: "abc" }],
])("a wrong %s is refused at once", async (_, options) => {
  const { pull } = await scene();
  expect(() => pull(options as PullEventsOptions)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE" }));
});
