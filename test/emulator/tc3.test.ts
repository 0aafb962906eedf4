import { describe, expect, test } from "vitest";
import { start } from "./support/running.ts";
import { call, callRaw, codeOf, send, type Tc3Changes } from "./support/wire.ts";

describe("TC3 signatures", () => {
  test("are accepted with the documented and with the vendors' set of signed headers, and more", async () => {
    const emulator = await start();
    for (const signedHeaders of [
      ["content-type", "host"],
      ["content-type", "host", "x-tc-action"],
      ["content-type", "host", "x-tc-action", "x-tc-region", "x-tc-timestamp", "x-tc-version"],
    ]) {
      const response = await call(emulator, "DescribeEventsState", {}, { signedHeaders });
      expect(response).toEqual({ CountOfEventsToPull: 0, RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    }
    expect(emulator.requests().map(({ verified, status }) => [verified, status])).toEqual(
      Array.from({ length: 3 }, () => [true, 200]),
    );
  });

  test("accept any Host that was signed, with a charset in the content type", async () => {
    const emulator = await start();
    const headers = { host: "vod.tencentcloudapi.com", "content-type": "application/json; charset=utf-8" };
    expect(await codeOf(emulator, "DescribeEventsState", {}, { headers, signedHost: headers.host })).toBeUndefined();
  });

  const wrong: readonly (readonly [what: string, changes: Tc3Changes, code: string, diagnosis?: RegExp])[] = [
    ["another key", { secretKey: "other" }, "AuthFailure.SignatureFailure", /another secret key/],
    ["an unknown id", { secretId: "AKIDnobody" }, "AuthFailure.SecretIdNotFound"],
    ["a body other than the one signed", { signedBody: "{ }" }, "AuthFailure.SignatureFailure", /another text/],
    ["the hash of nothing", { signedBody: "" }, "AuthFailure.SignatureFailure", /payload: hash of nothing/],
    ["host without port", { signedHost: "127.0.0.1" }, "AuthFailure.SignatureFailure", /host: signed without the port/],
    ["another service", { service: "cvm" }, "AuthFailure.InvalidAuthorization", /service is "cvm"/],
    ["no host signed", { signedHeaders: ["content-type"] }, "AuthFailure.SignatureFailure", /host is missing/],
    ["no content type signed", { signedHeaders: ["host"] }, "AuthFailure.SignatureFailure", /content-type is missing/],
    ["an action changed later", { lateHeaders: { "x-tc-action": "DeleteMedia" } }, "AuthFailure.SignatureFailure"],
    [
      "a charset added later",
      { lateHeaders: { "content-type": "application/json; charset=utf-8" } },
      "AuthFailure.SignatureFailure",
      /content-type: signed without the parameters/,
    ],
    [
      "the date of the day before",
      { authorization: (right) => right.replace(/\d{4}-\d\d-\d\d/, "2020-01-01") },
      "AuthFailure.SignatureFailure",
      /date is 2020-01-01/,
    ],
    [
      "names out of order",
      { authorization: (right) => right.replace("content-type;host;x-tc-action", "host;content-type;x-tc-action") },
      "AuthFailure.SignatureFailure",
      /not sorted/,
    ],
    [
      "a name that was not sent",
      { authorization: (right) => right.replace("x-tc-action", "x-tc-more") },
      "AuthFailure.SignatureFailure",
      /x-tc-more is signed but was not sent/,
    ],
    [
      "another algorithm",
      { authorization: (right) => right.replace("TC3-HMAC-SHA256", "TC3-HMAC-SM3") },
      "AuthFailure.InvalidAuthorization",
    ],
    [
      "no space after the commas",
      { authorization: (right) => right.replaceAll(", ", ",") },
      "AuthFailure.InvalidAuthorization",
    ],
    ["a token nobody gave", { headers: { "x-tc-token": "t" } }, "AuthFailure.TokenFailure"],
    ["no timestamp", { headers: { "x-tc-timestamp": undefined } }, "MissingParameter"],
    ["no version", { headers: { "x-tc-version": undefined } }, "MissingParameter"],
    ["another version", { headers: { "x-tc-version": "2024-07-18" } }, "NoSuchVersion"],
    ["a region that is none", { headers: { "x-tc-region": "mars" } }, "InvalidParameterValue"],
    ["a form as content type", { headers: { "content-type": "text/plain" } }, "InvalidParameter"],
    ["GET", { method: "GET" }, "UnsupportedProtocol"],
  ];

  test("a region that is none is refused by the other code where the option says so", async () => {
    const emulator = await start({ unknownRegion: "UnsupportedRegion" });
    const answer = await callRaw(emulator, "DescribeEventsState", "{}", { headers: { "x-tc-region": "mars" } });
    expect(JSON.parse(answer.text)).toMatchObject({ Response: { Error: { Code: "UnsupportedRegion" } } });
  });

  test.each(wrong.map(([what, changes, code, diagnosis]) => ({ what, changes, code, diagnosis })))(
    "refuse $what",
    async ({ changes, code, diagnosis }) => {
      const emulator = await start();
      const answer = await callRaw(emulator, "DescribeEventsState", changes.method === "GET" ? "" : "{}", changes);
      const { Response } = JSON.parse(answer.text) as { Response: { Error: { Code: string }; RequestId: string } };
      expect(answer.status).toBe(200);
      expect(Response.Error.Code).toBe(code);
      expect(Response.RequestId).toMatch(/^[0-9a-f-]{36}$/);
      const entry = emulator.requests().at(-1);
      expect(entry?.code).toBe(code);
      if (diagnosis !== undefined) expect(entry?.diagnosis).toMatch(diagnosis);
      if (code.startsWith("AuthFailure")) expect(entry?.verified).toBe(false);
    },
  );

  test.each([
    [-301, "AuthFailure.SignatureExpire"],
    [-299, undefined],
    [299, undefined],
    [301, "AuthFailure.SignatureExpire"],
  ])("five minutes: a clock %i s off gets %s", async (seconds, code) => {
    const emulator = await start({ clock: () => 1_750_000_000_000 });
    expect(await codeOf(emulator, "DescribeEventsState", {}, { timestamp: 1_750_000_000 + seconds })).toBe(code);
  });

  test("of a temporary key need its token", async () => {
    const emulator = await start({ token: "the-token" });
    expect(await codeOf(emulator, "DescribeEventsState")).toBe("AuthFailure.TokenFailure");
    expect(
      await codeOf(emulator, "DescribeEventsState", {}, { headers: { "x-tc-token": "the-token" } }),
    ).toBeUndefined();
    expect(emulator.requests().at(-1)?.headers["x-tc-token"]).toBe("<redacted>");
  });

  test("may leave the port out of host only when the option says so", async () => {
    const emulator = await start({ hostWithoutPort: true });
    expect(await codeOf(emulator, "DescribeEventsState", {}, { signedHost: "127.0.0.1" })).toBeUndefined();
  });
});

describe("parameters", () => {
  test.each([
    ["ApplyUpload", "{", "InvalidParameter"],
    ["ApplyUpload", "[]", "InvalidParameter"],
    ["ApplyUpload", "{}", "MissingParameter"],
    ["ApplyUpload", '{"MediaType":"mp4","Colour":"red"}', "UnknownParameter"],
    ["ApplyUpload", '{"MediaType":4}', "InvalidParameter"],
    ["ApplyUpload", '{"MediaType":"mp4","SubAppId":"1500000001"}', "InvalidParameter"],
    ["ApplyUpload", '{"MediaType":"mp4","SubAppId":-1}', "InvalidParameter"],
    ["ApplyUpload", '{"MediaType":"mp4","ClassId":1.5}', "InvalidParameter"],
    ["ConfirmEvents", '{"EventHandles":"one"}', "InvalidParameter"],
    ["ConfirmEvents", '{"EventHandles":[1]}', "InvalidParameter"],
    ["CreateSubAppId", '{"Name":"a","Tags":[{"TagKey":"k"}]}', "MissingParameter"],
    ["CreateSubAppId", '{"Name":"a","Tags":[{"TagKey":"k","TagValue":"v","More":1}]}', "UnknownParameter"],
    ["NoSuchThing", "{}", "InvalidAction"],
  ])("%s %s is refused with %s", async (action, body, code) => {
    const emulator = await start();
    const answer = await callRaw(emulator, action, body);
    expect(JSON.parse(answer.text)).toMatchObject({ Response: { Error: { Code: code } } });
  });

  test("a body above 10 MB is refused", async () => {
    const emulator = await start();
    const code = await codeOf(emulator, "ParseStreamingManifest", { MediaManifestContent: "x".repeat(10 * 2 ** 20) });
    expect(code).toBe("RequestSizeLimitExceeded");
  });

  test("Region is required where the pages say so", async () => {
    const emulator = await start();
    const without = { headers: { "x-tc-region": undefined } };
    expect(await codeOf(emulator, "ApplyUpload", { MediaType: "mp4" }, without)).toBe("MissingParameter");
    expect(await codeOf(emulator, "PullEvents", {}, { ...without, timestamp: 0 })).toBe("AuthFailure.SignatureExpire");
    expect(await codeOf(emulator, "DescribeEventsState", {}, without)).toBeUndefined();
    const lenient = await start({ requireRegion: false });
    expect(await codeOf(lenient, "ApplyUpload", { MediaType: "mp4" }, without)).toBeUndefined();
  });

  test("sub-apps: unknown ones, and none when one is needed", async () => {
    const emulator = await start({ subAppIds: [1_500_000_002], requireSubAppId: true });
    expect(await codeOf(emulator, "DescribeEventsState")).toBe("InvalidParameterValue.SubAppId");
    expect(await codeOf(emulator, "DescribeEventsState", { SubAppId: 7 })).toBe("InvalidParameterValue.SubAppId");
    expect(await codeOf(emulator, "DescribeEventsState", { SubAppId: 1_500_000_002 })).toBeUndefined();
  });

  test("calls beyond the rate limit are refused, and the next second is a new one", async () => {
    let now = 1_750_000_000_000;
    const emulator = await start({ rateLimits: { DescribeEventsState: 2 }, clock: () => now });
    const codes = [];
    for (let calls = 0; calls < 3; calls++) codes.push(await codeOf(emulator, "DescribeEventsState"));
    expect(codes).toEqual([undefined, undefined, "RequestLimitExceeded"]);
    expect(await codeOf(emulator, "DescribeEventConfig")).toBeUndefined();
    now += 1000;
    expect(await codeOf(emulator, "DescribeEventsState")).toBeUndefined();
  });
});

describe("the request log", () => {
  test("shows what was sent and no secret", async () => {
    const emulator = await start();
    await call(emulator, "ModifyEventConfig", { SignKey: "verysecret", Mode: "PULL" });
    const [entry] = emulator.requests();
    expect(entry).toMatchObject({
      id: 1,
      api: "vod",
      operation: "ModifyEventConfig",
      method: "POST",
      path: "/",
      verified: true,
      status: 200,
      json: { SignKey: "<redacted>", Mode: "PULL" },
    });
    expect(entry?.bodySha256).toMatch(/^[0-9a-f]{64}$/);
    expect(entry?.headers["authorization"]).toMatch(
      /^TC3-HMAC-SHA256 Credential=.*SignedHeaders=content-type;host;x-tc-action, Signature=<redacted>$/,
    );
    expect(JSON.stringify(emulator.requests())).not.toContain("verysecret");
  });

  test("is served as JSON without a signature, and does not count itself", async () => {
    const emulator = await start();
    await call(emulator, "DescribeEventsState");
    const answer = await send(emulator.origin, { method: "GET", target: "/requests", headers: {} });
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(answer.text)).toMatchObject([{ id: 1, operation: "DescribeEventsState" }]);
    expect(emulator.requests()).toHaveLength(1);
    emulator.clearRequests();
    expect(emulator.requests()).toEqual([]);
  });
});
