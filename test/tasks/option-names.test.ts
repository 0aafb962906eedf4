import { describe, expect, test } from "vitest";
import type {
  DeleteMediaOptions,
  DescribeMediaOptions,
  OpenStorageRegionOptions,
  ProcessOptions,
  PullOptions,
  WaitForProcedureOptions,
  WaitForUploadOptions,
} from "../../src/index.ts";
import { VodClient, fromIni, fromMetadata } from "../../src/index.ts";
import { createListener } from "../../src/events/index.ts";
import { taskOptionNames } from "../../src/tasks/option-names.ts";

type Names = keyof (DeleteMediaOptions &
  DescribeMediaOptions &
  OpenStorageRegionOptions &
  ProcessOptions &
  PullOptions &
  WaitForProcedureOptions &
  WaitForUploadOptions);

describe("the names of options", () => {
  test("are those of the types, which the compiler checks", () => {
    const all: Readonly<Record<Names, true>> = taskOptionNames;
    const none: readonly Exclude<keyof typeof taskOptionNames, Names>[] = [];
    expect(Object.keys(all).length).toBeGreaterThan(20);
    expect(none).toEqual([]);
  });

  test.each<[string, (vod: VodClient, options: never) => Promise<unknown>]>([
    ["pull", (vod, options) => vod.pull("https://a.example/b.mp4", options)],
    ["waitForUpload", (vod, options) => vod.waitForUpload("1", options)],
    ["waitForTask", (vod, options) => vod.waitForTask("1", options)],
    ["waitForProcedure", (vod, options) => vod.waitForProcedure("1", options)],
    ["describeTask", (vod, options) => vod.describeTask("1", options)],
    ["processByProcedure", (vod, options) => vod.processByProcedure("1", "p", options)],
    ["describeMedia", (vod, options) => vod.describeMedia("1", options)],
    ["deleteMedia", (vod, options) => vod.deleteMedia("1", options)],
    ["storageRegions", (vod, options) => vod.storageRegions(options)],
    ["openStorageRegion", (vod, options) => vod.openStorageRegion("ap-seoul", options)],
  ])("%s refuses a misspelt one before anything is sent", async (_, call) => {
    const vod = new VodClient({
      credentials: { secretId: "AKIDx", secretKey: "y" },
      vodEndpoint: "http://127.0.0.1:1",
    });
    await expect(call(vod, { subAppID: 1 } as never)).rejects.toThrow("did you mean subAppId?");
    await vod.close();
  });

  test("of event loops, listeners and credential files are checked too", () => {
    const vod = new VodClient({ credentials: { secretId: "AKIDx", secretKey: "y" } });
    expect(() => vod.pullEvents({ autoconfirm: true } as never)).toThrow("did you mean autoConfirm?");
    const listener = { onEvent: () => undefined, signkey: "x" } as never;
    expect(() => createListener(listener)).toThrow("did you mean signKey?");
    expect(() => fromIni({ profil: "x" } as never)).toThrow("did you mean profile?");
    expect(() => fromMetadata({ limit: 1 } as never)).toThrow("did you mean limitMs?");
  });
});
