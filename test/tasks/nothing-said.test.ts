import { describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { readTask } from "../../src/tasks/task-state.ts";
import type { DescribeTaskDetailResponse } from "../../src/vod-api/index.ts";
import { timing } from "../support/timing.ts";
import { scene } from "./support.ts";

const mib = 2 ** 20;
const quick = { pollMs: 10, maxPollMs: 20 };

/** Which ids there are depends on how often the client asked: that they are there does not. */
const withoutIds = (value: object): unknown =>
  JSON.parse(
    JSON.stringify(value, (name, member: unknown) =>
      /(Id|Url)$/.test(name) && typeof member === "string" && member !== "" ? "given" : member,
    ),
  );

/** What a caller reads of one upload, its task and its event, in the order of their members; ids and times aside. */
async function told(options: EmulatorOptions): Promise<unknown> {
  const { vod, requests } = await scene({ seed: 1, ...options });
  const result = await vod.upload(Buffer.alloc(2 * mib + 1), {
    mediaType: "mp4",
    partSize: mib,
    concurrency: 1,
  });
  const found = await vod.waitForUpload(result.fileId, quick);
  const { taskId } = await vod.pull("https://source.example/a.mp4");
  const task = await vod.waitForTask(taskId, quick);
  const events: unknown[] = [];
  for await (const { raw: _raw, handle: _handle, confirm: _confirm, ...event } of vod.pullEvents()) {
    events.push(event);
    if (events.length === 2) break;
  }
  const renewals = requests("ApplyUpload").length;
  const { requestId: _requestId, transfer: _transfer, ...upload } = result;
  const { media: _media, ...media } = found;
  const { detail: _detail, ...state } = task;
  return withoutIds({ upload, media, state, events, renewals });
}

describe("what the service leaves empty", () => {
  test(
    "is told alike whether it comes as an empty text, as null or not at all, also when a certificate is renewed",
    timing,
    async () => {
      const expiry = {
        operation: "UploadPart",
        partNumber: 2,
        times: 1,
        fault: { kind: "expire-certificate" },
      } as const;
      const seen = await told({ faults: [expiry] });
      expect(seen).toMatchObject({ renewals: 2 });
      expect(JSON.stringify(seen)).not.toContain("coverUrl");
      expect(JSON.stringify(seen)).not.toContain('""');
      for (const nothing of ["empty-text", "null", "left-out"] as const) {
        expect(await told({ faults: [expiry], nothing }), nothing).toEqual(seen);
      }
    },
  );

  test.each([[""], [null], [undefined]])("a task's %j", (nothing) => {
    const { detail: _, ...state } = readTask("t", {
      Status: "FINISH",
      TaskType: "Procedure",
      ProcedureTask: { TaskId: "t", FileId: nothing, FileUrl: nothing, ProcedureTaskId: nothing, Message: nothing },
    } as unknown as DescribeTaskDetailResponse);
    expect(state).toMatchObject({ fileId: undefined, mediaUrl: undefined, procedureTaskId: undefined, failures: [] });
  });
});
