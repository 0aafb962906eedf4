import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { startEmulator } from "../../src/emulator/index.ts";
import { start } from "./support/running.ts";
import { apply, cos, send, upload } from "./support/wire.ts";
import { timing } from "../support/timing.ts";

describe("the handle", () => {
  test("names its one origin for both endpoints, and its keys", async () => {
    const emulator = await start({ secretId: "AKIDtest", secretKey: "key" });
    expect(emulator.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(emulator).toMatchObject({
      vodEndpoint: emulator.origin,
      cosEndpoint: emulator.origin,
      secretId: "AKIDtest",
      secretKey: "key",
      caFile: undefined,
    });
    expect((await upload(emulator, "x"))["FileId"]).toMatch(/^\d{19}$/);
  });

  test("listens where it is told to, and says when it cannot", async () => {
    const first = await start();
    const port = Number(new URL(first.origin).port);
    const dir = await mkdtemp(join(tmpdir(), "vodup-test-"));
    onTestFinished(() => rm(dir, { recursive: true }));
    await expect(startEmulator({ port, dir })).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect(await readdir(dir)).toEqual([]);
  });

  test.each([[{ dir: "/tmp/x", discard: true }], [{ signKey: "no spaces please" }]])(
    "refuses the options %j",
    async (options) => {
      await expect(startEmulator(options)).rejects.toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG_VALUE" });
    },
  );
});

describe("close", () => {
  test("ends open connections at once, twice does no harm", timing, async () => {
    const emulator = await start();
    const port = Number(new URL(emulator.origin).port);
    const idle = connect(port, "127.0.0.1");
    const half = connect(port, "127.0.0.1");
    half.write("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    const closed = [idle, half].map(
      (socket) =>
        new Promise<void>((resolve) => void socket.on("error", () => undefined).once("close", () => resolve())),
    );
    await vi.waitFor(() => expect(emulator.requests()).toHaveLength(1));
    const started = performance.now();
    await emulator.close();
    await Promise.all(closed);
    expect(performance.now() - started).toBeLessThan(1000);
    await emulator.close();
    await expect(send(emulator.origin, { method: "GET", target: "/requests", headers: {} })).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
  });

  test("leaves nothing that keeps a process alive", async () => {
    const before = process.getActiveResourcesInfo().filter((one) => one !== "Timeout" && one !== "Immediate").length;
    const emulator = await start({ tls: true, tasks: { processingMs: 60_000 } });
    await emulator.close();
    await vi.waitFor(() => {
      const after = process.getActiveResourcesInfo().filter((one) => one !== "Timeout" && one !== "Immediate").length;
      expect(after).toBeLessThanOrEqual(before);
    });
  });
});

test("offline refuses connections and keeps everything for when it is online again", async () => {
  const emulator = await start();
  const session = await apply(emulator);
  const { origin } = emulator;
  await emulator.offline();
  await expect(cos(emulator, session, "PUT", { body: "x" })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await emulator.online();
  expect(emulator.origin).toBe(origin);
  expect((await cos(emulator, session, "PUT", { body: "x" })).status).toBe(200);
  await emulator.offline();
  await emulator.close();
});

test("a client may wait for 100 Continue", async () => {
  const emulator = await start({ strictSignature: true });
  const session = await apply(emulator);
  const answer = await cos(emulator, session, "PUT", { body: "x", lateHeaders: { expect: "100-continue" } });
  expect(answer.status).toBe(200);
});

describe("TLS", () => {
  test("is spoken with a certificate of its own authority, for any name asked for", async () => {
    const emulator = await start({ tls: true });
    expect(emulator.origin).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const ca = readFileSync(emulator.caFile ?? "", "utf8");
    for (const servername of [
      undefined,
      "localhost",
      "vod.intl.tencentcloudapi.com",
      "b-1250000000.cos.ap-singapore.myqcloud.com",
    ]) {
      const headers = servername === undefined ? {} : { host: servername };
      const answer = await send(emulator.origin, { method: "GET", target: "/requests", headers, ca, servername });
      // By a name that is not this machine's the inspection is refused, over a connection that is trusted.
      expect(answer.status).toBe(servername?.includes(".") ? 403 : 200);
    }
    await expect(send(emulator.origin, { method: "GET", target: "/requests", headers: {} })).rejects.toMatchObject({
      code: expect.stringMatching(/UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET_ISSUER/),
    });
  });

  test("has a certificate file that is well-formed and goes away at the end", async () => {
    const emulator = await start({ tls: true });
    const file = emulator.caFile ?? "";
    const certificate = new X509Certificate(readFileSync(file));
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(Date.parse(certificate.validTo) - Date.now()).toBeLessThan(91 * 86_400_000);
    await emulator.close();
    expect(existsSync(file)).toBe(false);
  });

  test("cuts connections on demand as well", async () => {
    const emulator = await start({ tls: true, faults: [{ operation: "*", fault: { kind: "reset-before" } }] });
    const ca = readFileSync(emulator.caFile ?? "", "utf8");
    await expect(send(emulator.origin, { method: "GET", target: "/requests", headers: {}, ca })).rejects.toMatchObject({
      code: "ECONNRESET",
    });
  });

  test("satisfies openssl, where there is one", async ({ skip }) => {
    const emulator = await start({ tls: true });
    try {
      execFileSync("openssl", ["version"]);
    } catch {
      skip();
    }
    const text = execFileSync("openssl", [
      "verify",
      "-x509_strict",
      "-CAfile",
      emulator.caFile ?? "",
      emulator.caFile ?? "",
    ]);
    expect(text.toString()).toContain("OK");
  });
});

test("requests over one kept connection bear its number", async () => {
  const emulator = await start();
  await Promise.all([
    send(emulator.origin, { method: "GET", target: "/a", headers: {} }),
    send(emulator.origin, { method: "GET", target: "/a", headers: {} }),
  ]);
  expect(new Set(emulator.requests().map((one) => one.connection))).toEqual(new Set([1, 2]));
});

test("the log keeps the last requests only", async () => {
  const emulator = await start({ requestLogLimit: 10 });
  const session = await apply(emulator);
  for (let count = 0; count < 40; count++) await cos(emulator, session, "HEAD");
  expect(emulator.requests().map((one) => one.id)).toEqual(Array.from({ length: 10 }, (_none, index) => 32 + index));
});

describe("reset", () => {
  test("forgets everything, keeps address and keys, and begins with the options' faults and clock", async () => {
    const fault = { operation: "DescribeEventsState", fault: { kind: "delay", ms: 0 } } as const;
    const emulator = await start({ faults: [fault] });
    const first = await upload(emulator, "x");
    const open = await apply(emulator);
    emulator.advanceClock(3_600_000);
    emulator.setFaults([]);
    await emulator.reset();
    expect(Math.abs(emulator.now() - Date.now())).toBeLessThan(60_000);
    expect([emulator.media(), emulator.uploads(), emulator.sessions(), emulator.events(), emulator.requests()]).toEqual(
      [[], [], [], [], []],
    );
    expect([...(await emulator.objects())]).toEqual([]);
    expect(emulator.faults()).toEqual([{ rule: fault, matched: 0, applied: 0 }]);
    // A certificate of before is not known any more; a new upload works.
    expect((await cos(emulator, open, "PUT", { body: "x" })).status).toBe(403);
    expect((await upload(emulator, "y"))["FileId"]).not.toBe(first["FileId"]);
  });

  test("removes the files of --dir, also where two resets meet", async () => {
    const dir = await mkdtemp(join(tmpdir(), "vodup-test-"));
    onTestFinished(() => rm(dir, { recursive: true }));
    const emulator = await start({ dir });
    await upload(emulator, "x");
    await Promise.all([emulator.reset(), emulator.reset()]);
    await upload(emulator, "y");
    expect((await emulator.objects()).size).toBe(1);
    await emulator.close();
    const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    expect(files).toHaveLength(1);
  });
});
