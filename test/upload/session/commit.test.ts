import { describe, expect, test } from "vitest";
import type { EmulatorOptions, FaultRule } from "../../../src/emulator/index.ts";
import { CommitUncertainError, type UploadOptions } from "../../../src/index.ts";
import { candidateFileId, isStoredAt } from "../../../src/upload/session/commit.ts";
import { attempt, bench, collect, counts, expectCommittedOnce, once, random } from "../support.ts";
import { timing } from "../../support/timing.ts";

const bytes = random(5_000);
const commit = "CommitUpload";
const look = "DescribeMediaInfos";
const vodAnswer = (response: object, afterEffect = false): FaultRule["fault"] => ({
  kind: "answer",
  status: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ Response: { RequestId: "req-of-fault", ...response } }),
  afterEffect,
});
const vodError = (Code: string, afterEffect = false): FaultRule["fault"] =>
  vodAnswer({ Error: { Code, Message: "m" } }, afterEffect);

const second: NonNullable<EmulatorOptions["secondCommit"]>[] = [
  "same-file-id",
  "unknown-session",
  "resource-not-found",
];

describe("a commit whose answer is lost", () => {
  const lost: [string, FaultRule["fault"]][] = [
    ["reset", { kind: "reset-after-effect" }],
    ["cut", { kind: "truncate-answer", bytes: 30 }],
    ["502 with HTML", { kind: "answer", status: 502, body: "<html>", afterEffect: true }],
    ["200 and nothing", { kind: "answer", status: 200, body: "", afterEffect: true }],
    ["InternalError", vodError("InternalError.Timeout", true)],
    ["503 with a code nobody has listed", { ...vodError("Overloaded", true), status: 503 } as FaultRule["fault"]],
  ];

  for (const secondCommit of second) {
    test.each(lost)(`but worked (%s) gives the one media; a repetition answers ${secondCommit}`, async (_, fault) => {
      const { emulator, vod } = await bench({ secondCommit, faults: [once(commit, fault)] });
      const { result } = await attempt(vod, bytes);
      await expectCommittedOnce(emulator, bytes, result);
      expect(result?.requestId).toBeTruthy();
      expect(result?.transfer.retries).toBe(1);
      const seen = counts(emulator);
      expect(seen[commit]).toBe(2);
      expect(seen[look] ?? 0).toBe(secondCommit === "same-file-id" ? 0 : 1);
    });
  }

  test("and did not work, is sent again", async () => {
    const { emulator, vod } = await bench({ faults: [once(commit, { kind: "reset-before" })] });
    const { result } = await attempt(vod, bytes);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [commit]: 2 });
  });

  test("every time, but worked, is found by its path", async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: commit, fault: { kind: "reset-after-effect" } }] });
    const { result } = await attempt(vod, bytes, { cover: Buffer.from("picture"), coverType: "jpg" });
    await expectCommittedOnce(emulator, bytes, result);
    expect(result?.coverUrl).toBe(emulator.media()[0]?.coverUrl);
    expect(counts(emulator)).toMatchObject({ [commit]: 6, [look]: 1 });
  });

  test("that says it worked but names no media is looked up", async () => {
    const { emulator, vod } = await bench({ faults: [once(commit, vodAnswer({ MediaUrl: "x" }, true))] });
    const { result } = await attempt(vod, bytes);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [commit]: 1, [look]: 1 });
  });

  test("in another application is looked up there", async () => {
    const { emulator, vod } = await bench({
      secondCommit: "unknown-session",
      faults: [once(commit, { kind: "reset-after-effect" })],
    });
    const { result } = await attempt(vod, bytes, { subAppId: 1_500_000_077 });
    await expectCommittedOnce(emulator, bytes, result);
    const asked = emulator.requests().find(({ operation }) => operation === look);
    expect(asked?.json).toMatchObject({ SubAppId: 1_500_000_077, FileIds: [result?.fileId] });
  });

  test("and whose look-up is aborted rejects with the abort's reason", async () => {
    const { vod } = await bench(
      {
        secondCommit: "unknown-session",
        faults: [once(commit, { kind: "reset-after-effect" }), { operation: look, fault: { kind: "hang" } }],
      },
      { limits: { headersMs: 20_000 } },
    );
    const signal = AbortSignal.timeout(500);
    expect((await attempt(vod, bytes, { signal })).error).toBe(signal.reason);
  });

  test("and whose look-up is lost once is looked up again", async () => {
    const { emulator, vod } = await bench({
      secondCommit: "unknown-session",
      faults: [once(commit, { kind: "reset-after-effect" }), once(look, { kind: "reset-before" })],
    });
    const { result } = await attempt(vod, bytes);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [look]: 2 });
  });
});

describe("a commit that nobody can tell anything of is uncertain", () => {
  async function uncertain(options: EmulatorOptions): Promise<CommitUncertainError> {
    const { emulator, vod } = await bench(options);
    const { error } = await attempt(vod, bytes);
    expect(error).toBeInstanceOf(CommitUncertainError);
    if (!(error instanceof CommitUncertainError)) throw error;
    expect(error).toMatchObject({ code: "COMMIT_UNCERTAIN", stage: "commit", retryable: false });
    // All that is needed to find the media, and none of it secret but what is hidden from logs.
    const [object] = [...(await emulator.objects()).keys()];
    expect(error.mediaStoragePath).toBe(`/${object}`);
    expect(error.candidateFileId).toMatch(/^\d{15,20}$/);
    expect(error.message).toContain(error.mediaStoragePath);
    expect(error.vodSessionKey).toBeTruthy();
    expect(JSON.stringify(error)).not.toContain(error.vodSessionKey);
    return error;
  }

  test("when the repetition knows no session and the media has another path", async () => {
    const BasicInfo = { MediaUrl: "http://1500000001.vod2.example/other/f0.mp4" };
    await uncertain({
      secondCommit: "unknown-session",
      faults: [
        once(commit, { kind: "reset-after-effect" }),
        { operation: look, fault: vodAnswer({ MediaInfoSet: [{ FileId: "0", BasicInfo }], NotExistFileIdSet: [] }) },
      ],
    });
  });

  test("when the repetition knows no session and no media is there", async () => {
    await uncertain({
      secondCommit: "resource-not-found",
      faults: [
        once(commit, { kind: "reset-after-effect" }),
        { operation: look, fault: vodAnswer({ MediaInfoSet: [], NotExistFileIdSet: ["0"] }) },
      ],
    });
  });

  test("when the look-up is refused", async () => {
    await uncertain({
      secondCommit: "unknown-session",
      faults: [
        once(commit, { kind: "reset-after-effect" }),
        { operation: look, fault: vodError("UnauthorizedOperation") },
      ],
    });
  });

  test("when the repetition knows no session and the media's own path tells no FileId", async () => {
    const { emulator, vod } = await bench({
      secondCommit: "unknown-session",
      faults: [once(commit, { kind: "reset-after-effect" })],
    });
    const { error } = await attempt(vod, bytes, { mediaStoragePath: "/course/own name.mp4" });
    expect(error).toMatchObject({ code: "COMMIT_UNCERTAIN", candidateFileId: undefined });
    expect((error as Error).message).toContain("/course/own name.mp4");
    expect(counts(emulator)[look]).toBeUndefined();
  });

  test("when neither the commit nor the look-up is ever answered", async () => {
    await uncertain({
      faults: [
        { operation: commit, fault: { kind: "reset-after-effect" } },
        { operation: look, fault: { kind: "reset-before" } },
      ],
    });
  });

  test("when a success names no media", async () => {
    await uncertain({ faults: [{ operation: commit, fault: vodAnswer({ MediaUrl: "x" }) }] });
  });
});

describe("a commit that is refused", () => {
  test.each(["InvalidParameterValue.VodSessionKey", "ResourceNotFound", "UnauthorizedOperation", "FailedOperation"])(
    "at the first attempt (%s) is the service's own error, and is not sent again",
    async (code) => {
      const { emulator, vod } = await bench({ faults: [{ operation: commit, fault: vodError(code) }] });
      const { error } = await attempt(vod, bytes);
      expect(error).toMatchObject({ code: "VOD_API", apiCode: code, action: commit, stage: "commit", attempts: 1 });
      expect(emulator.media()).toEqual([]);
      expect(counts(emulator)).toMatchObject({ [commit]: 1 });
    },
  );

  test("for its rate is sent again, and is not doubted", async () => {
    const { emulator, vod } = await bench({
      faults: [once(commit, vodError("RequestLimitExceeded"), { times: 2 })],
    });
    const { result } = await attempt(vod, bytes);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [commit]: 3 });
    expect(counts(emulator)[look]).toBeUndefined();
  });

  test("for its rate, and then as unknown, never worked: the second refusal stands", async () => {
    const { vod, emulator } = await bench({
      faults: [once(commit, vodError("RequestLimitExceeded")), once(commit, vodError("ResourceNotFound"), { nth: 2 })],
    });
    expect((await attempt(vod, bytes)).error).toMatchObject({ code: "VOD_API", apiCode: "ResourceNotFound" });
    expect(counts(emulator)[look]).toBeUndefined();
  });

  test("because nobody listens certainly did not happen", async () => {
    const { closedPort } = await import("../../support/raw-servers.ts");
    const { commitUpload } = await import("../../../src/upload/session/commit.ts");
    const { VodApi } = await import("../../../src/vod-api/client.ts");
    const api = new VodApi({
      credentials: { secretId: "a", secretKey: "b" },
      vodEndpoint: `http://127.0.0.1:${await closedPort()}`,
      retry: { attempts: 2, baseDelayMs: 1 },
    });
    const session = {
      bucket: "b-1",
      region: "r",
      mediaStoragePath: "/0123abcd123456789012345678/f.mp4",
      vodSessionKey: "k",
    };
    const context = {
      api,
      session,
      subAppId: undefined,
      resumable: false,
      signal: undefined,
      onRetry: () => undefined,
    };
    const connect = { code: "NETWORK", phase: "connect", retryable: true };
    await expect(commitUpload({ ...context, repeated: false })).rejects.toMatchObject(connect);
    // But if a run before this one may have committed, nobody knows.
    await expect(commitUpload({ ...context, repeated: true })).rejects.toMatchObject({ code: "COMMIT_UNCERTAIN" });
    await api.close();
  });
});

describe("a commit whose answer never comes", () => {
  const internal = vodError("InternalError");
  const cases: [string, EmulatorOptions, object][] = [
    [
      "and which did not work",
      { faults: [{ operation: commit, fault: { kind: "reset-before" } }] },
      { code: "NETWORK", attempts: 6 },
    ],
    [
      "and which is called an internal error",
      { faults: [{ operation: commit, fault: internal }] },
      { code: "VOD_API", apiCode: "InternalError" },
    ],
    [
      "and worked, but cannot be looked up either",
      {
        faults: [
          { operation: commit, fault: { kind: "reset-after-effect" } },
          { operation: look, fault: { kind: "reset-before" } },
        ],
      },
      { code: "NETWORK" },
    ],
    [
      "and worked, but may not be looked up",
      {
        secondCommit: "unknown-session",
        faults: [
          { operation: commit, times: 6, fault: { kind: "reset-after-effect" } },
          once(look, vodError("UnauthorizedOperation")),
        ],
      },
      { code: "NETWORK" },
    ],
    [
      "before a repetition is told that the session is unknown and the look-up is lost",
      {
        secondCommit: "unknown-session",
        faults: [
          once(commit, { kind: "reset-after-effect" }),
          { operation: look, times: 6, fault: { kind: "reset-before" } },
        ],
      },
      { code: "NETWORK" },
    ],
  ];

  test.each(cases)(
    "%s, is repeated with the checkpoint that the caller keeps, and makes one media",
    async (_, faults, expected) => {
      const { emulator, vod } = await bench(faults);
      const seen = collect();
      const { error } = await attempt(vod, bytes, { onCheckpoint: seen.write });
      expect(error).toMatchObject({ ...expected, stage: "commit", retryable: true });
      expect(seen.last().state).toBe("committing");
      emulator.setFaults([]);
      const { result } = await attempt(vod, bytes, { checkpoint: seen.last() });
      await expectCommittedOnce(emulator, bytes, result);
      expect(counts(emulator)).toMatchObject({ ApplyUpload: 1, PutObject: 1 });
    },
  );

  test.each(cases)("%s, is uncertain for who keeps none: to try again would be to upload again", async (_, faults) => {
    const { emulator, vod } = await bench(faults);
    const { error } = await attempt(vod, bytes);
    expect(error).toMatchObject({ code: "COMMIT_UNCERTAIN", stage: "commit", retryable: false });
    const { checkpoint } = error as { checkpoint?: UploadOptions["checkpoint"] };
    expect(Object.keys(error as object)).not.toContain("checkpoint");
    emulator.setFaults([]);
    const { result } = await attempt(vod, bytes, { checkpoint });
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ ApplyUpload: 1, PutObject: 1 });
  });
});

test("an abort during the commit rejects with its reason", timing, async () => {
  const { vod } = await bench(
    { faults: [{ operation: commit, fault: { kind: "hang" } }] },
    { limits: { headersMs: 20_000 } },
  );
  const controller = new AbortController();
  const sending = attempt(vod, bytes, {
    signal: controller.signal,
    onProgress: ({ phase }) => {
      if (phase === "commit") setTimeout(() => controller.abort("enough"), 50);
    },
  });
  const started = performance.now();
  expect(await sending).toEqual({ error: "enough" });
  expect(performance.now() - started).toBeLessThan(2_000);
});

test.each([
  ["/9ce0cd92528589078427353/x.mp4", "528589078427353"],
  ["/0123abcd5285890784273533167/f0.mp4", "5285890784273533167"],
  ["/dir/0123abcd5285890784273533167/f0.mp4", "5285890784273533167"],
  ["/0123abcd12345678901234567890/f0.mp4", "12345678901234567890"],
  ["/0123abcd123456789012345678901/f0.mp4", undefined],
  ["/0123ABCD5285890784273533167/f0.mp4", undefined],
  ["/0123abc5285890784273533167/f0.mp4", "285890784273533167"],
  ["/x.mp4", undefined],
  ["", undefined],
  ["/my/own/path.mp4", undefined],
])("the storage path %s suggests the FileId %s", (path, fileId) => {
  expect(candidateFileId(path)).toBe(fileId);
});

test.each([
  ["http://h/dir/a.mp4", "/dir/a.mp4", true],
  ["https://h:8443/%EB%B4%84%20(1)/a%2541.mp4", "/봄 (1)/a%41.mp4", true],
  ["http://h/봄 (1)/a%41.mp4", "/봄 (1)/a%41.mp4", true],
  ["http://h/100%/a.mp4", "/100%/a.mp4", true],
  ["http://h//spring/a.mp4", "//spring/a.mp4", true],
  ["http://h/spring/a.mp4", "//spring/a.mp4", false],
  ["http://h/a%252541.mp4", "/a%41.mp4", false],
  ["http://h/dir/a.mp4?sign=1", "/dir/a.mp4", true],
  ["http://h/dir/other.mp4", "/dir/a.mp4", false],
  ["http://h", "/", false],
  ["/dir/a.mp4", "/dir/a.mp4", false],
  ["", "", false],
])("a media at %s is stored at %s: %s", (mediaUrl, path, is) => {
  expect(isStoredAt(mediaUrl, path)).toBe(is);
});
