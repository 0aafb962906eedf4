import { describe, expect, test } from "vitest";
import { NetworkError, VodApiError } from "../../src/errors.ts";
import { openEnvelope } from "../../src/vod-api/envelope.ts";
import { vectors } from "../support/vector-form.ts";

interface EnvelopeVector {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly expected: unknown;
}

/** Our classes in the words of the vectors. */
function read({ status, headers, body }: EnvelopeVector): unknown {
  try {
    return { success: openEnvelope("ApplyUpload", "vod.example", { status, headers, body: Buffer.from(body) }) };
  } catch (error) {
    if (error instanceof VodApiError) {
      return { apiError: { apiCode: error.apiCode, requestId: error.requestId ?? null } };
    }
    if (error instanceof NetworkError && error.code === "BAD_ANSWER")
      return { gateway: { retryable: error.retryable } };
    throw error;
  }
}

describe("an answer of the API is", () => {
  test.each(vectors<EnvelopeVector>("envelope"))("$name", (vector) => {
    expect(read(vector)).toEqual(vector.expected);
  });
});
