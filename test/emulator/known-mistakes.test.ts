import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { knownCosMistakes, type CosSigningContext } from "../../src/emulator/signatures/cos-known-mistakes.ts";
import { cosSteps, followCos, type CosRecipe } from "../../src/emulator/signatures/cos-recipe.ts";
import { findMistakes, type KnownMistake, type Signed } from "../../src/emulator/signatures/mismatch.ts";
import { knownTc3Mistakes } from "../../src/emulator/signatures/tc3-known-mistakes.ts";
import {
  followTc3,
  tc3Steps,
  type Tc3Recipe,
  type Tc3SigningContext,
} from "../../src/emulator/signatures/tc3-recipe.ts";
import { sha256Hex, signCos, signTc3 } from "../../src/signing/index.ts";
import { start } from "./support/running.ts";
import { apply, call, cos } from "./support/wire.ts";

const rules = new Set(
  [...(await readFile(join(import.meta.dirname, "../../docs/wire.md"), "utf8")).matchAll(/^(\d+\.\d+) /gm)].map(
    ([, rule]) => rule,
  ),
);

const cosRequest = {
  method: "put",
  // A ligature and a loose accent: every Unicode form of it is another.
  path: "/a b/(1)+%41~*봄e\u0301ﬁ/F0.mp4",
  query: { uploadId: "17+/=&~! aB*", partNumber: "7", acl: "", "z{": "1", zz: "2" },
  headers: {
    Host: "127.0.0.1:1234",
    "content-length": "3",
    "x-cos-security-token": "T/+=",
    "Content-Type": "video/mp4; codecs='a ~*!'",
    "x-cos-meta-Name": "한 1/2+(B3)~",
    "x-cos-meta-a|b": "",
  },
  startTime: 1_750_000_000,
  endTime: 1_750_000_900,
};
const cosRight: CosRecipe = {
  ...cosSteps,
  method: cosRequest.method,
  path: cosRequest.path,
  params: Object.entries(cosRequest.query),
  headers: Object.entries(cosRequest.headers),
  secretKey: "secret",
  keyTime: `${cosRequest.startTime};${cosRequest.endTime}`,
};
const cosContext: CosSigningContext = {
  rawPath: "/a%20b/(1)+%2541~*%EB%B4%84/F0.mp4",
  rawQuery: "uploadId=17%2B&partNumber=7",
  listed: [
    "x-cos-meta-name",
    "x-cos-meta-a%7cb",
    "content-length",
    "host",
    "content-type",
    "x-cos-security-token",
    "uploadid",
    "partnumber",
    "acl",
    "zz",
    "z%7b",
  ],
  unlisted: { headers: [["x-cos-other", "1"]], params: [["versionId", "2"]] },
  accountKey: "of the account",
  bucketHost: "b-1250000000.cos.ap-singapore.myqcloud.com",
  sessionPath: cosRequest.path,
};

const body = Buffer.from('{"MediaType": "mp4", "MediaName": "봄/1", "ClassId": 1}\n');
const tc3Timestamp = 1_750_000_000;
const tc3Headers = { "content-type": "application/json; charset=utf-8", "x-tc-action": "ApplyUpload" };
const tc3Right: Tc3Recipe = {
  ...tc3Steps,
  method: "POST",
  path: "/",
  query: "a=1",
  headers: [
    ["content-type", tc3Headers["content-type"]],
    ["host", "127.0.0.1:1234"],
    ["x-tc-action", "applyupload"],
  ],
  names: "content-type;host;x-tc-action",
  payload: sha256Hex(body),
  timestamp: String(tc3Timestamp),
  scope: { date: "2025-06-15", service: "vod" },
  derived: { date: "2025-06-15", service: "vod" },
  secretKey: "secret",
};
const tc3Context: Tc3SigningContext = {
  asSent: [...tc3Right.headers.slice(0, 2), ["x-tc-action", "ApplyUpload"]],
  namesAsSent: ["Content-Type", "Host", "X-TC-Action"],
  unlisted: [["x-tc-version", "2018-07-17"]],
  rawPath: "/api",
  rawQuery: "a=1",
  host: "127.0.0.1:1234",
  region: "ap-singapore",
  secretId: "id",
  body,
  timestamp: tc3Timestamp,
};

describe("the recipes", () => {
  test("as documented give what the signers give", () => {
    const ours = signCos(cosRequest, { secretId: "id", secretKey: "secret" });
    expect(followCos(cosRight)).toMatchObject({ canonical: ours.httpString, stringToSign: ours.stringToSign });
    expect(followCos(cosRight).signature).toBe(ours.signature);
    const tc3 = signTc3(
      {
        method: "POST",
        host: "127.0.0.1:1234",
        query: "a=1",
        headers: tc3Headers,
        body,
        service: "vod",
        timestamp: tc3Timestamp,
      },
      { secretId: "id", secretKey: "secret" },
    );
    expect(followTc3(tc3Right)).toMatchObject({ canonical: tc3.canonicalRequest, stringToSign: tc3.stringToSign });
    expect(followTc3(tc3Right).signature).toBe(tc3.signature);
  });
});

/** Of the many that differ by a number or a combination only, a few stand for all: each is looked for among all. */
function isTried({ text }: { text: string }, index: number, all: readonly { text: string }[]): boolean {
  if (/values signed with .*,/.test(text)) return index % 16 === 0;
  return !text.includes("another second") || all[index - 8]?.text !== text;
}

/** What each known mistake is found to be, when it is made alone. */
function table<Recipe>(
  known: readonly KnownMistake<Recipe>[],
  right: Recipe,
  sign: (recipe: Recipe) => Signed,
  canonicalName: "HttpString" | "CanonicalRequest",
) {
  const find = (signature: string) =>
    findMistakes({ canonicalName, right, known, sign, signature, shown: (recipe) => recipe });
  return {
    find,
    cases: known.filter(isTried).map((mistake) => ({ ...mistake, signature: sign(mistake.make(right)).signature })),
  };
}

describe.each([
  [
    "COS",
    ["host: signed without the brackets that were sent", "HttpString: empty lines left out"],
    table(knownCosMistakes(cosContext), cosRight, followCos, "HttpString"),
  ],
  [
    "TC3",
    ["host: signed without the brackets that were sent", "CanonicalRequest: the empty line of the query is missing"],
    table(knownTc3Mistakes(tc3Context), tc3Right, followTc3, "CanonicalRequest"),
  ],
] as const)("%s", (name, withoutEffect, { find, cases }) => {
  const rightSignature = name === "COS" ? followCos(cosRight).signature : followTc3(tc3Right).signature;

  test("every mistake names a rule of docs/wire.md", () => {
    expect(cases.map(({ rule }) => rule).filter((rule) => !rules.has(rule))).toEqual([]);
  });

  test.each(cases.filter(({ signature }) => signature !== rightSignature))("is seen: $text", ({ signature, rule }) => {
    const { mistakes, difference } = find(signature);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]?.rule).toBe(rule);
    const inKey = /^(keys?|signature|date|service):/.test(mistakes[0]?.text ?? "");
    if (!inKey) expect(difference?.expected).not.toBe(difference?.signed);
  });

  test("only those without effect on this request were not tried", () => {
    const idle = cases.filter(({ signature }) => signature === rightSignature).map(({ text }) => text);
    expect(idle).toEqual(withoutEffect);
  });

  test("a signature by another key is none of them", () => {
    expect(find("0".repeat(40))).toMatchObject({ mistakes: [], difference: undefined });
  });
});

test("two mistakes at once are both named, with the first line that differs", () => {
  const known = knownCosMistakes(cosContext);
  const wrong: CosRecipe = {
    ...cosRight,
    path: cosContext.rawPath,
    signKey: (secretKey, keyTime) => Buffer.from(cosSteps.signKey(secretKey, keyTime).toString(), "hex"),
  };
  const found = findMistakes({
    canonicalName: "HttpString",
    right: cosRight,
    known,
    sign: followCos,
    signature: followCos(wrong).signature,
    shown: (recipe) => recipe,
  });
  expect(found.mistakes.map(({ rule }) => rule)).toEqual(["5.1", "5.3"]);
  expect(found.difference).toEqual({
    text: "HttpString",
    line: 2,
    expected: cosRequest.path,
    signed: cosContext.rawPath,
  });
});

describe("the log", () => {
  test("shows what should have been signed, the token but not its value", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    await cos(emulator, session, "PUT", { body: "abc", secretKey: "other" });
    const { mismatch, message, diagnosis } = emulator.requests().at(-1)!;
    expect(message).toBe("The Signature you specified is invalid.");
    expect(diagnosis).toBe("another secret key, or another text than ours was signed");
    expect(mismatch?.expected.split("\n").slice(0, 2)).toEqual(["put", session.mediaPath]);
    expect(mismatch?.expected).toContain("x-cos-security-token=TOKEN%2B%2F%3D");
    const log = JSON.stringify(emulator.requests());
    expect(log).not.toContain(session.token);
    expect(log).not.toContain(encodeURIComponent(session.token));
    expect(emulator.secrets()).toEqual([emulator.secretKey, session.secretKey, session.token]);
  });

  test("has what is no HTTP request at all", async () => {
    const emulator = await start();
    await new Promise((resolve) => {
      const socket = connect(Number(new URL(emulator.origin).port), "127.0.0.1");
      socket.on("close", resolve).on("data", () => undefined);
      socket.end("PUT /a b.mp4?q-signature=abc HTTP/1.1\r\nHost: x\r\n\r\n");
    });
    expect(emulator.requests()).toMatchObject([{ operation: "Malformed", method: "PUT", path: "/a", status: 400 }]);
    expect(JSON.stringify(emulator.requests())).not.toContain("abc");
  });
});

describe("options for porters", () => {
  test("paths and upload ids may be awkward, and the certificates of a session are told", async () => {
    const emulator = await start({ storageFolder: "a b/", uploadIdTail: "+/=" });
    const session = await apply(emulator);
    expect(session.mediaPath).toMatch(/^\/a b\/[0-9a-f]{8}vod/);
    const answer = await cos(emulator, session, "POST", { query: { uploads: "" } });
    expect(answer.text).toMatch(/<UploadId>\w+\+\/=<\/UploadId>/);
    expect(emulator.sessions()).toMatchObject([
      { key: session.mediaPath.slice(1), secretIds: [session.secretId], state: "open" },
    ]);
  });

  test("a signature can be refused on demand, with an echo of what was signed", async () => {
    const emulator = await start({ faults: [{ operation: "*", nth: 2, fault: { kind: "refuse-signature" } }] });
    const session = await apply(emulator);
    const refused = await cos(emulator, session, "PUT", { body: "abc" });
    expect(refused.text).toContain(`x-cos-security-token=${encodeURIComponent(session.token)}`);
    expect((await cos(emulator, session, "PUT", { body: "abc" })).status).toBe(200);
    emulator.setFaults([{ operation: "vod", fault: { kind: "refuse-signature" } }]);
    expect(await call(emulator, "DescribeEventsState")).toMatchObject({
      Error: { Code: "AuthFailure.SignatureFailure" },
    });
  });
});
