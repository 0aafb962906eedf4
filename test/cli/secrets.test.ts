import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { FaultRule } from "../../src/emulator/index.ts";
import type { Bench } from "./support/bench.ts";
import type { RecordingProxy } from "../support/recording-proxy.ts";
import { recordingProxy } from "../support/recording-proxy.ts";
import { mib, openBench } from "./support/bench.ts";

/* What the command prints, with --debug and without, never holds a key, a token, a signature or a session key. */

const secretKey = "AccountSecretKey/5ecret";
const token = "Acc0untT0ken+/==";
let bench: Bench;
let proxy: RecordingProxy;
let path: string;

beforeAll(async () => {
  bench = await openBench({ secretKey, token, sessionRefresh: "unknown-parameter" });
  proxy = await recordingProxy(bench.emulator.origin);
  path = await bench.file("lesson.mp4", 3 * mib);
});

afterAll(async () => {
  await proxy.close();
  await bench.close();
});

beforeEach(() => bench.emulator.setFaults([]));

function judge(printed: string): void {
  const sent = proxy.sent();
  const secrets = new Set([secretKey, token]);
  for (const [, signature] of sent.matchAll(/(?:q-signature|Signature)=([0-9a-f]{40,64})/g))
    secrets.add(signature ?? "");
  for (const [, one] of sent.matchAll(/^(?:x-cos-security-token|x-tc-token): *(\S+)/gim)) secrets.add(one ?? "");
  for (const [, key] of sent.matchAll(/"VodSessionKey":"([^"]{16,})"/g)) secrets.add(key ?? "");
  expect(secrets.size).toBeGreaterThan(2);
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret)]) {
      if (printed.includes(form)) throw new Error(`it prints ${form.slice(0, 12)}…`);
    }
  }
}

const cos = (status: number): FaultRule["fault"] => ({
  kind: "answer",
  status,
  headers: { "x-cos-request-id": "NWYx" },
});
const cases: [string, FaultRule[]][] = [
  ["all goes well", []],
  ["everything is lost once", [{ operation: "*", every: 3, fault: { kind: "reset-before" } }]],
  ["parts are refused", [{ operation: "UploadPart", fault: cos(403) }]],
  ["parts are damaged", [{ operation: "UploadPart", fault: { kind: "corrupt-body" } }]],
  ["the certificate runs out", [{ operation: "UploadPart", fault: { kind: "expire-certificate" } }]],
  ["the whole is damaged", [{ operation: "CompleteMultipartUpload", fault: { kind: "wrong-crc64" } }]],
  ["a gateway answers", [{ operation: "ApplyUpload", fault: { kind: "answer", status: 403, body: "<html>" } }]],
  ["the commit is refused", [{ operation: "CommitUpload", fault: { kind: "answer", status: 403 } }]],
];

test.each(cases)("when %s", async (_, faults) => {
  bench.emulator.setFaults(faults);
  const { stdout, stderr } = await bench.run(
    ["upload", path, "--part-size", "1MiB", "--retries", "1", "--json", "--debug"],
    {
      env: { TENCENTCLOUD_SESSION_TOKEN: token, VODUP_VOD_ENDPOINT: proxy.origin, VODUP_COS_ENDPOINT: proxy.origin },
    },
  );
  expect(stdout).not.toBe("");
  expect(stderr).not.toBe("");
  judge(stdout + stderr);
});

test("a wrong key is refused without showing it, and neither a key nor a token is taken as an argument", async () => {
  const wrong = "Wr0ngSecretKey0123456789";
  const env = { TENCENTCLOUD_SECRET_KEY: wrong, TENCENTCLOUD_SESSION_TOKEN: token };
  const { code, stdout, stderr } = await bench.run(["upload", path, "--debug"], {
    env: { ...env, VODUP_VOD_ENDPOINT: proxy.origin, VODUP_COS_ENDPOINT: proxy.origin },
  });
  expect(code).toBe(4);
  expect(stdout + stderr).not.toContain(wrong);
  judge(stdout + stderr);
  const refused = await bench.run(["upload", path, "--secret-key", wrong]);
  expect(refused.code).toBe(2);
  expect(refused.stdout + refused.stderr).not.toContain(wrong);
});
