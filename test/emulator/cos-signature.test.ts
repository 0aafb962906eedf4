import { describe, expect, test } from "vitest";
import { presignCosUrl, signCos } from "../../src/signing/index.ts";
import { start } from "./support/running.ts";
import { apply, cos, cosCode, element, send, type CosChanges } from "./support/wire.ts";

describe("COS signatures", () => {
  test("are accepted in the header, with and without the token signed", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    expect((await cos(emulator, session, "PUT", { body: "abc" })).status).toBe(200);
    const lateHeaders = { "x-cos-security-token": session.token };
    const untokened = { body: "abc", headers: { "x-cos-security-token": undefined }, lateHeaders };
    expect((await cos(emulator, session, "PUT", untokened)).status).toBe(200);
    expect(emulator.requests().map((one) => one.verified)).toEqual([true, true, true]);
  });

  test("are accepted as a presigned URL", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const now = Math.floor(Date.now() / 1000);
    const url = presignCosUrl(
      { method: "PUT", url: emulator.cosEndpoint, path: session.mediaPath, startTime: now, endTime: now + 60 },
      session,
    );
    const target = url.slice(emulator.cosEndpoint.length);
    const answer = await send(emulator.origin, {
      method: "PUT",
      target,
      headers: { "content-length": "3" },
      body: "abc",
    });
    expect(answer.status).toBe(200);
    const logged = JSON.stringify(emulator.requests().at(-1));
    expect(logged).toContain('"q-signature":"<redacted>"');
    expect(logged).not.toContain(session.token);
  });

  test("are accepted merged into one parameter, as some vendor SDKs presign", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const { host } = new URL(emulator.origin);
    const now = Math.floor(Date.now() / 1000);
    const request = { method: "GET", path: session.mediaPath, headers: { host }, startTime: now, endTime: now + 60 };
    await cos(emulator, session, "PUT", { body: "abc" });
    const { authorization } = signCos(request, session);
    const query = new URLSearchParams({ sign: authorization, "x-cos-security-token": session.token });
    const answer = await send(emulator.origin, { method: "GET", target: `${session.mediaPath}?${query}`, headers: {} });
    expect([answer.status, answer.text]).toEqual([200, "abc"]);
    expect(JSON.stringify(emulator.requests())).not.toMatch(/q-signature=[0-9a-f]{40}/);
  });

  test("cover every character of the key and of header values in UTF-8", async () => {
    const emulator = await start();
    const session = await apply(emulator, { MediaStoragePath: "/a b+c%41/영상 (1)&'😀=~.mp4" });
    const latin1 = Buffer.from("영상 & 값").toString("latin1");
    const answer = await cos(emulator, session, "PUT", {
      body: "abc",
      headers: { "x-cos-meta-name": "영상 & 값" },
      // What goes over the wire are the UTF-8 bytes.
      lateHeaders: { "x-cos-meta-name": latin1 },
    });
    expect(answer.status).toBe(200);
    expect([...(await emulator.objects()).keys()]).toEqual([session.mediaPath.slice(1)]);
  });

  const wrong: readonly (readonly [what: string, changes: CosChanges, status: number, code: string])[] = [
    ["another key", { secretKey: "other" }, 403, "SignatureDoesNotMatch"],
    ["another path", { signedPath: "/elsewhere.mp4" }, 403, "SignatureDoesNotMatch"],
    [
      "a header changed later",
      { lateHeaders: { "content-length": "3" }, headers: { "content-length": "4" } },
      403,
      "SignatureDoesNotMatch",
    ],
    [
      "a header that was not sent",
      { authorization: (right) => right.replace("q-header-list=", "q-header-list=cache-control;") },
      403,
      "SignatureDoesNotMatch",
    ],
    ["host unsigned", { signedHeaders: ["content-length"] }, 403, "AccessDenied"],
    ["no signature at all", { authorization: () => "Bearer me" }, 403, "AccessDenied"],
    [
      "names in upper case",
      { authorization: (right) => right.replace("q-header-list=content", "q-header-list=Content") },
      403,
      "AccessDenied",
    ],
    [
      "a time that is none",
      { authorization: (right) => right.replaceAll(/q-(sign|key)-time=[^&]*/g, "q-$1-time=now") },
      403,
      "AccessDenied",
    ],
    ["another algorithm", { authorization: (right) => right.replace("=sha1", "=sha256") }, 403, "AccessDenied"],
    [
      "two different times",
      { authorization: (right) => right.replace(/q-key-time=\d/, "q-key-time=9") },
      403,
      "AccessDenied",
    ],
    ["no token", { headers: { "x-cos-security-token": undefined } }, 403, "InvalidAccessKeyId"],
    ["another token", { headers: { "x-cos-security-token": "t" } }, 403, "InvalidAccessKeyId"],
    [
      "an unknown id",
      { authorization: (right) => right.replace(/q-ak=\w+/, "q-ak=AKIDnobody") },
      403,
      "InvalidAccessKeyId",
    ],
  ];

  test.each(wrong)("are refused with %s", async (_what, changes, status, code) => {
    const emulator = await start();
    const session = await apply(emulator);
    const answer = await cos(emulator, session, "PUT", { body: "abc", ...changes });
    expect([answer.status, cosCode(answer)]).toEqual([status, code]);
    expect(answer.headers["x-cos-request-id"]).toBe(element(answer, "RequestId"));
    expect(answer.headers["x-cos-trace-id"]).toBe(element(answer, "TraceId"));
    expect(emulator.requests().at(-1)).toMatchObject({ code, verified: false, status });
    expect(await emulator.objects()).toEqual(new Map());
  });

  test("that do not match are answered with what the server would have signed", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const answer = await cos(emulator, session, "PUT", { body: "abc", secretKey: "other", query: {} });
    const host = new URL(emulator.origin).host;
    const formatString = answer.text.slice(
      answer.text.indexOf("<FormatString>") + 14,
      answer.text.indexOf("</FormatString>"),
    );
    expect(formatString.split("\n").slice(0, 3)).toEqual(["put", session.mediaPath, ""]);
    expect(formatString).toContain(`content-length=3&amp;host=${encodeURIComponent(host)}&amp;x-cos-security-token=`);
    expect(answer.text).toMatch(/<StringToSign>sha1\n\d+;\d+\n[0-9a-f]{40}\n<\/StringToSign>/);
  });

  test.each([
    ["host: signed without the port that was sent", { host: "127.0.0.1" }],
    ["path: signed with a doubled leading slash", { signedPath: "/" }],
  ])("that do not match are explained in the log: %s", async (diagnosis, changes: CosChanges) => {
    const emulator = await start();
    const session = await apply(emulator);
    const { host } = new URL(emulator.origin);
    const signedPath = changes.signedPath === undefined ? undefined : `/${session.mediaPath}`;
    const answer = await cos(emulator, session, "PUT", { body: "abc", ...changes, signedPath, lateHeaders: { host } });
    expect(cosCode(answer)).toBe("SignatureDoesNotMatch");
    expect(emulator.requests().at(-1)?.diagnosis).toBe(diagnosis);
  });
});

describe("times", () => {
  const base = 1_750_000_000;

  test.each([
    ["ended a second ago", { startTime: base - 100, endTime: base - 1 }, 403, "AccessDenied", "Request has expired"],
    ["ends this second", { startTime: base - 100, endTime: base }, 200, undefined, undefined],
    ["begins 14 minutes ahead", { startTime: base + 840, endTime: base + 900 }, 200, undefined, undefined],
    [
      "begins 16 minutes ahead",
      { startTime: base + 960, endTime: base + 2000 },
      403,
      "RequestTimeTooSkewed",
      undefined,
    ],
    [
      "has a Date 16 minutes off",
      { headers: { date: new Date((base - 960) * 1000).toUTCString() } },
      403,
      "RequestTimeTooSkewed",
      undefined,
    ],
    [
      "has a Date 14 minutes off",
      { headers: { date: new Date((base - 840) * 1000).toUTCString() } },
      200,
      undefined,
      undefined,
    ],
  ] as const)("a signature that %s", async (_what, changes, status, code, message) => {
    const emulator = await start({ clock: () => base * 1000 });
    const session = await apply(emulator);
    const answer = await cos(emulator, session, "PUT", { body: "abc", ...changes });
    expect([answer.status, cosCode(answer)]).toEqual([status, code]);
    expect(answer.headers.date).toBe(new Date(base * 1000).toUTCString());
    if (message !== undefined) expect(element(answer, "Message")).toBe(message);
    if (code !== undefined) expect(element(answer, "ServerTime")).toBe("2025-06-15T15:06:40Z");
  });

  test.each([
    [undefined, 400, "ExpiredToken"],
    ["InvalidAccessKeyId", 403, "InvalidAccessKeyId"],
    ["AccessDenied", 403, "AccessDenied"],
  ] as const)("an expired certificate is refused (option %s)", async (expiredCertificate, status, code) => {
    const emulator = await start({ certificateLifeSeconds: 10, expiredCertificate, clock: () => base * 1000 });
    const session = await apply(emulator);
    expect(session.expiredTime).toBe(base + 10);
    emulator.advanceClock(9_999);
    expect((await cos(emulator, session, "PUT", { body: "abc" })).status).toBe(200);
    emulator.advanceClock(1);
    const answer = await cos(emulator, session, "PUT", { body: "abc" });
    expect([answer.status, cosCode(answer)]).toEqual([status, code]);
  });
});

describe("strict signatures", () => {
  test("need every header and parameter that was sent", async () => {
    const emulator = await start({ strictSignature: true });
    const session = await apply(emulator);
    expect(
      (await cos(emulator, session, "PUT", { body: "abc", lateHeaders: { "user-agent": "me", accept: "*/*" } })).status,
    ).toBe(200);
    const untyped = await cos(emulator, session, "PUT", { body: "abc", lateHeaders: { "content-type": "video/mp4" } });
    expect([untyped.status, cosCode(untyped)]).toEqual([403, "AccessDenied"]);
    expect(element(untyped, "Message")).toContain("content-type");
    const unlisted = await cos(emulator, session, "GET", {
      query: { uploadId: "u" },
      authorization: (right) => right.replace("q-url-param-list=uploadid", "q-url-param-list="),
    });
    expect(element(unlisted, "Message")).toContain("uploadId");
  });
});

describe("hosts and keys", () => {
  test("host may be signed without its port when the option says so", async () => {
    const emulator = await start({ hostWithoutPort: true });
    const session = await apply(emulator);
    const { host } = new URL(emulator.origin);
    expect(
      (await cos(emulator, session, "PUT", { body: "abc", host: "127.0.0.1", lateHeaders: { host } })).status,
    ).toBe(200);
  });

  test("a Host that names the session's bucket and region is taken, another is no bucket", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const { bucket, region } = session;
    const answers: (readonly [number, string | undefined])[] = [];
    for (const host of [
      `${bucket}.cos.${region}.myqcloud.com`,
      `${bucket}.cos.${region}.tencentcos.cn`,
      `${bucket}.cos.accelerate.myqcloud.com`,
      `${bucket}.cos.ap-tokyo.myqcloud.com`,
      `other-1250000000.cos.${region}.myqcloud.com`,
    ]) {
      const answer = await cos(emulator, session, "PUT", { body: "abc", host });
      answers.push([answer.status, cosCode(answer)]);
    }
    expect(answers).toEqual([
      [200, undefined],
      [200, undefined],
      [200, undefined],
      [404, "NoSuchBucket"],
      [404, "NoSuchBucket"],
    ]);
  });

  test("only the session's media and cover may be written, and nothing after the commit", async () => {
    const emulator = await start();
    const session = await apply(emulator, { CoverType: "jpg" });
    const folder = session.mediaPath.slice(0, session.mediaPath.lastIndexOf("/"));
    const write = async (path: string): Promise<number> =>
      (await cos(emulator, session, "PUT", { path, body: "x" })).status;
    expect(await write(session.mediaPath)).toBe(200);
    expect(await write(session.coverPath ?? "")).toBe(200);
    expect(await write(`${folder}/seg-1.ts`)).toBe(403);
    expect(await write("/elsewhere/x.mp4")).toBe(403);
    expect(await write(`/${session.mediaPath}`)).toBe(403);
  });

  test("below the manifest's folder the segments of HLS and DASH may be written", async () => {
    const emulator = await start();
    for (const MediaType of ["m3u8", "MPD"]) {
      const session = await apply(emulator, { MediaType });
      const folder = session.mediaPath.slice(0, session.mediaPath.lastIndexOf("/"));
      const write = async (path: string): Promise<number> =>
        (await cos(emulator, session, "PUT", { path, body: "x" })).status;
      expect(await write(`${folder}/a/seg 1.ts`)).toBe(200);
      expect(await write(`${folder}-other/seg.ts`)).toBe(403);
    }
  });

  test("the account's own key may write and read anything", async () => {
    const emulator = await start();
    const account = { mediaPath: "/any/key", secretId: emulator.secretId, secretKey: emulator.secretKey, token: "" };
    const headers = { "x-cos-security-token": undefined };
    expect((await cos(emulator, account, "PUT", { body: "abc", headers })).status).toBe(200);
    expect((await cos(emulator, account, "GET", { headers })).text).toBe("abc");
  });

  test("a path that is no UTF-8, a doubled parameter and a key that is too long are refused", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const authorization = `q-sign-algorithm=sha1&q-ak=${session.secretId}`;
    const raw = async (target: string): Promise<string | undefined> =>
      cosCode(await send(emulator.origin, { method: "GET", target, headers: { authorization } }));
    expect(await raw("/%ff")).toBe("InvalidURI");
    expect(await raw("/a?uploadId=1&uploadId=2")).toBe("InvalidArgument");
    expect(cosCode(await cos(emulator, session, "PUT", { path: `/${"k".repeat(851)}` }))).toBe("KeyTooLong");
  });
});
