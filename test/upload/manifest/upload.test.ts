import type { ProgressEvent, Warning } from "../../../src/index.ts";
import type { LoggedRequest } from "../../../src/emulator/index.ts";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, mkdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { VodupError } from "../../../src/index.ts";
import { crc64 } from "../../../src/cos/index.ts";
import { expected, media, newFolder, operations, playlist, service, sha256, stored, tree } from "../support/trees.ts";

const hls = join(import.meta.dirname, "../../../fixtures/media/hls");
const hlsFiles = ["180p.m3u8", "segments/000.ts", "segments/001.ts", "segments/002.ts"];
const cover = join(import.meta.dirname, "../../../fixtures/media/cover.jpg");

async function failure(work: Promise<unknown>): Promise<VodupError> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(VodupError);
  return error as VodupError;
}

describe("a tree of a master, a variant and its segments", () => {
  test("arrives whole, in an order in which no manifest is there before its files, and is committed once", async () => {
    const { emulator, vod } = await service();
    const warnings: Warning[] = [];
    const { fileId, transfer, coverUrl } = await vod.upload(join(hls, "master.m3u8"), {
      cover,
      onWarning: (warning) => warnings.push(warning),
    });
    expect(await stored(emulator, fileId)).toMatchObject(await expected(hls, "master.m3u8", hlsFiles));
    expect(coverUrl).toMatch(/\.jpg$/);
    expect(warnings).toEqual([]);
    const manifest = readFileSync(join(hls, "master.m3u8"));
    expect(transfer).toMatchObject({ bytes: 108_781, parts: 1, crc64: String(crc64(manifest)), verified: "crc64" });

    const sent = operations(emulator);
    const mediaName = emulator.media()[0]?.key.split("/").at(-1) ?? "";
    expect(sent.slice(0, 3)).toEqual(["ParseStreamingManifest", "ParseStreamingManifest", "ApplyUpload"]);
    expect(sent.slice(3, 6).sort()).toEqual(["PutObject 000.ts", "PutObject 001.ts", "PutObject 002.ts"]);
    expect(sent.slice(6, 8)).toEqual(["PutObject 180p.m3u8", `PutObject ${mediaName}`]);
    expect(sent.slice(8)).toEqual([expect.stringMatching(/^PutObject .*\.jpg$/), "CommitUpload"]);
    expect(emulator.media()[0]?.fields).toMatchObject({ MediaType: "m3u8", MediaName: "master" });
    const types = [...(await emulator.objects()).values()].map(({ headers }) => headers["content-type"]);
    const playlists = ["application/vnd.apple.mpegurl", "application/vnd.apple.mpegurl"];
    expect(types.sort()).toEqual([...playlists, "image/jpeg", "video/mp2t", "video/mp2t", "video/mp2t"]);
  });

  test("its manifests are read here alone when asked for", async () => {
    const { emulator, vod } = await service();
    const { fileId } = await vod.upload(join(hls, "master.m3u8"), { offlineManifest: true });
    expect(await stored(emulator, fileId)).toEqual(await expected(hls, "master.m3u8", hlsFiles));
    expect(operations(emulator)).not.toContain("ParseStreamingManifest");
  });

  test("plan asks nobody and names every object in the order of sending", async () => {
    const { emulator, vod } = await service();
    const plan = await vod.plan(join(hls, "master.m3u8"), { cover });
    expect(plan.objects.map(({ file }) => relative(hls, file))).toEqual(
      "segments/000.ts segments/001.ts segments/002.ts 180p.m3u8 master.m3u8 ../cover.jpg".split(" "),
    );
    expect(emulator.requests()).toEqual([]);
  });
});

describe("keys do not depend on how the path is written", () => {
  test("bare, ./, absolute, file: URL, by way of .., through a link, with blanks in names", async () => {
    const { emulator, vod } = await service();
    const root = await newFolder();
    const folder = join(root, " a tree ");
    await cp(hls, folder, { recursive: true });
    await rename(join(folder, "master.m3u8"), join(folder, " master .m3u8"));
    await symlink(folder, join(root, "link"));
    const manifest = join(folder, " master .m3u8");
    const before = process.cwd();
    const upload = async (cwd: string, source: string | URL): Promise<Record<string, string>> => {
      process.chdir(cwd);
      try {
        const { fileId } = await vod.upload(source);
        return await stored(emulator, fileId);
      } finally {
        process.chdir(before);
      }
    };
    const spellings: [string, string | URL][] = [
      [folder, " master .m3u8"],
      [folder, "./ master .m3u8"],
      [root, " a tree / master .m3u8"],
      [root, "./ a tree //./ master .m3u8"],
      [join(folder, "segments"), "../ master .m3u8"],
      ["/", manifest],
      ["/", `${folder}/segments/../ master .m3u8`],
      ["/", pathToFileURL(manifest)],
      ["/", new URL("./segments/../ master .m3u8".replaceAll(" ", "%20"), pathToFileURL(`${folder}/`))],
      [root, "link/ master .m3u8"],
    ];
    const wanted = await expected(folder, " master .m3u8", hlsFiles);
    for (const [cwd, source] of spellings) expect(await upload(cwd, source), String(source)).toEqual(wanted);
    expect(emulator.media()).toHaveLength(spellings.length);
  });

  test("a media storage path that was asked for", async () => {
    const { emulator, vod } = await service();
    const { fileId } = await vod.upload(join(hls, "180p.m3u8"), { mediaStoragePath: "/courses/1/index.m3u8" });
    const { key } = emulator.media().find((entry) => entry.fileId === fileId) ?? { key: "" };
    expect(key).toBe("courses/1/index.m3u8");
    expect(await stored(emulator, fileId)).toEqual(await expected(hls, "180p.m3u8", hlsFiles.slice(1)));
  });

  test("names in any script arrive as a player will ask for them", async () => {
    const { emulator, vod } = await service();
    const root = await tree({
      "목록.M3U8": playlist("#EXTINF:2,", "%EC%98%81%EC%83%81 1.ts?v=1", "视频/a+b.ts", "100%25.ts"),
      "영상 1.ts": "1",
      "视频/a+b.ts": "2",
      "100%.ts": "3",
    });
    const { fileId } = await vod.upload(join(root, "목록.M3U8"));
    const files = ["영상 1.ts", "视频/a+b.ts", "100%.ts"];
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "목록.M3U8", files));
    expect(emulator.media()[0]?.fields).toMatchObject({ MediaType: "m3u8", MediaName: "목록" });
  });
});

describe("what counts as a manifest", () => {
  test("a path by its given type, whatever its name", async () => {
    const { emulator, vod } = await service();
    const root = await tree({ index: media("1.ts"), "1.ts": "1" });
    const { fileId } = await vod.upload(join(root, "index"), { mediaType: "M3U8" });
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "index", ["1.ts"]));
    expect(emulator.media()[0]?.fields).toMatchObject({ MediaType: "M3U8" });
  });

  test.each([
    ["bytes", (text: string) => new TextEncoder().encode(text)],
    ["a Blob", (text: string) => new Blob([text])],
    ["a stream", (text: string) => Readable.from([Buffer.from(text)])],
  ])("%s are sent alone: they have no folder", async (_kind, source) => {
    const { emulator, vod } = await service();
    const text = media("1.ts");
    const { fileId, transfer } = await vod.upload(source(text), { mediaType: "m3u8" });
    expect(await stored(emulator, fileId)).toEqual({ "(manifest)": sha256(Buffer.from(text)) });
    expect(transfer.bytes).toBe(text.length);
    expect(operations(emulator)).not.toContain("ParseStreamingManifest");
  });

  test("offlineManifest is a boolean", async () => {
    const { vod } = await service();
    await expect(vod.upload("a.m3u8", { offlineManifest: "yes" as never })).rejects.toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
    });
  });
});

describe("DASH", () => {
  const mpd = `<MPD mediaPresentationDuration="PT4S"><Period><AdaptationSet>
    <SegmentTemplate duration="2" initialization="$RepresentationID$/i.mp4" media="$RepresentationID$/$Number%03d$.m4s"/>
    <Representation id="v" bandwidth="1"/></AdaptationSet></Period></MPD>`;

  test.each([false, true])("a tree with a template, read here alone: %s", async (offlineManifest) => {
    const { emulator, vod } = await service();
    const root = await tree({ "a.mpd": mpd, "v/i.mp4": "i", "v/001.m4s": "1", "v/002.m4s": "2" });
    const { fileId } = await vod.upload(join(root, "a.mpd"), { offlineManifest });
    expect(await stored(emulator, fileId)).toEqual(
      await expected(root, "a.mpd", ["v/i.mp4", "v/001.m4s", "v/002.m4s"]),
    );
    const asked = emulator.requests().filter(({ operation }) => operation === "ParseStreamingManifest");
    expect(asked.map(({ json }) => json?.["ManifestType"])).toEqual(offlineManifest ? [] : ["mpd"]);
    expect(emulator.media()[0]?.fields).toMatchObject({ MediaType: "mpd" });
  });
});

describe("the service and the local reader", () => {
  const answer = (...names: string[]) => ({
    operation: "ParseStreamingManifest",
    fault: {
      kind: "answer" as const,
      status: 200,
      body: JSON.stringify({ Response: { MediaSegmentSet: names, RequestId: "r" } }),
    },
  });

  test("both lists are uploaded, and a warning tells the difference", async () => {
    const { emulator, vod } = await service({ faults: [answer("1.ts", "3.ts")] });
    const root = await tree({ "a.m3u8": media("1.ts", "2.ts"), "1.ts": "1", "2.ts": "2", "3.ts": "3" });
    const warnings: Warning[] = [];
    const { fileId } = await vod.upload(join(root, "a.m3u8"), { onWarning: (warning) => warnings.push(warning) });
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", ["1.ts", "2.ts", "3.ts"]));
    expect(warnings).toEqual([
      {
        code: "MANIFEST_DIFFERENCE",
        message: 'a.m3u8: only the service names "3.ts", only the local reader names "2.ts"; all of them are uploaded',
      },
    ]);
  });

  test("names as they stand in the manifest and decoded ones are the same file", async () => {
    const { emulator, vod } = await service({ faults: [answer("a b.ts", "c%2520d.ts")] });
    const root = await tree({ "a.m3u8": media("a%20b.ts", "c%2520d.ts"), "a b.ts": "1", "c%20d.ts": "2" });
    const warnings: Warning[] = [];
    const { fileId } = await vod.upload(join(root, "a.m3u8"), { onWarning: (warning) => warnings.push(warning) });
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", ["a b.ts", "c%20d.ts"]));
    expect(warnings).toEqual([]);
  });

  test("manifests that only the service names are read too", async () => {
    const only = { ...answer("low.m3u8"), nth: 1 };
    const { emulator, vod } = await service({ faults: [only] });
    const root = await tree({ "a.m3u8": playlist(), "low.m3u8": media("1.ts"), "1.ts": "1" });
    const { fileId } = await vod.upload(join(root, "a.m3u8"));
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", ["low.m3u8", "1.ts"]));
  });

  test.each(["../1.ts", "/etc/passwd", "https://cdn.example/1.ts", "%2e%2e/1.ts", "a\\1.ts"])(
    "what the service names is trusted no more than the manifest: %s",
    async (name) => {
      const { emulator, vod } = await service({ faults: [answer("1.ts", name)] });
      const root = await tree({ "t/a.m3u8": media("1.ts"), "t/1.ts": "1", "1.ts": "" });
      const error = await failure(vod.upload(join(root, "t/a.m3u8")));
      expect(error).toMatchObject({
        code: "MANIFEST_INVALID",
        problems: [expect.stringContaining("only the service")],
      });
      expect(operations(emulator)).toEqual(["ParseStreamingManifest"]);
    },
  );

  test.each([
    ".ssh/id_rsa",
    ".env",
    "server.key",
    "keys/tls.pem",
    "notes",
    ".hidden/1.ts",
    "backup.sql",
    ".ts",
    "d%2f.env",
  ])("what only the service names is refused unless it is called like a segment: %s", async (name) => {
    for (const manifest of ["a.m3u8", "a.mpd"]) {
      const { emulator, vod } = await service({ faults: [answer("1.ts", name)] });
      const root = await tree({
        "a.m3u8": media("1.ts"),
        // Beyond the local reader, so that only the service says what belongs to it.
        "a.mpd": '<MPD><Period href="https://x/p"/></MPD>',
        "1.ts": "1",
        [decodeURIComponent(name)]: "secret",
      });
      const error = await failure(vod.upload(join(root, manifest)));
      expect(error).toMatchObject({
        code: "MANIFEST_INVALID",
        problems: [
          expect.stringMatching(/which only the service names \(offlineManifest leaves it out\), has not the/),
        ],
      });
      expect(operations(emulator)).toEqual(["ParseStreamingManifest"]);
      const local = await vod.upload(join(root, "a.m3u8"), { offlineManifest: true });
      expect(await stored(emulator, local.fileId)).toEqual(await expected(root, "a.m3u8", ["1.ts"]));
    }
  });

  test("a key or a hidden file that the manifest itself names is what it asks for", async () => {
    const { emulator, vod } = await service({ faults: [answer("k.key", ".hidden/1.ts")] });
    const text = playlist('#EXT-X-KEY:METHOD=AES-128,URI="k.key"', ".hidden/1.ts");
    const root = await tree({ "a.m3u8": text, "k.key": "k", ".hidden/1.ts": "1" });
    const { fileId } = await vod.upload(join(root, "a.m3u8"));
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", ["k.key", ".hidden/1.ts"]));
  });

  test("a DASH manifest that only the service understands", async () => {
    const { emulator, vod } = await service({ faults: [answer("1.m4s")] });
    const root = await tree({ "a.mpd": '<MPD><Period href="https://x/p"/></MPD>', "1.m4s": "1" });
    const warnings: Warning[] = [];
    const { fileId } = await vod.upload(join(root, "a.mpd"), { onWarning: (warning) => warnings.push(warning) });
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.mpd", ["1.m4s"]));
    expect(warnings).toMatchObject([{ code: "MANIFEST_DIFFERENCE" }]);
    const error = await failure(vod.upload(join(root, "a.mpd"), { offlineManifest: true }));
    expect(error).toMatchObject({ code: "MANIFEST_INVALID" });
  });

  test("its refusal of a manifest is a problem like any other", async () => {
    const body = {
      Response: { Error: { Code: "InvalidParameterValue.MediaManifestContent", Message: "no" }, RequestId: "r" },
    };
    const fault = { kind: "answer" as const, status: 200, body: JSON.stringify(body) };
    const { emulator, vod } = await service({ faults: [{ operation: "ParseStreamingManifest", fault }] });
    const error = await failure(vod.upload(join(hls, "master.m3u8")));
    expect(error).toMatchObject({ code: "MANIFEST_INVALID" });
    expect((error as unknown as { problems: string[] }).problems).toEqual([
      expect.stringMatching(/^master\.m3u8: the service refuses it: .*no/),
      expect.stringMatching(/^180p\.m3u8: the service refuses it: .*no/),
    ]);
    expect(operations(emulator)).not.toContain("ApplyUpload");
  });

  test("its passing faults are retried and counted, its refusal of the caller is reported as it is", async () => {
    const busy = { operation: "ParseStreamingManifest", times: 2, fault: { kind: "reset-before" as const } };
    const { vod } = await service({ faults: [busy] });
    const retried: string[] = [];
    const { transfer } = await vod.upload(join(hls, "master.m3u8"), {
      onRetry: ({ operation }) => retried.push(operation),
    });
    expect(retried).toEqual(["ParseStreamingManifest", "ParseStreamingManifest"]);
    expect(transfer.retries).toBe(2);

    const stranger = await service({}, { credentials: { secretId: "AKIDnobody", secretKey: "x" } });
    expect(await failure(stranger.vod.upload(join(hls, "master.m3u8")))).toMatchObject({
      code: "VOD_API",
      stage: "apply",
    });
  });
});

describe("many files", () => {
  test("each is sent once, several at a time and never more than allowed, with one progress over all", async () => {
    const { emulator, vod } = await service({ faults: [{ operation: "PutObject", fault: { kind: "delay", ms: 15 } }] });
    const names = Array.from({ length: 40 }, (_none, index) => `s/${index}.ts`);
    const root = await tree({
      "a.m3u8": playlist("v.m3u8", "v.m3u8"),
      "v.m3u8": media(...names, ...names),
      ...Object.fromEntries(names.map((name, index) => [name, randomBytes(1_000 + index)])),
    });
    const events: ProgressEvent[] = [];
    const { fileId, transfer } = await vod.upload(join(root, "a.m3u8"), {
      concurrency: 4,
      onProgress: (event) => events.push(event),
    });
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", [...names, "v.m3u8"]));
    const puts = emulator.requests().filter(({ operation }) => operation === "PutObject");
    expect(puts).toHaveLength(42);
    const most = Math.max(...puts.map((one) => puts.filter((other) => overlap(one, other)).length));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);

    const total = transfer.bytes;
    const last = events.at(-1);
    expect(last).toMatchObject({ phase: "done", sentBytes: total, totalBytes: total, parts: { done: 42, total: 42 } });
    const moving = events.filter(({ phase }) => phase === "transfer");
    expect(new Set(moving.map(({ totalBytes }) => totalBytes))).toEqual(new Set([total]));
    const sent = events.map(({ sentBytes }) => sentBytes);
    expect(sent).toEqual([...sent].sort((a, b) => a - b));
    expect(new Set(moving.map(({ file }) => file)).size).toBe(42);
  });

  function overlap(one: LoggedRequest, other: LoggedRequest): boolean {
    return other.time <= one.time && one.time < other.time + (other.durationMs ?? 0);
  }

  test("large ones go in parts, by the same limit", async () => {
    const { emulator, vod } = await service();
    const root = await tree({
      "a.m3u8": media("1.ts", "2.ts"),
      "1.ts": randomBytes(3_500_000),
      "2.ts": randomBytes(9),
    });
    const { fileId, transfer } = await vod.upload(join(root, "a.m3u8"), { partSize: 2 ** 20 });
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", ["1.ts", "2.ts"]));
    expect(operations(emulator).filter((name) => name === "UploadPart 1.ts")).toHaveLength(4);
    expect(transfer.parts).toBe(1);
  });

  test("a passing fault of one is retried, and the others do not notice", async () => {
    const fault = {
      operation: "PutObject",
      pathEndsWith: "001.ts",
      times: 2,
      fault: { kind: "reset-after-bytes" as const, bytes: 100 },
    };
    const { emulator, vod } = await service({ faults: [fault] });
    const { fileId, transfer } = await vod.upload(join(hls, "master.m3u8"));
    expect(await stored(emulator, fileId)).toEqual(await expected(hls, "master.m3u8", hlsFiles));
    expect(transfer.retries).toBe(2);
  });
});

describe("what fails", () => {
  const denied = {
    operation: "PutObject",
    pathEndsWith: "001.ts",
    fault: {
      kind: "answer" as const,
      status: 403,
      body: "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
    },
  };

  test("one segment for good: reported with its name, the others stopped, nothing committed", async () => {
    const slow = { operation: "PutObject", fault: { kind: "delay" as const, ms: 30 } };
    const { emulator, vod } = await service({ faults: [denied, slow] });
    const names = Array.from({ length: 30 }, (_none, index) => `${String(index).padStart(3, "0")}.ts`);
    const root = await tree({ "a.m3u8": media(...names), ...Object.fromEntries(names.map((name) => [name, name])) });
    const error = await failure(vod.upload(join(root, "a.m3u8"), { concurrency: 3 }));
    expect(error).toMatchObject({
      code: "COS_API",
      cosCode: "AccessDenied",
      stage: "transfer",
      file: join(root, "001.ts"),
    });
    expect(error.toJSON()).toMatchObject({ file: join(root, "001.ts") });
    expect(emulator.media()).toEqual([]);
    const sent = operations(emulator);
    expect(sent.filter((name) => name.startsWith("PutObject")).length).toBeLessThan(8);
    expect(sent.filter((name) => /m3u8$|Commit/.test(name))).toEqual([]);
  });

  test("parts of large segments are removed", async () => {
    const { emulator, vod } = await service({ faults: [denied] });
    const root = await tree({ "a.m3u8": media("000.ts", "001.ts"), "000.ts": randomBytes(9 * 2 ** 20), "001.ts": "1" });
    await failure(vod.upload(join(root, "a.m3u8"), { partSize: 2 ** 20 }));
    expect(emulator.uploads()).toEqual([]);
  });

  test("an abort ends it with the caller's reason", async () => {
    const { emulator, vod } = await service({ faults: [{ operation: "PutObject", fault: { kind: "hang" } }] });
    const controller = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 100);
    await expect(vod.upload(join(hls, "master.m3u8"), { signal: controller.signal })).rejects.toBe(reason);
    expect(emulator.media()).toEqual([]);
  });

  test("a manifest or segment that changes after it was looked at", async () => {
    for (const name of ["a.m3u8", "v.m3u8", "1.ts"]) {
      const { emulator, vod } = await service({
        faults: [{ operation: "ApplyUpload", fault: { kind: "delay", ms: 100 } }],
      });
      const root = await tree({ "a.m3u8": playlist("v.m3u8"), "v.m3u8": media("1.ts"), "1.ts": "1" });
      const work = failure(vod.upload(join(root, "a.m3u8")));
      while (!operations(emulator).includes("ApplyUpload")) await new Promise((resolve) => setTimeout(resolve, 5));
      await writeFile(join(root, name), "something else");
      await utimes(join(root, name), 1, 1);
      expect(await work).toMatchObject({ code: "SOURCE_CHANGED" });
      expect(emulator.media()).toEqual([]);
    }
  });

  test("a file that would take the manifest's own place in the store", async () => {
    const { emulator, vod } = await service();
    const root = await tree({ "a.m3u8": playlist("index.m3u8"), "index.m3u8": media("1.ts"), "1.ts": "1" });
    const error = await failure(vod.upload(join(root, "a.m3u8"), { mediaStoragePath: "/c/index.m3u8" }));
    expect(error).toMatchObject({
      code: "MANIFEST_INVALID",
      problems: [expect.stringContaining("the manifest itself")],
    });
    expect(operations(emulator).filter((name) => name.startsWith("Put"))).toEqual([]);
  });

  test("a name too long for a key", async () => {
    const { emulator, vod } = await service();
    const deep = Array.from({ length: 5 }, () => "d".repeat(200)).join("/");
    const root = await newFolder();
    await mkdir(join(root, deep), { recursive: true });
    await tree({ "a.m3u8": media(`${deep}/1.ts`), [`${deep}/1.ts`]: "1" }, root);
    const error = await failure(vod.upload(join(root, "a.m3u8")));
    expect(error).toMatchObject({ code: "MANIFEST_INVALID", problems: [expect.stringContaining("at most 850 bytes")] });
    expect(operations(emulator).filter((name) => name.startsWith("Put"))).toEqual([]);
  });
});
