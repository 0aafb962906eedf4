import { describe, expect, test } from "vitest";
import { start } from "./support/running.ts";
import { apply, call, codeOf, cos, dig, initiate, part, textAt, upload } from "./support/wire.ts";

describe("ApplyUpload", () => {
  test("answers bucket, paths and a certificate in the documented form", async () => {
    const emulator = await start({ clock: () => 1_750_000_000_500 });
    const response = await call(emulator, "ApplyUpload", { MediaType: "mp4", CoverType: "jpg" });
    expect(response).toEqual({
      StorageBucket: "27470795vodsgp1250000000-10022853",
      StorageRegion: "ap-singapore",
      VodSessionKey: expect.stringMatching(/^[0-9A-Za-z+/]{180,}==$/),
      MediaStoragePath: expect.stringMatching(/^\/[0-9a-f]{8}vod\w+1250000000\/[0-9a-f]{8}\d{19}\/\w+\.mp4$/),
      CoverStoragePath: expect.stringMatching(/^\/[0-9a-f]{8}vod\w+\/[0-9a-f]{8}\d{19}\/\d+\.jpg$/),
      TempCertificate: {
        SecretId: expect.stringMatching(/^AKID\w+$/),
        SecretKey: expect.any(String),
        Token: expect.any(String),
        ExpiredTime: 1_750_007_200,
      },
      RequestId: expect.any(String),
    });
  });

  test("gives no cover path without a cover type", async () => {
    const emulator = await start();
    expect(await call(emulator, "ApplyUpload", { MediaType: "mp4" })).toMatchObject({ CoverStoragePath: null });
  });

  test.each([
    [{ MediaType: "exe" }, "InvalidParameterValue.MediaType"],
    [{ MediaType: "" }, "InvalidParameterValue.MediaType"],
    [{ MediaType: "MP4" }, undefined],
    [{ CoverType: "mp4" }, "InvalidParameterValue.CoverType"],
    [{ ExpireTime: "tomorrow" }, "InvalidParameter.ExpireTime"],
    [{ ExpireTime: "2020-01-01T00:00:00Z" }, "InvalidParameterValue.ExpireTime"],
    [{ ExpireTime: "9999-12-31T23:59:59Z" }, undefined],
    [{ ExpireTime: "2099-01-01T00:00:00+08:00" }, undefined],
    [{ StorageRegion: "ap-moon" }, "FailedOperation"],
    [{ SourceContext: "😀".repeat(250) }, undefined],
    [{ SourceContext: "😀".repeat(251) }, "InvalidParameterValue"],
    [{ SessionContext: "s".repeat(1001) }, "InvalidParameterValue"],
    [{ MediaStoragePath: "no/slash.mp4" }, "InvalidParameterValue.MediaStoragePath"],
    [{ MediaStoragePath: "/a/../b.mp4" }, "InvalidParameterValue.MediaStoragePath"],
    [{ MediaStoragePath: "/a//b.mp4" }, "InvalidParameterValue.MediaStoragePath"],
    [{ MediaStoragePath: "/a/b.mp4" }, undefined],
  ])("with %j answers %s", async (params, code) => {
    const emulator = await start();
    expect(await codeOf(emulator, "ApplyUpload", { MediaType: "mp4", ...params })).toBe(code);
  });

  test("refuses MediaStoragePath when the option says so", async () => {
    const emulator = await start({ mediaStoragePath: false });
    const params = { MediaType: "mp4", MediaStoragePath: "/a/b.mp4" };
    expect(await codeOf(emulator, "ApplyUpload", params)).toBe("InvalidParameterValue.MediaStoragePath");
  });

  test("with a seed gives the same names in every run", async () => {
    const paths = [];
    for (let run = 0; run < 2; run++) paths.push((await apply(await start({ seed: 7 }))).mediaPath);
    expect(paths[0]).toBe(paths[1]);
    expect((await apply(await start({ seed: 8 }))).mediaPath).not.toBe(paths[0]);
  });
});

describe("CommitUpload", () => {
  test("makes the media, with a cover only when one was uploaded", async () => {
    const emulator = await start();
    const session = await apply(emulator, { CoverType: "jpg", MediaName: "Lesson", ClassId: 5 });
    await cos(emulator, session, "PUT", { body: "media" });
    const fileId = /\/[0-9a-f]{8}(\d{19})\//.exec(session.mediaPath)?.[1];
    const bare = await call(emulator, "CommitUpload", { VodSessionKey: session.vodSessionKey });
    expect(bare).toEqual({
      FileId: fileId,
      MediaUrl: `http://1250000000.vod2.myqcloud.com${session.mediaPath}`,
      CoverUrl: "",
      RequestId: expect.any(String),
    });
    expect(emulator.media()).toEqual([
      expect.objectContaining({
        fileId,
        key: session.mediaPath.slice(1),
        coverKey: undefined,
        fields: expect.objectContaining({ ClassId: 5 }),
      }),
    ]);

    const covered = await apply(emulator, { CoverType: "jpg" });
    await cos(emulator, covered, "PUT", { body: "media" });
    await cos(emulator, covered, "PUT", { path: covered.coverPath ?? "", body: "cover" });
    const second = await call(emulator, "CommitUpload", { VodSessionKey: covered.vodSessionKey });
    expect(second["CoverUrl"]).toBe(`http://1250000000.vod2.myqcloud.com${covered.coverPath}`);
  });

  test("needs the object: an unfinished multipart upload is none", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const commit = { VodSessionKey: session.vodSessionKey };
    expect(await codeOf(emulator, "CommitUpload", commit)).toBe("ResourceNotFound");
    await part(emulator, session, await initiate(emulator, session), 1, "x");
    expect(await codeOf(emulator, "CommitUpload", commit)).toBe("ResourceNotFound");
    await cos(emulator, session, "PUT", { body: "" });
    expect(await codeOf(emulator, "CommitUpload", commit)).toBeUndefined();
  });

  test("knows its sessions and their sub-apps", async () => {
    const emulator = await start();
    const session = await apply(emulator, { SubAppId: 1_500_000_009 });
    await cos(emulator, session, "PUT", { body: "x" });
    const commit = { VodSessionKey: session.vodSessionKey };
    expect(await codeOf(emulator, "CommitUpload", { VodSessionKey: "bm9uZQ==" })).toBe(
      "InvalidParameterValue.VodSessionKey",
    );
    expect(await codeOf(emulator, "CommitUpload", commit)).toBe("InvalidParameterValue.SubAppId");
    expect(await codeOf(emulator, "CommitUpload", { ...commit, SubAppId: 1_500_000_009 })).toBeUndefined();
  });

  test.each([
    [undefined, undefined],
    ["unknown-session", "InvalidParameterValue.VodSessionKey"],
    ["resource-not-found", "ResourceNotFound"],
  ] as const)("a second time answers by the option %s", async (secondCommit, code) => {
    const emulator = await start({ secondCommit });
    const session = await apply(emulator);
    await cos(emulator, session, "PUT", { body: "x" });
    const commit = { VodSessionKey: session.vodSessionKey };
    const first = await call(emulator, "CommitUpload", commit);
    const second = await call(emulator, "CommitUpload", commit);
    if (code === undefined) expect(second["FileId"]).toBe(first["FileId"]);
    else expect(dig(second, "Error", "Code")).toBe(code);
    expect(emulator.media()).toHaveLength(1);
  });

  test("of HLS counts all segments and not the cover", async () => {
    const emulator = await start();
    const session = await apply(emulator, { MediaType: "m3u8", CoverType: "jpg" });
    const folder = session.mediaPath.slice(0, session.mediaPath.lastIndexOf("/"));
    for (const [path, body] of [
      [session.mediaPath, "#EXTM3U"],
      [`${folder}/1.ts`, "12345"],
      [`${folder}/low/2.ts`, "1234567890"],
      [session.coverPath ?? "", "cover"],
    ] as const) {
      await cos(emulator, session, "PUT", { path, body });
    }
    const { FileId } = await call(emulator, "CommitUpload", { VodSessionKey: session.vodSessionKey });
    const info = await call(emulator, "DescribeMediaInfos", { FileIds: [FileId ?? ""] });
    expect(dig(info, "MediaInfoSet", 0, "MetaData", "Size")).toBe(7 + 5 + 10);
    expect(await codeOf(emulator, "DeleteMedia", { FileId: FileId ?? "" })).toBeUndefined();
    expect(await emulator.objects()).toEqual(new Map());
  });
});

describe("a session's renewal", () => {
  test("keeps bucket, region and keys and gives a new certificate; the old one lives on until its end", async () => {
    const emulator = await start({ certificateLifeSeconds: 100 });
    const first = await apply(emulator);
    emulator.advanceClock(60_000);
    const second = await apply(emulator, { VodSessionKey: first.vodSessionKey });
    expect(second).toMatchObject({
      bucket: first.bucket,
      mediaPath: first.mediaPath,
      vodSessionKey: first.vodSessionKey,
    });
    expect(second.expiredTime - first.expiredTime).toBeGreaterThanOrEqual(60);
    expect(second.secretId).not.toBe(first.secretId);
    expect((await cos(emulator, first, "PUT", { body: "x" })).status).toBe(200);
    emulator.advanceClock(60_000);
    expect((await cos(emulator, first, "PUT", { body: "x" })).status).toBe(400);
    expect((await cos(emulator, second, "PUT", { body: "x" })).status).toBe(200);
  });

  test("can be unknown to the API, or open another session", async () => {
    const strict = await start({ sessionRefresh: "unknown-parameter" });
    const { vodSessionKey } = await apply(strict);
    const params = { MediaType: "mp4", VodSessionKey: vodSessionKey };
    expect(await codeOf(strict, "ApplyUpload", params)).toBe("UnknownParameter");

    const other = await start({ sessionRefresh: "new-session" });
    const first = await apply(other);
    expect((await apply(other, { VodSessionKey: first.vodSessionKey })).mediaPath).not.toBe(first.mediaPath);
  });

  test("is refused for a key that is none, and after the commit", async () => {
    const emulator = await start();
    const params = { MediaType: "mp4", VodSessionKey: "bm9uZQ==" };
    expect(await codeOf(emulator, "ApplyUpload", params)).toBe("InvalidParameterValue.VodSessionKey");
    const session = await apply(emulator);
    await cos(emulator, session, "PUT", { body: "x" });
    await call(emulator, "CommitUpload", { VodSessionKey: session.vodSessionKey });
    const again = { MediaType: "mp4", VodSessionKey: session.vodSessionKey };
    expect(await codeOf(emulator, "ApplyUpload", again)).toBe("InvalidParameterValue.VodSessionKey");
  });
});

describe("media", () => {
  test("are described by basic information and size, unknown ones are named", async () => {
    const emulator = await start();
    const { FileId } = await upload(emulator, "12345", {
      MediaName: "Lesson",
      SourceContext: "ctx",
      ClassId: 3,
      StorageRegion: "ap-seoul",
    });
    const info = await call(emulator, "DescribeMediaInfos", { FileIds: [FileId ?? "", "1"] });
    expect(info).toMatchObject({
      NotExistFileIdSet: ["1"],
      MediaInfoSet: [
        {
          FileId,
          BasicInfo: {
            Name: "Lesson",
            ClassId: 3,
            StorageRegion: "ap-seoul",
            Category: "Video",
            ExpireTime: "9999-12-31T23:59:59Z",
            SourceInfo: { SourceType: "Upload", SourceContext: "ctx" },
          },
          MetaData: { Size: 5 },
          TranscodeInfo: null,
        },
      ],
    });
    const filtered = await call(emulator, "DescribeMediaInfos", { FileIds: [FileId ?? ""], Filters: ["basicInfo"] });
    expect(dig(filtered, "MediaInfoSet", 0)).toMatchObject({ BasicInfo: { Name: "Lesson" }, MetaData: null });
    expect(await codeOf(emulator, "DescribeMediaInfos", { FileIds: [] })).toBe("InvalidParameterValue.FileIdsEmpty");
    const tooMany = { FileIds: Array.from({ length: 21 }, String) };
    expect(await codeOf(emulator, "DescribeMediaInfos", tooMany)).toBe("InvalidParameterValue.FileIdsOverLimit");
  });

  test("belong to their sub-app", async () => {
    const emulator = await start();
    const { FileId } = await upload(emulator, "x", { SubAppId: 1_500_000_007 });
    const own = await call(emulator, "DescribeMediaInfos", { FileIds: [FileId ?? ""], SubAppId: 1_500_000_007 });
    const other = await call(emulator, "DescribeMediaInfos", { FileIds: [FileId ?? ""] });
    expect([dig(own, "NotExistFileIdSet"), dig(other, "NotExistFileIdSet")]).toEqual([[], [FileId]]);
  });

  test("can be changed", async () => {
    const emulator = await start();
    const { FileId = "" } = await upload(emulator, "x");
    const change = {
      FileId,
      Name: "New",
      Description: "About",
      ClassId: 2,
      AddTags: ["a", "b"],
      CoverData: Buffer.from("picture").toString("base64"),
    };
    const { CoverUrl } = await call(emulator, "ModifyMediaInfo", change);
    await call(emulator, "ModifyMediaInfo", { FileId, DeleteTags: ["a"] });
    const info = await call(emulator, "DescribeMediaInfos", { FileIds: [FileId] });
    expect(dig(info, "MediaInfoSet", 0, "BasicInfo")).toMatchObject({
      Name: "New",
      Description: "About",
      ClassId: 2,
      TagSet: ["b"],
      CoverUrl,
    });
    expect((await emulator.readObject(new URL(textAt(CoverUrl)).pathname)).toString()).toBe("picture");
    for (const wrong of [{ Name: "n".repeat(65) }, { AddTags: ["t".repeat(33)] }, { CoverData: "no base64!" }]) {
      expect(await codeOf(emulator, "ModifyMediaInfo", { FileId, ...wrong })).toBe("InvalidParameterValue");
    }
  });

  test("can be deleted, whole or the original file only", async () => {
    const emulator = await start();
    const { FileId = "" } = await upload(emulator, "x");
    await call(emulator, "DeleteMedia", { FileId, DeleteParts: [{ Type: "OriginalFiles" }] });
    expect([(await emulator.objects()).size, emulator.media().length]).toEqual([0, 1]);
    await call(emulator, "DeleteMedia", { FileId });
    expect(emulator.media()).toEqual([]);
    expect(await codeOf(emulator, "DeleteMedia", { FileId })).toBe("ResourceNotFound");
  });
});

describe("storage regions and sub-apps", () => {
  test("a region that is not open refuses uploads until it is opened", async () => {
    const emulator = await start();
    const params = { MediaType: "mp4", StorageRegion: "ap-tokyo" };
    const tokyo = async () => {
      const list = await call(emulator, "DescribeStorageRegions");
      const regions = dig(list, "StorageRegionInfos") as { Region: string }[];
      return regions.find((one) => one.Region === "ap-tokyo");
    };
    expect(await tokyo()).toEqual({
      Region: "ap-tokyo",
      Description: "Tokyo",
      Status: "unopened",
      IsDefault: false,
      Area: "Outside Chinese Mainland",
    });
    expect(await codeOf(emulator, "ApplyUpload", params)).toBe("FailedOperation");
    await call(emulator, "CreateStorageRegion", { StorageRegion: "ap-tokyo" });
    expect(await tokyo()).toMatchObject({ Status: "opened" });
    expect(await codeOf(emulator, "ApplyUpload", params)).toBeUndefined();
    expect(await codeOf(emulator, "CreateStorageRegion", { StorageRegion: "ap-moon" })).toBe("InvalidParameterValue");
  });

  test("sub-apps are made, named and listed in pages", async () => {
    const emulator = await start({ subAppIds: [] });
    const { SubAppId } = await call(emulator, "CreateSubAppId", {
      Name: "Second",
      Tags: [{ TagKey: "k", TagValue: "v" }],
    });
    expect(await codeOf(emulator, "DescribeEventsState", { SubAppId: SubAppId ?? 0 })).toBeUndefined();
    const all = await call(emulator, "DescribeSubAppIds");
    expect(all).toMatchObject({
      TotalCount: 2,
      SubAppIdInfoSet: [{ SubAppId: 1_500_000_001 }, { SubAppId, Name: "Second", Status: "On" }],
    });
    const byName = await call(emulator, "DescribeSubAppIds", { Name: "Second" });
    const byTag = await call(emulator, "DescribeSubAppIds", { Tags: [{ TagKey: "k", TagValue: "v" }] });
    const page = await call(emulator, "DescribeSubAppIds", { Offset: 1, Limit: 1 });
    for (const one of [byName, byTag, page]) expect(dig(one, "SubAppIdInfoSet", 0, "SubAppId")).toBe(SubAppId);
  });
});
