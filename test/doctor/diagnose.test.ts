import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Emulator, EmulatorOptions } from "../../src/emulator/index.ts";
import type { Check, CheckName } from "../../src/doctor/check.ts";
import type { Setup } from "../../src/doctor/diagnose.ts";
import { diagnose } from "../../src/doctor/diagnose.ts";
import { checkNode } from "../../src/doctor/machine.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { defaultCredentials } from "../../src/index.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { closedPort, httpServer } from "../support/raw-servers.ts";

const order: CheckName[] = [
  "node",
  "state",
  "credentials",
  "proxy",
  "endpoint",
  "clock",
  "key",
  "sub-app",
  "storage-region",
  "events",
  "storage",
];

const running: Emulator[] = [];
afterEach(async () => {
  for (const emulator of running.splice(0)) await emulator.close();
});

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "vodup-doctor-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function emulatorWith(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  running.push(emulator);
  return emulator;
}

/** What is found with the emulator's own key and endpoints, but for what `change` says. */
async function findingsOf(emulator: Emulator, change: Partial<Setup> = {}): Promise<Map<CheckName, Check>> {
  const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
  const setup: Setup = {
    credentials: async () => ({ secretId, secretKey, source: "the test" }),
    vodEndpoint,
    cosEndpoint,
    env: {},
    stateDirectory: join(home, "state"),
    nodeVersion: "24.1.0",
    signal: new AbortController().signal,
    limits: { connectMs: 500, headersMs: 500 },
    ...change,
  };
  const found = new Map<CheckName, Check>();
  for await (const check of diagnose(setup)) found.set(check.name, check);
  expect([...found.keys()]).toEqual(order);
  const shown = JSON.stringify([...found.values()]);
  for (const secret of [secretId, secretKey, "q-signature", "Signature="]) expect(shown).not.toContain(secret);
  return found;
}

/** Names of the checks with a status. */
const those = (found: Map<CheckName, Check>, status: Check["status"]): CheckName[] =>
  [...found.values()].filter((check) => check.status === status).map(({ name }) => name);

test("where all is well, everything passes and nothing is changed", async () => {
  const emulator = await emulatorWith();
  const found = await findingsOf(emulator);
  expect([...found.values()]).toMatchObject([
    { name: "node", detail: "Node 24.1.0 is supported" },
    { name: "state", detail: `${join(home, "state")} can be made when it is needed` },
    { name: "credentials", detail: "from the test: a lasting key" },
    { name: "proxy", detail: "none: HTTPS_PROXY is not set" },
    { name: "endpoint", detail: "the service answers" },
    { name: "clock", detail: "right" },
    { name: "key", detail: "the service accepts it" },
    { name: "sub-app", detail: "the account's default application is accepted" },
    { name: "storage-region", detail: expect.stringMatching(/^ap-singapore by default; opened: .*ap-hongkong/) },
    { name: "events", detail: "uploads make events, queued for vodup events" },
    { name: "storage", detail: `COS answers at ${new URL(emulator.origin).host}` },
  ]);
  expect(those(found, "pass")).toEqual(order);
  const operations = emulator.requests().map(({ operation }) => operation);
  expect(operations).toEqual(["DescribeSubAppIds", "DescribeStorageRegions", "DescribeEventConfig", "HeadObject"]);
});

describe("Node", () => {
  test.each([
    ["22.12.0", "pass", "Node 22.12.0 is supported"],
    ["26.0.0", "pass", "Node 26.0.0 is supported"],
    ["20.20.2", "pass", "Node 20.20.2 runs, but upstream has ended it"],
    ["20.18.3", "fail", "Node 20.18.3 is too old"],
    ["18.20.0", "fail", "Node 18.20.0 is too old"],
    ["23.4.0", "unknown", "Node 23.4.0 is not tested"],
    ["27.0.0", "unknown", "Node 27.0.0 is not tested"],
  ])("%s: %s", (version, status, detail) => {
    expect(checkNode(version)).toMatchObject({ name: "node", status, detail });
  });
});

test("a Node that takes any certificate is a failure, however new it is", async () => {
  const found = await findingsOf(await emulatorWith(), { env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } });
  expect(those(found, "fail")).toEqual(["node"]);
  expect(found.get("node")).toMatchObject({
    detail: expect.stringContaining("NODE_TLS_REJECT_UNAUTHORIZED=0"),
    remedy: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
  });
  for (const value of ["", "1", "false"]) {
    expect(checkNode("24.1.0", { NODE_TLS_REJECT_UNAUTHORIZED: value }).status).toBe("pass");
  }
});

describe("credentials", () => {
  test("that are nowhere: named places, and the service is looked at all the same", async () => {
    const found = await findingsOf(await emulatorWith(), { credentials: defaultCredentials({ env: {}, home }) });
    expect(found.get("credentials")).toMatchObject({
      status: "fail",
      detail: expect.stringMatching(/TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set.*credentials/),
      remedy: expect.stringContaining("set TENCENTCLOUD_SECRET_ID"),
      cause: { code: "CREDENTIALS" },
    });
    expect(those(found, "pass")).toEqual(["node", "state", "proxy", "endpoint", "clock", "storage"]);
    expect(those(found, "unknown")).toEqual(["key", "sub-app", "storage-region", "events"]);
  });

  test("of a file are said to be", async () => {
    const emulator = await emulatorWith();
    const path = join(home, ".tencentcloud", "credentials");
    await mkdir(join(home, ".tencentcloud"), { recursive: true });
    await writeFile(path, `[default]\nsecret_id = ${emulator.secretId}\nsecret_key = ${emulator.secretKey}\n`);
    const found = await findingsOf(emulator, { credentials: defaultCredentials({ env: {}, home }) });
    expect(found.get("credentials")).toMatchObject({ status: "pass", detail: `from ${path}: a lasting key` });
    await writeFile(path, "[default]\nsecret_id = \n");
    const broken = await findingsOf(emulator, { credentials: defaultCredentials({ env: {}, home }) });
    expect(broken.get("credentials")).toMatchObject({
      status: "fail",
      detail: expect.stringContaining("secret_id in section [default] is empty"),
    });
    await rm(path);
  });

  const forms: [string, object, Check["status"], RegExp][] = [
    ["exchanged", { secretId: "exampleKey", secretKey: "AKIDexample" }, "fail", /seem to be exchanged/],
    ["expired", { expiration: new Date(Date.now() - 90_000) }, "fail", /they expired \d+ s ago/],
    [
      "temporary",
      { token: "t", expiration: new Date(Date.now() + 600_000) },
      "pass",
      /a temporary key .* another (600|59\d) s/,
    ],
    ["of another form", { secretId: "demo" }, "unknown", /does not begin as they usually do/],
    ["international", { secretId: "IKIDexample" }, "pass", /a lasting key/],
  ];
  test.each(forms)("%s", async (_, change, status, detail) => {
    const credentials = async () => ({ secretId: "AKIDexample", secretKey: "exampleKey", ...change });
    const found = await findingsOf(await emulatorWith(), { credentials });
    expect(found.get("credentials")).toMatchObject({ status, detail: expect.stringMatching(detail) });
  });
});

describe("the key", () => {
  test("that the service does not know: the other site is named", async () => {
    const credentials = async () => ({ secretId: "AKIDother", secretKey: "exampleKey" });
    const found = await findingsOf(await emulatorWith(), { credentials });
    expect(found.get("key")).toMatchObject({
      status: "fail",
      detail: expect.stringMatching(/^AuthFailure\.SecretIdNotFound \(request [\w-]+\)$/),
      remedy: expect.stringContaining("other site"),
      cause: { apiCode: "AuthFailure.SecretIdNotFound" },
    });
    expect(those(found, "unknown")).toEqual(["sub-app", "storage-region", "events"]);
  });

  test("whose secret is another's", async () => {
    const emulator = await emulatorWith();
    const credentials = async () => ({ secretId: emulator.secretId, secretKey: "exampleKey" });
    const found = await findingsOf(emulator, { credentials });
    expect(found.get("key")).toMatchObject({
      status: "fail",
      detail: expect.stringContaining("AuthFailure.SignatureFailure"),
      remedy: expect.stringContaining("may not belong to the secret id"),
    });
  });

  test("that may not ask for settings is accepted, and they stay unknown", async () => {
    const body = '{"Response":{"Error":{"Code":"AuthFailure.UnauthorizedOperation","Message":"no"},"RequestId":"r-1"}}';
    const emulator = await emulatorWith();
    emulator.setFaults([{ operation: "vod", fault: { kind: "answer", status: 200, body } }]);
    const found = await findingsOf(emulator);
    expect(found.get("key")).toMatchObject({ status: "pass", detail: expect.stringContaining("may not list") });
    expect(those(found, "fail")).toEqual([]);
    expect(those(found, "unknown")).toEqual(["storage-region", "events"]);
  });
});

describe("the clock", () => {
  test.each([
    [10 * 60_000, "fail", /^(599|600) s behind the service's: beyond 5 minutes/],
    [-10 * 60_000, "fail", /^(600|601) s ahead of the service's: beyond 5 minutes/],
    [120_000, "pass", /^(119|120) s behind the service's$/],
  ] as const)("%s ms off: %s", async (offset, status, detail) => {
    const emulator = await emulatorWith({ clock: () => Date.now() + offset });
    const found = await findingsOf(emulator);
    expect(found.get("clock")).toMatchObject({
      status,
      detail: expect.stringMatching(detail),
      remedy: "synchronise this machine's clock (NTP)",
    });
    // Signatures are corrected, so all the rest can still be looked at.
    expect(those(found, "pass")).toContain("storage-region");
  });
});

describe("the application", () => {
  const subAppIds = [1_500_000_007];

  test("that is named and exists", async () => {
    const found = await findingsOf(await emulatorWith({ subAppIds }), { subAppId: "1500000007" });
    expect(found.get("sub-app")).toMatchObject({ status: "pass", detail: expect.stringContaining("1500000007") });
  });

  test("that does not exist: those of the account are listed", async () => {
    const found = await findingsOf(await emulatorWith({ subAppIds }), { subAppId: "1500000099" });
    expect(found.get("sub-app")).toMatchObject({
      status: "fail",
      detail: expect.stringMatching(/^application 1500000099 is refused: .*InvalidParameterValue\.SubAppId/),
      remedy: expect.stringMatching(/the account has .*1500000007/),
    });
    expect(those(found, "unknown")).toEqual(["storage-region", "events"]);
  });

  test("that must be named and is not", async () => {
    const found = await findingsOf(await emulatorWith({ requireSubAppId: true, subAppIds }));
    expect(found.get("sub-app")).toMatchObject({
      status: "fail",
      detail: expect.stringMatching(/^the account's default application is refused/),
      remedy: expect.stringMatching(/^name one with --sub-app-id; the account has .*1500000007/),
    });
  });

  test("that is switched off", async () => {
    const app = { SubAppId: 1_500_000_007, SubAppIdName: "old", Status: "Off" };
    const body = JSON.stringify({ Response: { SubAppIdInfoSet: [app], TotalCount: 1, RequestId: "r-1" } });
    const emulator = await emulatorWith();
    emulator.setFaults([{ operation: "DescribeSubAppIds", fault: { kind: "answer", status: 200, body } }]);
    const found = await findingsOf(emulator, { subAppId: "1500000007" });
    expect(found.get("sub-app")).toMatchObject({ status: "fail", detail: "application 1500000007 is Off" });
  });
});

describe("the storage region", () => {
  test.each([
    ["ap-hongkong", "pass", /^ap-hongkong is opened$/],
    ["sa-saopaulo", "fail", /^sa-saopaulo is not opened; opened: .*ap-singapore/],
    ["ap-moon", "fail", /^ap-moon is no storage region; opened:/],
  ] as const)("%s: %s", async (storageRegion, status, detail) => {
    const found = await findingsOf(await emulatorWith(), { storageRegion });
    expect(found.get("storage-region")).toMatchObject({ status, detail: expect.stringMatching(detail) });
    if (status === "fail") expect(found.get("storage-region")?.remedy).toBeDefined();
  });
});

describe("events", () => {
  test("that are off are no failure: nobody must want them", async () => {
    const found = await findingsOf(await emulatorWith({ uploadEvents: false }));
    expect(found.get("events")).toMatchObject({
      status: "unknown",
      detail: "uploads make no events (they would be queued for vodup events)",
      remedy: "if you wait for them: vodup events config --upload-events on",
    });
    expect(those(found, "fail")).toEqual([]);
  });

  test("that are pushed: where to, without what may be secret in the address", async () => {
    const found = await findingsOf(await emulatorWith({ notificationUrl: "http://127.0.0.1:9/hook?key=s3cret" }));
    expect(found.get("events")).toMatchObject({
      status: "pass",
      detail: "uploads make events, pushed to http://127.0.0.1:9",
    });
  });
});

describe("the network", () => {
  test("nobody at the endpoint: the rest is unknown, but for COS", async () => {
    const vodEndpoint = `http://127.0.0.1:${await closedPort()}`;
    const found = await findingsOf(await emulatorWith(), { vodEndpoint });
    expect(found.get("endpoint")).toMatchObject({
      status: "fail",
      detail: expect.stringContaining("ECONNREFUSED"),
      remedy: expect.stringContaining("--vod-endpoint"),
      cause: { code: "NETWORK" },
    });
    expect(those(found, "fail")).toEqual(["endpoint"]);
    expect(those(found, "unknown")).toEqual(["clock", "key", "sub-app", "storage-region", "events"]);
  });

  test("nobody where COS should be", async () => {
    const cosEndpoint = `http://127.0.0.1:${await closedPort()}`;
    const found = await findingsOf(await emulatorWith(), { cosEndpoint });
    expect(those(found, "fail")).toEqual(["storage"]);
    expect(found.get("storage")).toMatchObject({ remedy: expect.stringContaining("*.myqcloud.com") });
  });

  test("a portal in place of both", async () => {
    const portal = await httpServer((_, response) => response.writeHead(200).end("<html>log in</html>"));
    const found = await findingsOf(await emulatorWith(), { vodEndpoint: portal.origin, cosEndpoint: portal.origin });
    expect(those(found, "fail")).toEqual(["endpoint", "storage"]);
    expect(found.get("endpoint")?.remedy).toContain("captive portals");
    expect(found.get("storage")?.remedy).toContain("captive portals");
  });

  test("an endpoint that says nothing is told within the limits", async () => {
    const emulator = await emulatorWith();
    emulator.setFaults([{ operation: "vod", fault: { kind: "hang" } }]);
    const found = await findingsOf(emulator);
    expect(found.get("endpoint")).toMatchObject({ status: "fail", cause: { code: "TIMEOUT" } });
  });

  test("an abort ends it with its own reason", async () => {
    const emulator = await emulatorWith();
    emulator.setFaults([{ operation: "vod", fault: { kind: "hang" } }]);
    const reason = new Error("enough");
    const signal = AbortSignal.any([AbortSignal.timeout(5_000), abortedSoon(reason)]);
    await expect(findingsOf(emulator, { signal, limits: {} })).rejects.toBe(reason);
  });
});

describe("the proxy", () => {
  const toTheService = { vodEndpoint: undefined, cosEndpoint: undefined };

  test("that is in use is named, without its password", async () => {
    const emulator = await emulatorWith();
    const env = { HTTPS_PROXY: "http://user:hunter2@127.0.0.1:9", NO_PROXY: "127.0.0.1" };
    const found = await findingsOf(emulator, { env });
    expect(found.get("proxy")).toMatchObject({
      status: "pass",
      detail: "127.0.0.1:9 (HTTPS_PROXY), but for 127.0.0.1 (NO_PROXY)",
    });
    expect(those(found, "fail")).toEqual([]);
  });

  test("that wants a password is what fails", async () => {
    const proxy = await connectProxy({ route: () => 1, refuse: () => "HTTP/1.1 407 No\r\n\r\n" });
    const env = { HTTPS_PROXY: `http://user:hunter2@${proxy.host}` };
    const found = await findingsOf(await emulatorWith(), { ...toTheService, env });
    expect(found.get("proxy")).toMatchObject({
      status: "fail",
      detail: expect.stringContaining("407"),
      remedy: expect.stringContaining("HTTPS_PROXY"),
      cause: { code: "PROXY", status: 407 },
    });
    expect(found.get("endpoint")).toMatchObject({ status: "unknown" });
    expect(JSON.stringify([...found.values()])).not.toContain("hunter2");
  });

  test("that is no URL is what fails, and nothing is sent past it", async () => {
    const emulator = await emulatorWith();
    const found = await findingsOf(emulator, { env: { HTTPS_PROXY: "socks5://user:hunter2@127.0.0.1:9" } });
    expect(found.get("proxy")).toMatchObject({ status: "fail", cause: { code: "ERR_INVALID_ARG_VALUE" } });
    expect(emulator.requests()).toEqual([]);
    expect(JSON.stringify([...found.values()])).not.toContain("hunter2");
  });
});

function abortedSoon(reason: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  return controller.signal;
}

describe("the state directory", () => {
  test("that cannot be made is named, with what to do; uploads go through without it", async () => {
    await writeFile(join(home, "file"), "");
    const found = await findingsOf(await emulatorWith(), { stateDirectory: join(home, "file/vodup") });
    expect(found.get("state")).toMatchObject({
      status: "unknown",
      detail: expect.stringContaining(join(home, "file")),
      remedy: expect.stringContaining("XDG_STATE_HOME"),
    });
  });

  test("that is there can be written", async () => {
    const found = await findingsOf(await emulatorWith(), { stateDirectory: home });
    expect(found.get("state")).toMatchObject({ status: "pass", detail: `${home} can be written` });
  });
});

test("where nothing is reached, no finding says that something was refused", async () => {
  const port = await closedPort();
  const found = await findingsOf(await emulatorWith(), { vodEndpoint: `http://127.0.0.1:${port}` });
  for (const name of ["clock", "key", "sub-app", "storage-region", "events"] as const) {
    expect(found.get(name)).toMatchObject({ status: "unknown", detail: "the service was not reached" });
  }
});

test.each(["http:/proxy:3128", "http//proxy:3128", "socks5://proxy:1080"])(
  "a malformed proxy fails: %s",
  async (proxy) => {
    const found = await findingsOf(await emulatorWith(), { env: { HTTPS_PROXY: proxy } });
    expect(found.get("proxy")).toMatchObject({
      status: "fail",
      detail: expect.stringContaining("HTTPS_PROXY: must be"),
    });
    expect(found.get("endpoint")).toMatchObject({ detail: expect.stringContaining("was not reached") });
  },
);
