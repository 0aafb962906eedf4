import { expect, test } from "vitest";
import { bytesOf } from "./support.ts";
import { outcomeOf } from "./outcome.ts";
import { reflectingService, uploadToken } from "./reflecting-service.ts";

type Body = { Response: Record<string, unknown> };
/** Changes one field of the answer that is right. */
const field = (name: string, value: unknown) => (text: string) => {
  const body = JSON.parse(text) as Body;
  body.Response[name] = value;
  return JSON.stringify(body);
};
const certificate = (name: string, value: unknown) => (text: string) => {
  const body = JSON.parse(text) as Body;
  (body.Response["TempCertificate"] as Record<string, unknown>)[name] = value;
  return JSON.stringify(body);
};
const is = (text: string) => () => text;
const error = (code: unknown, message: unknown) =>
  is(JSON.stringify({ Response: { Error: { Code: code, Message: message }, RequestId: "r" } }));
const big = (unit: string): string => unit.repeat(2 ** 20 / unit.length);

/** What may come in place of the answer to ApplyUpload. */
const answers: [name: string, change: (text: string) => string, outcome: string][] = [
  ["nothing", is(""), "BAD_ANSWER"],
  ["blanks", is(big(" ")), "BAD_ANSWER"],
  ["HTML", is("<html><body>login</body></html>"), "BAD_ANSWER"],
  ["XML", is("<Response/>"), "BAD_ANSWER"],
  ["null", is("null"), "BAD_ANSWER"],
  ["a number", is("1e400"), "BAD_ANSWER"],
  ["a list", is("[]"), "BAD_ANSWER"],
  ["no Response", is("{}"), "BAD_ANSWER"],
  ["Response: null", is('{"Response":null}'), "BAD_ANSWER"],
  ["Response: a list", is('{"Response":[]}'), "BAD_ANSWER"],
  ["Response: empty", is('{"Response":{}}'), "SESSION_INVALID"],
  ["cut off", (text) => text.slice(0, 100), "BAD_ANSWER"],
  ["two answers", (text) => text + text, "BAD_ANSWER"],
  ["a NUL behind it", (text) => `${text}\0`, "BAD_ANSWER"],
  ["nested 100,000 times", is("[".repeat(100_000)), "BAD_ANSWER"],
  [
    "nested 1,000 times within",
    (text) => text.replace("}}", `},"Extra":${"[".repeat(1_000)}${"]".repeat(1_000)}}`),
    "done",
  ],
  ["a prototype", (text) => text.replace("{", '{"__proto__":{"Response":1},'), "done"],
  ["no certificate", field("TempCertificate", undefined), "done"],
  ["a certificate that is a text", field("TempCertificate", "secret"), "SESSION_INVALID"],
  ["a certificate that is a list", field("TempCertificate", []), "SESSION_INVALID"],
  ["no SecretId", certificate("SecretId", undefined), "SESSION_INVALID"],
  ["SecretKey: a number", certificate("SecretKey", 5), "SESSION_INVALID"],
  ["SecretKey: empty", certificate("SecretKey", ""), "SESSION_INVALID"],
  ["a token with line feeds", certificate("Token", `${uploadToken}\r\nx-injected: 1`), "SESSION_INVALID"],
  ["a token of 1 MiB", certificate("Token", big("t")), "SESSION_INVALID"],
  ["expired", certificate("ExpiredTime", 1), "done"],
  ["ExpiredTime: a text", certificate("ExpiredTime", "soon"), "SESSION_INVALID"],
  ["ExpiredTime: negative", certificate("ExpiredTime", -1), "done"],
  ["ExpiredTime: endless", certificate("ExpiredTime", 1e300), "done"],
  ["bucket: another host", field("StorageBucket", "evil.example/"), "SESSION_INVALID"],
  ["bucket: a user", field("StorageBucket", "a@evil.example#"), "SESSION_INVALID"],
  ["bucket: a number", field("StorageBucket", 5), "SESSION_INVALID"],
  ["region: a path", field("StorageRegion", "../../x"), "SESSION_INVALID"],
  ["region: line feeds", field("StorageRegion", "r\r\nHost: evil.example"), "SESSION_INVALID"],
  ["path: out of the bucket", field("MediaStoragePath", "/../../other/x.mp4"), "SESSION_INVALID"],
  ["path: empty", field("MediaStoragePath", ""), "SESSION_INVALID"],
  ["path: a folder", field("MediaStoragePath", "/"), "SESSION_INVALID"],
  ["path: an escape", field("MediaStoragePath", "/a\u001b[2J\r\n/x.mp4"), "done"],
  ["path: 1 MiB", field("MediaStoragePath", `/${big("x")}`), "SESSION_INVALID"],
  ["session key: a list", field("VodSessionKey", ["a"]), "SESSION_INVALID"],
  ["session key: absent", field("VodSessionKey", undefined), "SESSION_INVALID"],
  ["an error with an escape", error("A\u001b[31m", "\u001b[2J\u202e\r\nfake: done"), "VOD_API"],
  ["an error of 1 MiB of &", error("InvalidParameter", big("&")), "VOD_API"],
  ["an error whose code is a list", error(["x"], { a: 1 }), "VOD_API"],
];

test("44 answers", () => expect(answers).toHaveLength(44));

test.each(answers)("%s in place of the answer to ApplyUpload", async (_, change, outcome) => {
  const service = await reflectingService((operation, answer) => {
    if (operation === "ApplyUpload") answer.body = change(answer.body);
  });
  expect(await outcomeOf(service.origin, bytesOf(100))).toBe(outcome);
});
