import { expect, test } from "vitest";
import { bytesOf } from "./support.ts";
import { outcomeOf } from "./outcome.ts";
import { reflectingService } from "./reflecting-service.ts";

const many = (text: string, times: number): string => text.repeat(times);
const initiate = (inside: string): string => `<InitiateMultipartUploadResult>${inside}</InitiateMultipartUploadResult>`;
const attributes = (count: number): string => Array.from({ length: count }, (_none, at) => ` a${at}="1"`).join("");

/** What a storage may answer to InitiateMultipartUpload, where an UploadId is expected. */
const documents: [name: string, document: string | Buffer][] = [
  ["nothing", ""],
  ["blanks", many(" ", 100_000)],
  ["byte-order marks", many("\ufeff", 10_000)],
  ["no XML", "upload id: 5"],
  ["JSON", '{"UploadId":"u1"}'],
  ["HTML", "<!DOCTYPE html><html><body>UploadId</body></html>"],
  ["cut off", "<InitiateMultipartUploadResult><UploadId>u1</Upload"],
  ["two roots", initiate("<UploadId>u1</UploadId>") + initiate("<UploadId>u2</UploadId>")],
  ["text behind the root", `${initiate("<UploadId>u1</UploadId>")}more`],
  ["another root", "<CompleteMultipartUploadResult><UploadId>u1</UploadId></CompleteMultipartUploadResult>"],
  ["no UploadId", initiate("<Bucket>b</Bucket>")],
  ["an empty UploadId", initiate("<UploadId></UploadId>")],
  [
    "an external entity",
    `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${initiate("<UploadId>&x;</UploadId>")}`,
  ],
  [
    "entities that multiply",
    `<!DOCTYPE a [<!ENTITY a "lol"><!ENTITY b "${many("&a;", 100)}">]>${initiate("<UploadId>&b;</UploadId>")}`,
  ],
  ["a DTD from elsewhere", `<!doctype a SYSTEM "http://127.0.0.1:1/x.dtd">${initiate("<UploadId>u1</UploadId>")}`],
  ["an undeclared entity", initiate("<UploadId>&nbsp;</UploadId>")],
  ["a reference to NUL", initiate("<UploadId>u&#0;</UploadId>")],
  ["a reference beyond Unicode", initiate("<UploadId>&#x110000;</UploadId>")],
  ["a NUL", initiate("<UploadId>u\0</UploadId>")],
  ["nested 10,000 times", many("<a>", 10_000) + many("</a>", 10_000)],
  ["nested and never closed", many("<a>", 200_000)],
  ["200,000 elements", initiate(many("<a/>", 200_000))],
  ["50,000 attributes", `<InitiateMultipartUploadResult${attributes(50_000)}/>`],
  ["one attribute repeated", '<InitiateMultipartUploadResult a="1" a="2"/>'],
  ["a comment without an end", `<!--${many("-", 500_000)}`],
  ["no UTF-8", Buffer.from([...Buffer.from("<InitiateMultipartUploadResult>"), 0xff, 0xfe])],
  ["names of methods", initiate("<constructor>1</constructor><__proto__><UploadId>u1</UploadId></__proto__>")],
  ["5 MiB", initiate(`<UploadId>${many("u", 5 * 2 ** 20)}</UploadId>`)],
];

test.each(documents)("%s in place of an UploadId", async (_, document) => {
  const service = await reflectingService((operation, answer) => {
    if (operation === "InitiateMultipartUpload") answer.body = document as string;
  });
  expect(await outcomeOf(service.origin, bytesOf(2 ** 21), { partSize: 2 ** 20 })).toBe("BAD_ANSWER");
});

test("an error with an escape, a line feed and a turned direction is told without them", async () => {
  const service = await reflectingService((operation, answer) => {
    if (operation !== "InitiateMultipartUpload") return;
    answer.status = 403;
    answer.body = "<Error><Code>A\u001b[2J\nB</Code><Message>\u202e\u009b1m</Message></Error>";
  });
  expect(await outcomeOf(service.origin, bytesOf(2 ** 21), { partSize: 2 ** 20 })).toBe("COS_API");
});
