/** As nothing-said.test.ts, of the object storage: an element or a header without text is one that is left out. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { answerError } from "../../src/cos/answer-error.ts";
import { storedBytes } from "../../src/cos/stored-bytes.ts";
import { redactAnswer } from "../../src/http/redact.ts";
import { signCos } from "../../src/signing/index.ts";
import { decodeCompleteResult, decodeInitiateResult, decodeListPartsResult } from "../../src/xml/cos-documents.ts";
import { XmlError } from "../../src/xml/parse.ts";
import { decodeListUploadsResult } from "../../src/xml/uploads-document.ts";
import { differences, type Variation } from "./variations.ts";

const document = (file: string): string =>
  readFileSync(new URL(`../../fixtures/cos/${file}.xml`, import.meta.url), "utf8");

/** Each element that holds text: without text, in both spellings, and left out. */
function emptied(text: string): Variation[] {
  return [...text.matchAll(/<(\w+)>[^<]+<\/\1>/g)].map(({ 0: element, 1: name = "", index }) => {
    const instead = (by: string): string => text.slice(0, index) + by + text.slice(index + element.length);
    return {
      path: `${name} at ${index}`,
      forms: [
        { form: "left out", answer: instead("") },
        { form: "empty", answer: instead(`<${name}></${name}>`) },
        { form: "empty, in short", answer: instead(`<${name}/>`) },
      ],
    };
  });
}

/** Each header: empty, and left out. */
function withoutHeaders(headers: Readonly<Record<string, string>>): Variation[] {
  return Object.keys(headers).map((name) => ({
    path: name,
    forms: [
      { form: "left out", answer: Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name)) },
      { form: "empty", answer: { ...headers, [name]: "" } },
    ],
  }));
}

const request = { method: "PUT", path: "/a", query: {}, headers: { host: "h" }, startTime: 1, endTime: 2 } as const;
const signed = signCos(request, { secretId: "AKIDEXAMPLE", secretKey: "EXAMPLEKEY" });
const context = {
  operation: "PutObject",
  host: "cos.example",
  signed,
  hide: <T>(value: T): T => value,
  elsewhere: false,
};
const traced = { "x-cos-request-id": "id", "x-cos-trace-id": "trace", date: "Wed, 01 Jan 2025 00:00:00 GMT" };

type Headers = Readonly<Record<string, string>>;

/** As it comes from the connection. */
const received = (status: number, body: string, headers: Headers): never =>
  redactAnswer({ status, headers, body: Buffer.from(body), host: "cos.example" }, { lasting: [], others: [] }) as never;

async function refusal(body: string, headers: Headers): Promise<unknown> {
  const error = await answerError(received(403, body, headers), context);
  return [error.name, error.code, error.message, Object.entries(error)];
}

/** The value, or why there is none. */
const decoded =
  (decode: (bytes: Uint8Array) => unknown) =>
  (text: unknown): unknown => {
    try {
      return decode(Buffer.from(String(text)));
    } catch (error) {
      if (error instanceof XmlError) return [error.reason, error.element];
      throw error;
    }
  };

describe("an element without text", () => {
  test.each([
    ["initiate", decodeInitiateResult],
    ["complete-result", decodeCompleteResult],
    ["list-parts", decodeListPartsResult],
    ["list-parts-page1", decodeListPartsResult],
    ["list-parts-page2", decodeListPartsResult],
    ["list-multipart-uploads", decodeListUploadsResult],
  ] as const)("of %s", async (file, decode) => {
    const variations = emptied(document(file));
    expect(variations.length).toBeGreaterThan(2);
    expect(await differences(variations, decoded(decode))).toEqual([]);
  });

  test.each(["error-403-SignatureDoesNotMatch", "error-403-AccessDenied-ServerTime", "error-404-NoSuchUpload"])(
    "of %s",
    async (file) => {
      const variations = emptied(document(file));
      expect(variations.length).toBeGreaterThan(3);
      expect(await differences(variations, (body) => refusal(String(body), traced))).toEqual([]);
    },
  );
});

describe("a header without text", () => {
  const headers = {
    etag: '"d41d8cd98f00b204e9800998ecf8427e"',
    "x-cos-hash-crc64ecma": "0",
    "x-cos-request-id": "id",
    "x-cos-server-side-encryption": "cos/kms",
    "x-cos-server-side-encryption-customer-algorithm": "AES256",
    "x-cos-server-side-encryption-cos-kms-key-id": "key",
  };

  test("of a success", async () => {
    const outcome = (given: unknown): unknown => {
      const answer = received(200, "", given as Headers);
      try {
        return storedBytes("PutObject", answer);
      } catch (error) {
        return String(error);
      }
    };
    expect(await differences(withoutHeaders(headers), outcome)).toEqual([]);
    // Of an ETag the quotes may be all that is left.
    const { etag: _, ...others } = headers;
    expect(outcome({ ...others, etag: '""' })).toEqual(outcome(others));
    // Without its text each of these stands alone.
    for (const name of Object.keys(headers).slice(3)) {
      const { etag } = headers;
      expect(await differences(withoutHeaders({ etag, [name]: headers[name as never] }), outcome), name).toEqual([]);
    }
  });

  test("of a refusal, with a document and without", async () => {
    const error = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    for (const body of [error, ""]) {
      const outcome = (given: unknown): unknown => refusal(body, given as Headers);
      expect(await differences(withoutHeaders(traced), outcome)).toEqual([]);
    }
  });
});
