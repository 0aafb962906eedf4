import { describe, expect, test } from "vitest";
import { VodClient } from "../../src/index.ts";
import { attempt, bench, counts, random, tempFile } from "./support.ts";

/** Everything that is not a function, a number and so on; each field takes what fits to it. */
const invalid = (field: string): object => ({
  code: "ERR_INVALID_ARG_VALUE",
  message: expect.stringMatching(new RegExp(`^${field.replaceAll(".", "\\.")}\\b`)),
});

describe("a bad upload option is refused by name, and nothing is sent", () => {
  const cases: [string, unknown][] = [
    ["mediaType", ""],
    ["mediaType", ".mp4"],
    ["mediaType", "mp4 "],
    ["mediaType", "video/mp4"],
    ["mediaType", "x".repeat(17)],
    ["mediaType", 4],
    ["mediaType", null],
    ["mediaName", ""],
    ["mediaName", 5],
    ["mediaName", null],
    ["coverType", "jpg"],
    ["procedure", ""],
    ["procedure", "  "],
    ["procedure", 1],
    ["expireTime", "tomorrow"],
    ["expireTime", "2030-01-01"],
    ["expireTime", "2030-01-01T00:00:00"],
    ["expireTime", "2030-13-01T00:00:00Z"],
    ["expireTime", "2030-02-30T25:00:00Z"],
    ["expireTime", "2020-01-01T00:00:00Z"],
    ["expireTime", new Date("nonsense")],
    ["expireTime", new Date(0)],
    ["expireTime", 1_900_000_000],
    ["expireTime", null],
    ["storageRegion", ""],
    ["storageRegion", "Singapore!"],
    ["storageRegion", null],
    ["classId", "3"],
    ["classId", 1.5],
    ["classId", Number.NaN],
    ["classId", null],
    ["sourceContext", "x".repeat(251)],
    ["sourceContext", "😀".repeat(251)],
    ["sourceContext", {}],
    ["sourceContext", null],
    ["sessionContext", "x".repeat(1001)],
    ["sessionContext", 5],
    ["extInfo", {}],
    ["extInfo", null],
    ["mediaStoragePath", "a/b.mp4"],
    ["mediaStoragePath", "/a/../b.mp4"],
    ["mediaStoragePath", "/a/./b.mp4"],
    ["mediaStoragePath", "/a/"],
    ["mediaStoragePath", ""],
    ["mediaStoragePath", null],
    ["subAppId", "abc"],
    ["subAppId", 0],
    ["subAppId", -1],
    ["subAppId", 2 ** 53],
    ["subAppId", null],
    ["size", -1],
    ["size", 1.5],
    ["size", "5"],
    ["size", null],
    ["partSize", 0],
    ["partSize", 2 ** 20 - 1],
    ["partSize", 5 * 2 ** 30 + 1],
    ["partSize", 2 ** 20 + 0.5],
    ["partSize", "8MiB"],
    ["partSize", Number.NaN],
    ["partSize", null],
    ["concurrency", 0],
    ["concurrency", 101],
    ["concurrency", 2.5],
    ["concurrency", "4"],
    ["concurrency", null],
    ["signal", {}],
    ["signal", null],
    ["onProgress", "log"],
    ["onCheckpoint", {}],
    ["onWarning", true],
    ["onRetry", 5],
    ["onFailure", "keep"],
    ["onFailure", null],
    ["sessionRefresh", "always"],
    ["sessionRefresh", null],
    ["requireCrc64", "yes"],
    ["requireCrc64", 1],
    ["cover", 5],
    ["cover", null],
    ["cover", ""],
    ["cover", {}],
    ["cover", "https://host.example/cover.jpg"],
  ];

  test("all of them", async () => {
    const { emulator, vod } = await bench();
    for (const [field, value] of cases) {
      const { error } = await attempt(vod, Buffer.from("x"), { [field]: value });
      expect(error, `${field} = ${String(value)}`).toMatchObject(invalid(field));
      expect(error instanceof TypeError || error instanceof RangeError, field).toBe(true);
    }
    expect(counts(emulator)).toEqual({});
  });

  test.each([
    5,
    null,
    undefined,
    {},
    [],
    true,
    10n,
    Symbol("x"),
    () => undefined,
    "",
    "http://host.example/a.mp4",
    new URL("ftp://host.example/a.mp4"),
  ])("a source that is none (%s)", async (source) => {
    const { emulator, vod } = await bench();
    const { error } = await attempt(vod, source as string);
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    expect((error as Error).message).toMatch(/^source\b/);
    expect(counts(emulator)).toEqual({});
  });

  test("what a URL-like string holds is not repeated: it may be signed", async () => {
    const { vod } = await bench();
    const { error } = await attempt(vod, "https://user:hunter2@host.example/a.mp4?sign=5ecret#frag");
    expect((error as Error).message).not.toMatch(/hunter2|5ecret/);
    expect((error as Error).message).toContain("new URL");
  });

  test("a type that nothing tells must be given", async () => {
    const { emulator, vod } = await bench();
    for (const [source, options, field] of [
      [Buffer.from("x"), {}, "mediaType"],
      [await tempFile(random(5), "noextension"), {}, "mediaType"],
      [await tempFile(random(5), "a.txt"), {}, "mediaType"],
      [await tempFile(random(5), ".mp4"), {}, "mediaType"],
      [Buffer.from("x"), { mediaType: "mp4", cover: Buffer.from("y") }, "coverType"],
      [Buffer.from("x"), { mediaType: "mp4", cover: await tempFile(random(5), "cover.mp4") }, "coverType"],
    ] as const) {
      const error: unknown = await vod.upload(source, options).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(invalid(field));
    }
    expect(counts(emulator)).toEqual({});
  });

  test("an aborted signal comes after bad options and before everything else", async () => {
    const { emulator, vod } = await bench();
    const signal = AbortSignal.abort("gone");
    expect((await attempt(vod, "/does/not/exist.mp4", { signal })).error).toBe("gone");
    expect((await attempt(vod, Buffer.from("x"), { signal })).error).toBe("gone");
    expect((await attempt(vod, Buffer.from("x"), { signal, classId: 0.5 })).error).toMatchObject(invalid("classId"));
    expect(counts(emulator)).toEqual({});
  });
});

describe("what is at the edge is taken", () => {
  test("and arrives as it was given", async () => {
    const { emulator, vod } = await bench();
    const future = new Date(Date.now() + 86_400_000);
    const { error } = await attempt(vod, Buffer.from("x"), {
      mediaType: "MP4",
      mediaName: "名前 'quoted' \\ 😀\n",
      procedure: "LongVideoPreset",
      expireTime: future,
      storageRegion: "ap-chongqing",
      classId: 0,
      sourceContext: "😀".repeat(250),
      sessionContext: "ü".repeat(1_000),
      extInfo: "",
      mediaStoragePath: "/dir/名 前.mp4",
      subAppId: "1500000009",
      partSize: 5 * 2 ** 30,
      concurrency: 100,
      requireCrc64: true,
      onFailure: "keep-parts",
    });
    expect(error).toBeUndefined();
    expect(emulator.media()[0]?.fields).toEqual({
      MediaType: "MP4",
      MediaName: "名前 'quoted' \\ 😀\n",
      Procedure: "LongVideoPreset",
      ExpireTime: future.toISOString().replace(/\.\d+Z$/, "Z"),
      StorageRegion: "ap-chongqing",
      ClassId: 0,
      SourceContext: "😀".repeat(250),
      SessionContext: "ü".repeat(1_000),
      ExtInfo: "",
      MediaStoragePath: "/dir/名 前.mp4",
      SubAppId: 1_500_000_009,
    });
  });

  test("and what is left out stays out", async () => {
    const { emulator, vod } = await bench();
    await attempt(vod, await tempFile(random(5), "My.Holiday.PART 1.MOV"), { mediaType: undefined, cover: undefined });
    expect(emulator.media()[0]?.fields).toEqual({ MediaType: "mov", MediaName: "My.Holiday.PART 1" });
  });

  test("an expireTime in text is passed on as it is", async () => {
    const { emulator, vod } = await bench();
    await attempt(vod, Buffer.from("x"), { expireTime: "2099-12-31T23:59:59+08:00" });
    expect(emulator.media()[0]?.fields).toMatchObject({ ExpireTime: "2099-12-31T23:59:59+08:00" });
  });
});

describe("a bad client option is refused by name", () => {
  const good = { credentials: { secretId: "AKIDx", secretKey: "k" } };

  test.each<[string, object]>([
    ["credentials", { credentials: undefined }],
    ["credentials", { credentials: "AKID" }],
    ["credentials.secretId", { credentials: { secretId: "", secretKey: "k" } }],
    ["credentials.secretKey", { credentials: { secretId: "a", secretKey: "k\n" } }],
    ["credentials.token", { credentials: { secretId: "a", secretKey: "k", token: "" } }],
    ["site", { site: "eu" }],
    ["region", { region: "AP" }],
    ["subAppId", { subAppId: "x" }],
    ["vodEndpoint", { vodEndpoint: "http://example.com" }],
    ["cosEndpoint", { cosEndpoint: "http://{bucket}.example.com" }],
    ["cosEndpoint", { cosEndpoint: "{host}" }],
    ["signedHeaders", { signedHeaders: "none" }],
    ["dispatcher", { dispatcher: 5 }],
    ["concurrency", { concurrency: 0 }],
    ["concurrency", { concurrency: "many" }],
    ["partSize", { partSize: 1_000 }],
    ["memoryBudget", { memoryBudget: 1_000 }],
    ["memoryBudget", { memoryBudget: "256MiB" }],
    ["memoryBudget", { memoryBudget: Infinity }],
    ["retry.attempts", { retry: { attempts: 0 } }],
    ["retry.maxDelayMs", { retry: { maxDelayMs: -1 } }],
    ["limits.connectMs", { limits: { connectMs: 0 } }],
    ["clock", { clock: 5 }],
    ["clock", { clock: new Date() }],
  ])("%s in %j", (field, options) => {
    let thrown: unknown;
    try {
      void new VodClient({ ...good, ...options });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject(invalid(field));
  });

  test("and no secret is shown by that, nor by the client itself", async () => {
    const { inspect } = await import("node:util");
    const secret = "5ecretKeyOfTheAccount";
    const client = new VodClient({ credentials: { secretId: "AKIDx", secretKey: secret, token: "t0kenOfTheAccount" } });
    expect(inspect(client, { depth: 20, showHidden: false }) + JSON.stringify(client)).not.toMatch(/5ecretKey|t0kenOf/);
    await client.close();
  });
});

test("a closed client takes no more work, and closing again is harmless", async () => {
  const { vod } = await bench();
  await vod.close();
  await vod.close();
  expect((await attempt(vod, Buffer.from("x"))).error).toMatchObject({ code: "CLIENT_CLOSED" });
  await expect(vod.call("DescribeSubAppIds", {})).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
});
