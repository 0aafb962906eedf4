import { describe, expect, test } from "vitest";
import { redactAnswer } from "../../src/http/redact.ts";

const signature = "9615fed27356928737e9ced80badb27b225b1921";
const token = `tok${"Ab9+/x7Q".repeat(30)}`;

/** The body and a long header of an answer that repeats 25 characters of a secret. */
function repeated(status: number, secret: string, words = ""): string {
  const piece = secret.slice(5, 30);
  const written = {
    status,
    headers: { "x-cos-request-id": `${"r".repeat(20)}${piece}` },
    body: Buffer.from(words + piece),
  };
  const { headers, body } = redactAnswer(written, { lasting: [token], others: [signature] });
  return JSON.stringify(headers) + body.toString();
}

describe("a piece of a secret in an answer", () => {
  test.each([
    ["of the token, in a success", 200, token, ""],
    ["of the token, in a refusal", 403, token, ""],
    ["of the signature, in a refusal", 403, signature, ""],
    ["of the signature, in a refusal that comes as a success", 200, signature, '{"Response":{"Error":{}}}'],
  ])("is taken out: %s", (_, status, secret, words) => {
    expect(repeated(status, secret, words)).not.toContain(secret.slice(12, 24));
  });

  test("is not looked for: of the signature of what has just succeeded", () => {
    expect(repeated(200, signature)).toContain(signature.slice(5, 30));
  });
});
