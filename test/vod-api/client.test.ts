import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { VodApi, type VodApiOptions } from "../../src/vod-api/client.ts";
import { answerText, onRequests, pause, tcpServer } from "../support/raw-servers.ts";
import { rejection } from "../http/support.ts";
import { timing } from "../support/timing.ts";

const opened: VodApi[] = [];
const credentials = { secretId: "AKIDexample", secretKey: "5ecretKey" };

afterEach(async () => {
  await Promise.all(opened.splice(0).map((api) => api.close()));
});

interface Seen {
  readonly head: string;
  readonly body: string;
  readonly header: (name: string) => string | undefined;
}

/** An API whose server answers by turns; "cut" closes the connection instead, "reset" resets it. */
async function serve(
  answers: readonly string[],
  options: Partial<VodApiOptions> = {},
): Promise<{ api: VodApi; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = await tcpServer((socket) =>
    onRequests(socket, (head, body) => {
      const header = (name: string): string | undefined =>
        new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1]?.replace("\r", "");
      seen.push({ head, body: String(body), header });
      const answer = answers[Math.min(seen.length, answers.length) - 1] ?? "cut";
      if (answer === "cut") socket.end();
      else if (answer === "reset") socket.resetAndDestroy();
      else if (answer !== "hang") socket.write(answer);
    }),
  );
  const api = new VodApi({
    credentials,
    vodEndpoint: server.origin,
    retry: { baseDelayMs: 1, throttleDelayMs: 1 },
    limits: { headersMs: 300 },
    ...options,
  });
  opened.push(api);
  return { api, seen };
}

const ok = (fields: object = {}): string =>
  answerText(200, {}, JSON.stringify({ Response: { ...fields, RequestId: "r" } }));
const failure = (Code: string, headers: Record<string, string> = {}): string =>
  answerText(200, headers, JSON.stringify({ Response: { Error: { Code, Message: "m" }, RequestId: "r" } }));

describe("a call", () => {
  test("is a signed POST of JSON to /, with the documented headers", async () => {
    const { api, seen } = await serve([ok({ EventSet: [] })]);
    expect(await api.call("DescribeEventsState", {})).toEqual({ EventSet: [], RequestId: "r" });
    const [request] = seen;
    expect(request?.head.split("\r\n")[0]).toBe("POST / HTTP/1.1");
    expect(request?.header("x-tc-action")).toBe("DescribeEventsState");
    expect(request?.header("x-tc-version")).toBe("2018-07-17");
    expect(request?.header("x-tc-region")).toBe("ap-singapore");
    expect(request?.header("content-type")).toBe("application/json");
    expect(request?.header("x-tc-token")).toBeUndefined();
    expect(request?.header("authorization")).toMatch(
      /^TC3-HMAC-SHA256 Credential=AKIDexample\/\d{4}-\d\d-\d\d\/vod\/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature=[0-9a-f]{64}$/,
    );
    expect(request?.body).toBe("{}");
  });

  test.each([{}, { site: "intl" }, { vodEndpoint: "vod.intl.tencentcloudapi.com" }] as const)(
    "is refused before it is sent where the international API does not have the action: %j",
    async (endpoint) => {
      let asked = 0;
      const provider = async (): Promise<typeof credentials> => ((asked += 1), credentials);
      const api = new VodApi({ credentials: provider, ...endpoint });
      opened.push(api);
      const error = await rejection(api.call("DescribeEventsState", {}));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
      expect(String(error)).toMatch(/DescribeEventsState at vod\.intl\.tencentcloudapi\.com: .*site "cn"/);
      expect(asked).toBe(0);
    },
  );

  test("signs two headers when the option says minimal, and sends a token", async () => {
    const { api, seen } = await serve([ok()], {
      signedHeaders: "minimal",
      credentials: { ...credentials, token: "t" },
    });
    await api.call("DescribeEventsState", {});
    expect(seen[0]?.header("authorization")).toContain("SignedHeaders=content-type;host,");
    expect(seen[0]?.header("x-tc-token")).toBe("t");
  });

  test("carries the client's SubAppId as a bare integer where the action knows it, the call's own before that", async () => {
    const { api, seen } = await serve([ok()], { subAppId: "18446744073709551615".slice(0, 19) });
    await api.call("ApplyUpload", { MediaType: "mp4" });
    await api.call("ParseStreamingManifest", { MediaManifestContent: "x", ManifestType: "m3u8" });
    await api.call("DescribeSubAppIds", {});
    await api.call("ApplyUpload", { MediaType: "mp4", SubAppId: 7 });
    await api.call("SomethingNew", { A: 1 });
    expect(seen.map(({ body }) => /"SubAppId":(\d+)/.exec(body)?.[1])).toEqual([
      "1844674407370955161",
      undefined,
      undefined,
      "7",
      "1844674407370955161",
    ]);
  });

  test.each(["", "applyUpload", "Apply Upload", "Apply\r\nX: y", "ApplyUpload/../x", "__proto__", "constructor"])(
    "of an action named %j is refused, and nothing is sent",
    async (action) => {
      const { api, seen } = await serve([ok()]);
      expect(await rejection(api.call(action, {}))).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
      expect(seen).toHaveLength(0);
    },
  );
});

describe("what is repeated", () => {
  test.each(["cut", "reset", answerText(502, {}, "<html>"), answerText(200), failure("InternalError.DBError"), "hang"])(
    "an action without effect, after %j",
    async (first) => {
      const { api, seen } = await serve([first, ok()]);
      await api.call("DescribeEventsState", {});
      expect(seen).toHaveLength(2);
    },
  );

  test.each(["cut", "reset", answerText(502, {}, "<html>"), answerText(200), failure("InternalError"), "hang"])(
    "never one with an effect that may have taken place: after %j",
    async (first) => {
      const { api, seen } = await serve([first, ok()]);
      const error = await rejection(api.call("CreateSubAppId", { Name: "x" }));
      expect(error).toMatchObject({ attempts: 1 });
      await pause(20);
      expect(seen).toHaveLength(1);
    },
  );

  test.each(["RequestLimitExceeded", "RequestLimitExceeded.UinLimitExceeded"])(
    "any action that was refused for its rate: %s",
    async (code) => {
      const { api, seen } = await serve([failure(code), failure(code), ok()]);
      await api.call("CreateSubAppId", { Name: "x" });
      expect(seen).toHaveLength(3);
    },
  );

  test("any action whose connection was refused", async () => {
    const { seen } = await serve([ok()]);
    const { closedPort } = await import("../support/raw-servers.ts");
    const api = new VodApi({
      credentials,
      vodEndpoint: `http://127.0.0.1:${await closedPort()}`,
      retry: { baseDelayMs: 1, attempts: 3 },
    });
    opened.push(api);
    expect(await rejection(api.call("CreateSubAppId", { Name: "x" }))).toMatchObject({ phase: "connect", attempts: 3 });
    expect(seen).toHaveLength(0);
  });

  test.each([
    "InvalidParameterValue.MediaType",
    "AuthFailure.SignatureFailure",
    "UnauthorizedOperation",
    "FailedOperation",
  ])("nothing after %s", async (code) => {
    const { api, seen } = await serve([failure(code), ok()]);
    expect(await rejection(api.call("DescribeEventsState", {}))).toMatchObject({ apiCode: code, attempts: 1 });
    expect(seen).toHaveLength(1);
  });

  test("as often as the policy says, and the last error is told", async () => {
    const { api, seen } = await serve([answerText(503, {}, "x")], { retry: { attempts: 3, baseDelayMs: 1 } });
    const error = await rejection(api.call("DescribeEventsState", {}));
    expect(error).toMatchObject({ code: "BAD_ANSWER", status: 503, attempts: 3 });
    expect(seen).toHaveLength(3);
  });

  test("with a new signature each time", async () => {
    let now = Date.UTC(2026, 0, 1);
    const { api, seen } = await serve(["cut", ok()], { clock: () => (now += 60_000) });
    await api.call("DescribeEventsState", {});
    expect(seen[0]?.header("authorization")).not.toBe(seen[1]?.header("authorization"));
    expect(Number(seen[1]?.header("x-tc-timestamp"))).toBeGreaterThan(Number(seen[0]?.header("x-tc-timestamp")));
  });
});

describe("a clock that is off", () => {
  const expired = failure("AuthFailure.SignatureExpire", { date: "Wed, 01 Jul 2026 12:00:00 GMT" });

  test("is corrected once, kept, and helps calls that were under way as well", async () => {
    const { api, seen } = await serve([expired, expired, expired, ok()], { clock: () => Date.UTC(2026, 6, 1, 9) });
    await Promise.all([1, 2, 3].map(() => api.call("DescribeEventsState", {})));
    await api.call("DescribeEventsState", {});
    const noon = Date.UTC(2026, 6, 1, 12) / 1000;
    expect(seen.map((each) => Number(each.header("x-tc-timestamp")) - noon)).toEqual([
      -10_800, -10_800, -10_800, 0, 0, 0, 0,
    ]);
  });

  test("is not corrected twice in a call", async () => {
    const { api, seen } = await serve([expired], { clock: () => Date.UTC(2026, 6, 1, 9) });
    expect(await rejection(api.call("DescribeEventsState", {}))).toMatchObject({ attempts: 2 });
    expect(seen).toHaveLength(2);
  });

  test("cannot be corrected without a Date: a new signature is tried once, as the old one may have run out on its way", async () => {
    const { api, seen } = await serve([failure("AuthFailure.SignatureExpire")]);
    expect(await rejection(api.call("DescribeEventsState", {}))).toMatchObject({
      apiCode: "AuthFailure.SignatureExpire",
    });
    expect(seen).toHaveLength(2);
  });
});

describe("refused credentials", () => {
  test("of a provider are asked for again, once", async () => {
    let given = 0;
    const provider = async () => ({ secretId: `AKID${(given += 1)}`, secretKey: "k", token: `t${given}` });
    const { api, seen } = await serve([failure("AuthFailure.TokenFailure"), ok()], { credentials: provider });
    await api.call("DescribeEventsState", {});
    expect(seen.map((each) => each.header("x-tc-token"))).toEqual(["t1", "t2"]);
  });

  test("that are fixed are final", async () => {
    const { api, seen } = await serve([failure("AuthFailure.SecretIdNotFound"), ok()]);
    expect(await rejection(api.call("DescribeEventsState", {}))).toMatchObject({
      apiCode: "AuthFailure.SecretIdNotFound",
    });
    expect(seen).toHaveLength(1);
  });
});

test("a server that repeats what it was sent does not make an error show a key, a token or a signature", async () => {
  const key = "the-session-key/+==0123456789";
  const token = "a-t0ken/+==0123456789";
  const Message = `bad ${key} x-tc-token: ${token} Signature=${"ab".repeat(32)}`;
  const echo = answerText(
    200,
    {},
    JSON.stringify({ Response: { Error: { Code: `No.${token}`, Message }, RequestId: key } }),
  );
  const { api } = await serve([echo], { credentials: { ...credentials, token } });
  const error = await rejection(api.call("CommitUpload", { VodSessionKey: key }));
  expect(error).toMatchObject({ apiCode: "No.[hidden]", requestId: "[hidden]" });
  const told = inspect(error, { depth: 20 }) + JSON.stringify(error) + (error as Error).message;
  for (const secret of [key, token, "ab".repeat(32)]) expect(told).not.toContain(secret);
});

test("an abort rejects with its own reason, also between two attempts", async () => {
  const { api } = await serve([answerText(503)], { retry: { baseDelayMs: 60_000, maxDelayMs: 60_000 } });
  const controller = new AbortController();
  setTimeout(() => controller.abort("enough"), 50);
  expect(await rejection(api.call("DescribeEventsState", {}, { signal: controller.signal }))).toBe("enough");
});

describe("an option that cannot be used is refused by name", () => {
  test.each([
    ["site", { site: "us" }],
    ["site", { site: "toString" }],
    ["region", { region: "AP Singapore" }],
    ["region", { region: "" }],
    ["region", { region: 5 }],
    ["subAppId", { subAppId: "abc" }],
    ["subAppId", { subAppId: 0 }],
    ["subAppId", { subAppId: -1 }],
    ["subAppId", { subAppId: 1.5 }],
    ["subAppId", { subAppId: 2 ** 53 }],
    ["subAppId", { subAppId: "" }],
    ["subAppId", { subAppId: "18446744073709551616" }],
    ["signedHeaders", { signedHeaders: "all" }],
    ["vodEndpoint", { vodEndpoint: "http://vod.example" }],
    ["credentials", { credentials: undefined }],
    ["credentials.secretKey", { credentials: { secretId: "a", secretKey: " k" } }],
    ["retry.attempts", { retry: { attempts: 0 } }],
    ["limits.bodyMs", { limits: { bodyMs: 0 } }],
  ])("%s in %j", (name, options) => {
    expect(() => new VodApi({ credentials, ...options } as unknown as VodApiOptions)).toThrow(
      expect.objectContaining({
        code: "ERR_INVALID_ARG_VALUE",
        message: expect.stringMatching(new RegExp(`^${name}\\b`)),
      }),
    );
  });

  test("the largest SubAppId of the wire's uint64 is taken", async () => {
    const { api, seen } = await serve([ok()], { subAppId: 18_446_744_073_709_551_615n });
    await api.call("DescribeEventsState", {});
    expect(seen[0]?.body).toContain('"SubAppId":18446744073709551615');
  });
});

describe("the rate of uploads", () => {
  test(
    "is kept by ApplyUpload and CommitUpload, each on its own, repetitions included; other actions do not wait",
    timing,
    async () => {
      const ended: string[] = [];
      const { api, seen } = await serve([failure("RequestLimitExceeded"), ok()], { apiRate: 10 });
      const call = async (action: "ApplyUpload" | "CommitUpload" | "DescribeTaskDetail"): Promise<void> => {
        await api.call(action, {} as never);
        ended.push(action);
      };
      const six = (action: Parameters<typeof call>[0]): Promise<void[]> =>
        Promise.all(Array.from({ length: 6 }, () => call(action)));
      const begun = performance.now();
      await call("ApplyUpload");
      const started = performance.now();
      const took = async (calls: Promise<unknown>): Promise<number> => calls.then(() => performance.now() - started);
      const [applied, committed] = await Promise.all([
        took(six("ApplyUpload")),
        took(six("CommitUpload")),
        six("DescribeTaskDetail"),
      ]);
      // One request was refused and went again: of eight the last has its turn after 700 ms, of six after 500.
      expect(seen.filter(({ header }) => header("x-tc-action") === "ApplyUpload")).toHaveLength(8);
      expect(applied + started - begun).toBeGreaterThanOrEqual(699);
      expect(committed).toBeGreaterThanOrEqual(499);
      expect(ended.lastIndexOf("DescribeTaskDetail")).toBeLessThan(ended.lastIndexOf("CommitUpload"));
    },
  );

  test("waits end with the caller's signal", timing, async () => {
    const { api, seen } = await serve([ok()], { apiRate: 1 });
    await api.call("ApplyUpload", {} as never);
    const reason = new Error("enough");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    const started = performance.now();
    expect(await rejection(api.call("ApplyUpload", {} as never, controller))).toBe(reason);
    expect(performance.now() - started).toBeLessThan(900);
    expect(seen).toHaveLength(1);
  });

  test.each([0, 1.5, -1, Number.NaN, Infinity])("%d is refused", (apiRate) => {
    expect(() => new VodApi({ credentials, apiRate })).toThrow(/apiRate: must be a whole number/);
  });
});
