import { describe, expect, test } from "vitest";
import { answer, scene } from "./support.ts";

describe("media", () => {
  test("is described with the sections asked for, deleted, and then there is none", async () => {
    const { vod, upload, requests } = await scene();
    const fileId = await upload();
    expect(await vod.describeMedia(fileId)).toMatchObject({ FileId: fileId, BasicInfo: { Type: "mp4" } });
    expect(await vod.describeMedia(fileId, { filters: ["metaData"] })).toMatchObject({ BasicInfo: null });
    await vod.deleteMedia(fileId, { parts: [{ Type: "TranscodeFiles", Definition: 0 }] });
    expect(await vod.describeMedia(fileId)).toBeDefined();
    await vod.deleteMedia(fileId);
    expect(await vod.describeMedia(fileId)).toBeUndefined();
    expect(requests("DeleteMedia").map(({ json }) => json)).toEqual([
      { FileId: fileId, DeleteParts: [{ Type: "TranscodeFiles", Definition: 0 }] },
      { FileId: fileId },
    ]);
  });

  test("of another sub-app is asked for there", async () => {
    const { vod, upload } = await scene();
    const fileId = await upload({ subAppId: 1_500_000_777 });
    expect(await vod.describeMedia(fileId)).toBeUndefined();
    expect(await vod.describeMedia(fileId, { subAppId: 1_500_000_777 })).toBeDefined();
  });

  test("that does not exist cannot be deleted", async () => {
    const { vod } = await scene();
    await expect(vod.deleteMedia("1")).rejects.toMatchObject({ apiCode: "ResourceNotFound" });
    await expect(vod.deleteMedia("")).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
  });
});

describe("processByProcedure", () => {
  test("every option reaches the service under its wire name", async () => {
    const { vod, upload, requests } = await scene();
    await vod.call("CreateProcedureTemplate", { Name: "flow", MediaProcessTask: {} });
    const fileId = await upload();
    const started = await vod.processByProcedure(fileId, "flow", {
      tasksPriority: 10,
      tasksNotifyMode: "Change",
      sessionContext: "session",
      sessionId: "once",
    });
    expect(started).toMatchObject({ sessionId: "once", duplicate: false, reviewTaskId: undefined });
    expect(requests("ProcessMediaByProcedure")[0]?.json).toEqual({
      FileId: fileId,
      ProcedureName: "flow",
      TasksPriority: 10,
      TasksNotifyMode: "Change",
      SessionContext: "session",
      SessionId: "once",
    });
    // The same again is the same run.
    expect(await vod.processByProcedure(fileId, "flow", { sessionId: "once" })).toMatchObject({
      taskId: started.taskId,
      duplicate: true,
    });
  });

  test("a lost answer starts nothing twice", async () => {
    const { vod, upload } = await scene({
      faults: [{ operation: "ProcessMediaByProcedure", nth: 1, fault: { kind: "reset-after-effect" } }],
    });
    await vod.call("CreateProcedureTemplate", { Name: "flow", MediaProcessTask: {} });
    const fileId = await upload();
    const { taskId, duplicate } = await vod.processByProcedure(fileId, "flow");
    expect(duplicate).toBe(true);
    const { TaskSet } = await vod.call("DescribeTasks", { FileId: fileId });
    expect(TaskSet.map(({ TaskId }) => TaskId)).toEqual([taskId]);
  });

  test("takes a media by its path", async () => {
    const { vod, upload, requests } = await scene();
    await vod.call("CreateProcedureTemplate", { Name: "flow", MediaProcessTask: {} });
    await upload({ mediaStoragePath: "/lessons/1.mp4" });
    await vod.processByProcedure({ mediaStoragePath: "/lessons/1.mp4" }, "flow");
    expect(requests("ProcessMediaByProcedure")[0]?.json).toMatchObject({ MediaStoragePath: "/lessons/1.mp4" });
  });

  test("tells the review that was started beside it", async () => {
    const both = answer({ TaskId: "t", ReviewAudioVideoTaskId: "r" });
    const { vod } = await scene({ faults: [{ operation: "ProcessMediaByProcedure", fault: both }] });
    expect(await vod.processByProcedure("1", "flow")).toMatchObject({ taskId: "t", reviewTaskId: "r" });
  });

  test("an unknown template is the service's error with a hint", async () => {
    const { vod, upload } = await scene();
    await expect(vod.processByProcedure(await upload(), "nothing")).rejects.toMatchObject({
      apiCode: "InvalidParameterValue.ProcedureName",
      hint: expect.stringContaining("DescribeProcedureTemplates"),
    });
  });

  test.each<[string, unknown, string, object]>([
    ["target", "", "flow", {}],
    ["target.mediaStoragePath", {}, "flow", {}],
    ["procedureName", "1", "", {}],
    ["tasksNotifyMode", "1", "flow", { tasksNotifyMode: "Always" }],
    ["tasksPriority", "1", "flow", { tasksPriority: 0.5 }],
    ["sessionContext", "1", "flow", { sessionContext: "x".repeat(1001) }],
    ["sessionId", "1", "flow", { sessionId: "x".repeat(51) }],
  ])("a wrong %s is refused before anything is sent", async (field, target, name, options) => {
    const { vod, emulator } = await scene();
    await expect(vod.processByProcedure(target as string, name, options)).rejects.toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      message: expect.stringMatching(`^${field}: `),
    });
    expect(emulator.requests()).toEqual([]);
  });
});

describe("storage regions", () => {
  test("are listed, opened or not", async () => {
    const { vod } = await scene({ openRegions: [] });
    const regions = await vod.storageRegions();
    expect(regions.filter(({ opened }) => opened)).toEqual([
      {
        region: "ap-singapore",
        description: "Singapore",
        opened: true,
        isDefault: true,
        area: "Outside Chinese Mainland",
      },
    ]);
    expect(regions).toContainEqual(expect.objectContaining({ region: "ap-chongqing", opened: false }));
  });

  test("an unopened one refuses uploads until it is opened; one that is open is left alone", async () => {
    const { vod, upload, requests } = await scene({ openRegions: [] });
    await expect(upload({ storageRegion: "ap-seoul" })).rejects.toMatchObject({
      hint: expect.stringContaining("CreateStorageRegion"),
    });
    expect(await vod.openStorageRegion("ap-seoul")).toBe(true);
    expect(await vod.openStorageRegion("ap-seoul")).toBe(false);
    expect(requests("CreateStorageRegion")).toHaveLength(1);
    const media = await vod.waitForUpload(await upload({ storageRegion: "ap-seoul" }));
    expect(media.media.BasicInfo?.StorageRegion).toBe("ap-seoul");
  });

  test("opening takes minutes: it is waited for, or not", async () => {
    const { vod, emulator, requests } = await scene({ openRegions: [] });
    const info = { Region: "ap-seoul", Description: "", Status: "unopened", IsDefault: false, Area: "" };
    emulator.setFaults([
      { operation: "DescribeStorageRegions", times: 3, fault: answer({ StorageRegionInfos: [info] }) },
    ]);
    expect(await vod.openStorageRegion("ap-seoul", { pollMs: 10 })).toBe(true);
    expect(requests("DescribeStorageRegions")).toHaveLength(4);
    expect(await vod.openStorageRegion("ap-tokyo", { wait: false })).toBe(true);
    expect(requests("DescribeStorageRegions")).toHaveLength(5);
  });

  test("one that does not exist is refused with those that do, and nothing is opened", async () => {
    const { vod, requests } = await scene();
    await expect(vod.openStorageRegion("ap-nowhere")).rejects.toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      message: expect.stringContaining("ap-singapore"),
    });
    expect(requests("CreateStorageRegion")).toEqual([]);
  });
});
