/**
 * The service says nothing in three ways, `""`, null and absence, and not in the same one everywhere (wire §3.12). Here
 * each text, object and list of each answer that is read says nothing in all of them, one after the other: what a
 * caller gets must not differ. The same for numbers that come as text, and for members that nobody knows.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkEvents, checkRegions } from "../../src/doctor/settings.ts";
import { probe } from "../../src/doctor/probe.ts";
import { VodupError } from "../../src/errors.ts";
import { eventIdentity } from "../../src/events/identity.ts";
import { parseEvent, pullEvents } from "../../src/events/index.ts";
import { isJsonObject } from "../../src/json.ts";
import { findTask } from "../../src/tasks/find-task.ts";
import { processByProcedure } from "../../src/tasks/process-by-procedure.ts";
import { pullUpload } from "../../src/tasks/pull-upload.ts";
import { storageRegions } from "../../src/tasks/storage-regions.ts";
import { readTask } from "../../src/tasks/task-state.ts";
import { waitForUpload } from "../../src/tasks/wait-for-upload.ts";
import { serviceSegments } from "../../src/upload/manifest/service-segments.ts";
import { applyUpload, renewBySessionKey } from "../../src/upload/session/apply.ts";
import { commitUpload } from "../../src/upload/session/commit.ts";
import { openEnvelope } from "../../src/vod-api/envelope.ts";
import { VodApiError } from "../../src/vod-api/index.ts";
import { differences, nothings, numbersAsText, unknownMembers } from "./variations.ts";

type Members = Record<string, unknown>;
type Read = (answer: never) => unknown;

const fixture = (path: string): Members =>
  JSON.parse(readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), "utf8")) as Members;
const response = (name: string): Members => fixture(`vod/api3-${name}.response.json`)["Response"] as Members;
const ignore = (): void => undefined;
const never = new AbortController().signal;
/** Answers each action with what is given for it, or with nothing but its name. */
const api = (answers: Members): never =>
  ({
    host: "vod.example",
    call: async (action: string) => {
      const answer = answers[action];
      if (answer instanceof Error) throw answer;
      return answer ?? { RequestId: "r" };
    },
  }) as never;

const fileId = "5285890784273533167";
const mediaUrl = `http://1250000000.vod2.myqcloud.com/a/9ce0cd92${fileId}/f0.mp4`;
const apply = {
  StorageBucket: "examplebucket-1250000000",
  StorageRegion: "ap-chongqing",
  VodSessionKey: "session",
  MediaStoragePath: `/a/9ce0cd92${fileId}/f0.mp4`,
  CoverStoragePath: `/a/9ce0cd92${fileId}/f1.jpg`,
  TempCertificate: { SecretId: "AKIDx", SecretKey: "key", Token: "token", ExpiredTime: 1_735_696_800 },
  RequestId: "r",
};
const session = {
  bucket: apply.StorageBucket,
  region: apply.StorageRegion,
  mediaStoragePath: apply.MediaStoragePath,
  coverStoragePath: undefined,
  vodSessionKey: "session",
};
const basic = {
  Name: "spring",
  MediaUrl: mediaUrl,
  CoverUrl: "http://example.com/f1.jpg",
  SourceInfo: { SourceType: "Upload", SourceContext: "order-7", LiveRecordInfo: { StreamId: "s" } },
};
const described = { MediaInfoSet: [{ FileId: fileId, BasicInfo: basic, MetaData: { Size: 1 } }], RequestId: "r" };
const commitContext = {
  session,
  subAppId: undefined,
  repeated: true,
  resumable: false,
  signal: undefined,
  onRetry: ignore,
};
const unknown = new VodApiError("no", { action: "CommitUpload", apiCode: "ResourceNotFound", requestId: "r" });
const used = new VodApiError("no", { action: "x", apiCode: "InvalidParameterValue.SessionId", requestId: "r" });
const tasks = {
  TaskSet: [{ TaskId: "t", Status: "FINISH", FileId: fileId, TaskType: "PullUpload", SessionId: "once" }],
  ScrollToken: "more",
  RequestId: "r",
};
const subApps = { SubAppIdInfoSet: [{ SubAppId: 1, SubAppIdName: "a", Name: "b", Status: "On" }], TotalCount: 1 };
const regions = {
  StorageRegionInfos: [
    { Region: "ap-singapore", Description: "d", Status: "opened", IsDefault: true, Area: "Outside Chinese Mainland" },
    { Region: "ap-seoul", Description: "d", Status: "unopened", IsDefault: false, Area: "Outside Chinese Mainland" },
  ],
};
const eventConfig = {
  Mode: "PUSH",
  NotificationUrl: "https://example.com/hook",
  UploadMediaCompleteEventSwitch: "ON",
  DeleteMediaCompleteEventSwitch: "OFF",
};
const newFile = { EventType: "NewFileUpload", FileUploadEvent: { FileId: fileId, MediaBasicInfo: basic } };
const quick = { timeoutMs: 3, pollMs: 5 };

/** The answer that is read, and what reads it: what it returns is compared. */
const readers: readonly (readonly [string, object, Read])[] = [
  ["ApplyUpload", apply, (ApplyUpload) => applyUpload(api({ ApplyUpload }), {}, false, () => 0, undefined, ignore)],
  [
    "ApplyUpload, with a cover",
    apply,
    (ApplyUpload) => applyUpload(api({ ApplyUpload }), {}, true, () => 0, undefined, ignore),
  ],
  [
    "ApplyUpload, for another certificate",
    apply,
    (ApplyUpload) => renewBySessionKey(api({ ApplyUpload }), {}, session, () => 0, never),
  ],
  [
    "CommitUpload",
    { FileId: fileId, MediaUrl: mediaUrl, CoverUrl: basic.CoverUrl, RequestId: "r" },
    (CommitUpload) => commitUpload({ ...commitContext, api: api({ CommitUpload, DescribeMediaInfos: described }) }),
  ],
  [
    "DescribeMediaInfos, after a lost commit",
    described,
    (DescribeMediaInfos) => commitUpload({ ...commitContext, api: api({ CommitUpload: unknown, DescribeMediaInfos }) }),
  ],
  [
    "DescribeMediaInfos, waited for",
    described,
    async (DescribeMediaInfos) => {
      const { media: _, ...found } = await waitForUpload(api({ DescribeMediaInfos }), fileId, quick);
      return found;
    },
  ],
  ["DescribeTasks", tasks, (DescribeTasks) => findOf(DescribeTasks)],
  ["PullUpload", { TaskId: "t", RequestId: "r" }, (PullUpload) => pullOf({ PullUpload })],
  ["PullUpload, without a task", { TaskId: "", RequestId: "r" }, (PullUpload) => pullOf({ PullUpload })],
  ["ApplyUpload, of no use", { ...apply, VodSessionKey: "" }, (answer) => applied(answer)],
  ["CommitUpload, without a FileId", { FileId: "", RequestId: "r" }, (CommitUpload) => committed({ CommitUpload })],
  [
    "DescribeTasks, of a pull that was asked for twice",
    tasks,
    (DescribeTasks) => pullOf({ PullUpload: used, DescribeTasks }),
  ],
  [
    "ProcessMediaByProcedure",
    response("ProcessMediaByProcedure-1"),
    (ProcessMediaByProcedure) =>
      processByProcedure(api({ ProcessMediaByProcedure }), fileId, "p", { sessionId: "once" }),
  ],
  ["DescribeStorageRegions", regions, (DescribeStorageRegions) => storageRegions(api({ DescribeStorageRegions }))],
  [
    "ParseStreamingManifest",
    { MediaSegmentSet: ["a.ts", "b.ts"], RequestId: "r" },
    (ParseStreamingManifest) => serviceSegments(api({ ParseStreamingManifest }), never, ignore)("#EXTM3U", "m3u8"),
  ],
  [
    "PullEvents",
    { EventSet: [{ EventHandle: "h", ...newFile }], RequestId: "r" },
    (PullEvents) => firstEvent(PullEvents),
  ],
  ["DescribeSubAppIds, by doctor", subApps, (DescribeSubAppIds) => subAppOf({ DescribeSubAppIds })],
  [
    "DescribeSubAppIds, by doctor where the application is refused",
    subApps,
    (DescribeSubAppIds) => subAppOf({ DescribeSubAppIds, DescribeStorageRegions: unknown }),
  ],
  [
    "DescribeStorageRegions, by doctor",
    regions,
    (DescribeStorageRegions) =>
      checked(
        checkRegions(api({ DescribeStorageRegions }), { subAppId: undefined, known: [], wanted: undefined }, never),
      ),
  ],
  [
    "DescribeEventConfig",
    eventConfig,
    (DescribeEventConfig) => checked(checkEvents(api({ DescribeEventConfig }), never)),
  ],
  [
    "an error",
    { Error: { Code: "InvalidParameter", Message: "no" }, RequestId: "r" },
    (Response) => opened({ Response }),
  ],
  ["an error of the old form", { code: 4000, message: "no", codeDesc: "InvalidParameter" }, opened],
  ...["1", "2", "3", "4"].map((number) => {
    const detail = response(`DescribeTaskDetail-${number}`);
    return [`DescribeTaskDetail ${number}`, detail, taskOf] as const;
  }),
  ["DescribeTaskDetail, failed", failedTask(), taskOf],
  ...events().map(([name, event]) => [`event ${name}`, event, eventOf] as const),
];

const applied = (ApplyUpload: unknown): Promise<unknown> =>
  applyUpload(api({ ApplyUpload }), {}, false, () => 0, undefined, ignore);

const committed = (answers: Members): Promise<unknown> => commitUpload({ ...commitContext, api: api(answers) });

function failedTask(): object {
  const set = [
    {
      Type: "Transcode",
      TranscodeTask: {
        Status: "FAIL",
        ErrCodeExt: "InternalError",
        ErrCode: 1,
        Message: "m",
        Progress: 40,
        Input: { Definition: 10 },
      },
    },
    { Type: "CoverBySnapshot", CoverBySnapshotTask: { Status: "PROCESSING", ErrCode: 0, Progress: 50 } },
  ];
  const task = { TaskId: "t", FileId: fileId, FileUrl: mediaUrl, ErrCode: 2, Message: "x", MediaProcessResultSet: set };
  return { TaskType: "Procedure", Status: "FINISH", ProcedureTask: task, RequestId: "r" };
}

function events(): [string, Members][] {
  const { tests } = fixture("vectors/event-parse.json") as unknown as { tests: { name: string; body?: unknown }[] };
  return [
    ["of 3.0", { EventHandle: "h", ...newFile }],
    [
      "of a task",
      {
        EventType: "PullComplete",
        PullCompleteEvent: {
          TaskId: "t",
          Status: "FINISH",
          FileId: fileId,
          FileUrl: mediaUrl,
          MediaBasicInfo: basic,
          ProcedureTaskId: "p",
        },
      },
    ],
    ["of several files", { EventType: "FileDeleted", FileDeleteEvent: { FileIdSet: ["1", "2"] } }],
    [
      "of an edit",
      {
        EventType: "EditMediaComplete",
        EditMediaCompleteEvent: { TaskId: "t", Output: { FileId: "1", FileUrl: mediaUrl } },
      },
    ],
    [
      "of 2.0",
      {
        version: "4.0",
        eventType: "NewFileUpload",
        data: {
          fileId,
          fileUrl: mediaUrl,
          sourceType: "ServerUpload",
          sourceContext: "c",
          procedureTaskId: "p",
          vodTaskId: "t",
          status: "x",
          fileInfo: [{ fileId: "1", fileUrl: "u" }],
        },
      },
    ],
    ...tests.flatMap(({ name, body }): [string, Members][] => (isJsonObject(body) ? [[name, body]] : [])),
  ];
}

function taskOf(detail: never): unknown {
  const { detail: _, ...state } = readTask("t", detail);
  return state;
}

function eventOf(body: never): unknown {
  const { raw: _, ...event } = parseEvent(body);
  return event;
}

async function firstEvent(PullEvents: unknown): Promise<unknown> {
  let pulls = 0;
  const stopped = new VodupError("ABORTED" as never, "nothing came");
  const queue = {
    call: async () => {
      pulls += 1;
      if (pulls > 1) throw stopped;
      return PullEvents;
    },
  };
  const { value } = await pullEvents(queue as never, { onError: ignore }).next();
  const { raw: _raw, confirm: _confirm, ...event } = value as Members;
  return event;
}

const pullOf = (answers: Members): Promise<unknown> =>
  pullUpload(api(answers), "https://source.example/a.mp4", { sessionId: "once" });

/** The first page, and then an empty one. */
async function findOf(DescribeTasks: unknown): Promise<unknown> {
  let pages = 0;
  const paged = { call: async () => ((pages += 1) === 1 ? DescribeTasks : { TaskSet: [] }) };
  const found = await findTask(paged as never, {}, ({ TaskId }) => TaskId === "another", {});
  return { found: found?.TaskId, pages };
}

async function subAppOf(answers: Members): Promise<unknown> {
  const { subApps: known, ...found } = await probe(api(answers), true, never);
  const { subApp } = await checkRegions(api(answers), { subAppId: "1", known, wanted: undefined }, never);
  return checked(Promise.resolve({ found, subApp }));
}

/** What doctor says, without the errors themselves. */
async function checked(finding: Promise<object>): Promise<unknown> {
  return JSON.parse(JSON.stringify(await finding, (name, value: unknown) => (name === "error" ? undefined : value)));
}

function opened(body: unknown): unknown {
  openEnvelope("ApplyUpload", "vod.example", {
    status: 200,
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
  });
  return "a success";
}

/** The value, or code, message and fields of the error; a crash is none. */
const outcomeOf =
  (read: Read) =>
  async (answer: unknown): Promise<unknown> => {
    try {
      return await read(answer as never);
    } catch (error) {
      if (!(error instanceof VodupError)) return `crash: ${String(error)}`;
      return [error.code, error.message, Object.entries(error).filter(([name]) => name !== "cause")];
    }
  };

describe("nothing, said in each way", () => {
  test.each(readers)("%s", async (_, answer, read) => {
    const outcome = outcomeOf(read);
    expect(JSON.stringify(await outcome(answer))).not.toContain("crash");
    expect(await differences(nothings(answer), outcome)).toEqual([]);
  });
});

describe("numbers that come as text, and members that nobody knows", () => {
  test.each(readers)("%s", async (name, answer, read) => {
    const outcome = outcomeOf(read);
    // API 2.0's events have states in numbers, which are no text of their own.
    if (!name.startsWith("event ")) expect(await differences(numbersAsText(answer), outcome)).toEqual([]);
    // What is not an answer of the API may be anything: there is nothing to add to.
    if (name !== "an error of the old form") expect(await differences(unknownMembers(answer), outcome)).toEqual([]);
  });
});

test("an event that comes again is known by what it says, however it says nothing", async () => {
  for (const [name, event] of events()) {
    expect(await differences(nothings(event), (raw) => eventIdentity({ raw: raw as Members })), name).toEqual([]);
  }
});
