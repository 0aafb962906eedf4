import { copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, promisify } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";
import { startEmulator, type Emulator } from "../../src/emulator/index.ts";
import sdk, {
  VodUploadClient,
  VodUploadRequest,
  type VodUploadProgress,
  type VodUploadResponse,
} from "../../src/vod-node-sdk/index.ts";
import { atEnd } from "../support/at-end.ts";
import { root } from "../support/markdown.ts";

let emulator: Emulator;
let client: VodUploadClient;
let lesson: string;

beforeEach(async () => {
  emulator = await startEmulator({});
  atEnd(() => emulator.close());
  const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
  client = new VodUploadClient(secretId, secretKey, undefined, { vodEndpoint, cosEndpoint });
  atEnd(() => client.close());
  const folder = await mkdtemp(join(tmpdir(), "vodup-sdk-"));
  lesson = join(folder, "lesson.one.MP4");
  await copyFile(join(root, "fixtures/media/sample.mp4"), lesson);
});

function requestFor(path: string | null, more: Partial<VodUploadRequest> = {}): VodUploadRequest {
  return Object.assign(new VodUploadRequest(), { MediaFilePath: path }, more);
}

function upload(request: VodUploadRequest, region = "ap-guangzhou"): Promise<VodUploadResponse | null> {
  return promisify(client.upload.bind(client))(region, request);
}
describe("the answer", () => {
  test("has the SDK's fields and serializes as its models do", async () => {
    const answer = await upload(requestFor(lesson));
    const [media] = emulator.media();
    expect(answer).toMatchObject({ FileId: media?.fileId, MediaUrl: media?.mediaUrl, CoverUrl: "" });
    expect(JSON.parse(answer?.to_json_string() ?? "")).toEqual(Object.fromEntries(Object.entries(answer ?? {})));
    expect(answer?.RequestId).toMatch(/\S/);
  });

  test("the request is filled in as the SDK does, and so reaches the service", async () => {
    const request = requestFor(lesson);
    await upload(request);
    expect(request).toMatchObject({ MediaType: "MP4", MediaName: "lesson" });
    expect(emulator.media()[0]?.fields).toMatchObject({ MediaName: "lesson", MediaType: "mp4" });
  });

  test("region is the access point", async () => {
    await upload(requestFor(lesson), "ap-seoul");
    expect(emulator.requests()[0]?.headers["x-tc-region"]).toBe("ap-seoul");
  });
});

describe("the callback", () => {
  test("is called once, with progress before it, when it throws too", async () => {
    const calls: unknown[] = [];
    const steps: VodUploadProgress[] = [];
    const own = new Error("from the callback");
    const uncaught = new Promise((resolve) => {
      const earlier = process.rawListeners("uncaughtException") as NodeJS.UncaughtExceptionListener[];
      process.removeAllListeners("uncaughtException");
      process.once("uncaughtException", (error) => {
        for (const listener of earlier) process.on("uncaughtException", listener);
        resolve(error);
      });
    });
    client.upload(
      "ap-guangzhou",
      requestFor(lesson),
      (error, answer) => {
        calls.push([error, answer?.FileId]);
        throw own;
      },
      (step) => steps.push(step),
    );
    expect(await uncaught).toBe(own);
    expect(calls).toEqual([[null, emulator.media()[0]?.fileId]]);
    expect(steps.at(-1)).toMatchObject({ percent: 1, loaded: steps.at(-1)?.total });
  });

  test("uploads at the same time share one engine, and each has its own answer", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => upload(requestFor(lesson))));
    expect(new Set(answers.map((answer) => answer?.FileId)).size).toBe(5);
  });
});

describe("errors", () => {
  test.each<[string, (folder: string) => [VodUploadRequest, string]]>([
    ["lack region", () => [requestFor(lesson), ""]],
    ["lack media path", () => [new VodUploadRequest(), "ap-guangzhou"]],
    ["media path is invalid", () => [requestFor(`${lesson}A`), "ap-guangzhou"]],
    ["cover path is invalid", () => [requestFor(lesson, { CoverFilePath: `${lesson}A` }), "ap-guangzhou"]],
    ["lack media type", () => [requestFor(join(root, "LICENSE")), "ap-guangzhou"]],
    ["lack cover type", () => [requestFor(lesson, { CoverFilePath: join(root, "LICENSE") }), "ap-guangzhou"]],
  ])("%s, in the SDK's words, and nothing is sent", async (message, make) => {
    const [request, region] = make(lesson);
    await expect(upload(request, region)).rejects.toMatchObject({ message });
    expect(emulator.requests()).toEqual([]);
  });

  test("a refusal of the service has its code and request id, and this package's error as cause", async () => {
    client.secretKey = "another";
    const error = await upload(requestFor(lesson)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "AuthFailure.SignatureFailure",
      requestId: expect.any(String) as string,
      cause: { code: "VOD_API" },
    });
    expect(String(error)).toMatch(/^\[VodClientException\] message=/);
  });

  test("a segment that is missing is an invalid segment path", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vodup-sdk-"));
    const list = join(folder, "list.m3u8");
    await writeFile(list, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nmissing.ts\n#EXT-X-ENDLIST\n");
    await expect(upload(requestFor(list))).rejects.toMatchObject({
      message: "invalid segment path",
    });
  });

  test("a value out of range is the caller's mistake before anything is sent", async () => {
    await expect(upload(requestFor(lesson, { SourceContext: "x".repeat(251) }))).rejects.toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
    });
    expect(emulator.requests()).toEqual([]);
  });
});

test("ignoreCheck leaves out the SDK's checks and defaults, not the engine's", async () => {
  client.ignoreCheck = true;
  const request = requestFor(lesson);
  await expect(upload(request, "")).resolves.toMatchObject({ FileId: expect.any(String) as string });
  expect(request.MediaType).toBeNull();
  await expect(upload(new VodUploadRequest())).rejects.toThrow(/./);
});

test("keys can be read and changed, and are not logged", () => {
  const { secretKey } = emulator;
  expect(client.secretKey).toBe(secretKey);
  for (const text of [inspect(client, { depth: 9 }), JSON.stringify(client)]) expect(text).not.toContain(secretKey);
});

test("a request without values is what the SDK's is", () => {
  const names = Object.keys(new VodUploadRequest());
  expect(names).toContain("ConcurrentUploadNumber");
  expect(new Set(Object.values(new VodUploadRequest()))).toEqual(new Set([null]));
  const request = new VodUploadRequest();
  request.from_json_string('{"MediaName":"a"}');
  expect(request.MediaName).toBe("a");
});

test("the default import is the SDK's object, and require gives the names", () => {
  expect(sdk.VodUploadClient).toBe(VodUploadClient);
  const required = createRequire(import.meta.url)("../../dist/vod-node-sdk/index.js") as typeof sdk;
  expect(new required.VodUploadRequest()).toHaveProperty("MediaFilePath", null);
});
