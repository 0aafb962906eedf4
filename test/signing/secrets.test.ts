import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  deriveTc3Keys,
  presignCosUrl,
  signClientUpload,
  signCos,
  signTc3,
  verifyCallback,
  type Tc3Request,
} from "../../src/signing/index.ts";

const secretKey = "wJalrXUtnFEMI7MDENGbPxRfiCYSECRET";
const token = "FwoGZXIvYXdzTOKENTOKEN";
const credentials = { secretId: "AKIDEXAMPLE", secretKey, token };
const times = { startTime: 1_700_000_000, endTime: 1_700_000_900 };
const tc3: Tc3Request = {
  method: "POST",
  host: "vod.tencentcloudapi.com",
  headers: { "content-type": "application/json" },
  body: "{}",
  service: "vod",
  timestamp: 1_735_689_600,
};

/** Every form in which the key could leave by accident. */
function forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString("hex"), bytes.toString("base64"), encodeURIComponent(secret)];
}

function shown(value: unknown): string {
  return `${inspect(value, { depth: Infinity, showHidden: true })}\n${JSON.stringify(value)}\n${String(value)}`;
}

describe("no result holds the secret key", () => {
  test.each<[string, () => unknown]>([
    ["signTc3", () => signTc3(tc3, credentials)],
    ["signCos", () => signCos({ method: "PUT", path: "/a", headers: { host: "h" }, ...times }, credentials)],
    ["presignCosUrl", () => presignCosUrl({ method: "PUT", url: "https://h", path: "/a", ...times }, credentials)],
    ["signClientUpload", () => signClientUpload({ secretId: "AKIDEXAMPLE", random: 1 }, secretKey)],
    ["verifyCallback", () => verifyCallback({ Sign: "0".repeat(32), T: 1 }, secretKey, { now: 1 })],
  ])("%s", (_, call) => {
    const text = shown(call());
    for (const form of forms(secretKey)) expect(text).not.toContain(form);
  });

  test("nor does signTc3 give away a derived key", () => {
    const text = shown(signTc3(tc3, credentials));
    for (const key of Object.values(deriveTc3Keys(secretKey, tc3.timestamp, tc3.service))) {
      expect(text).not.toContain(key);
    }
  });
});

describe("no refusal repeats a value", () => {
  const broken = `${secretKey}\ud800`;
  test.each<[string, () => unknown]>([
    ["a key that cannot be encoded, TC3", () => signTc3(tc3, { ...credentials, secretKey: broken })],
    [
      "a key that cannot be encoded, COS",
      () => signCos({ method: "PUT", path: "/", ...times }, { ...credentials, secretKey: broken }),
    ],
    ["a key that cannot be encoded, client upload", () => signClientUpload({}, broken)],
    ["a key that cannot be encoded, callback", () => verifyCallback({}, broken)],
    ["a secret in a header", () => signTc3({ ...tc3, headers: { "x-tc-token": `${secretKey}\n` } }, credentials)],
    [
      "a secret in a URL",
      () => presignCosUrl({ method: "PUT", url: `https://u:${secretKey}@h`, path: "/a", ...times }, credentials),
    ],
    ["a secret in the query", () => signCos({ method: "PUT", path: "/", query: { a: broken }, ...times }, credentials)],
    ["credentials in the wrong place", () => signTc3(credentials as unknown as Tc3Request, credentials)],
  ])("%s", (_, call) => {
    let error: unknown;
    try {
      call();
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(TypeError);
    const text = shown(error);
    for (const secret of [secretKey, token]) expect(text).not.toContain(secret);
  });
});
