import { describe, expect, test } from "vitest";
import {
  decodeCompleteRequest,
  decodeCompleteResult,
  decodeErrorDocument,
  decodeInitiateResult,
  decodeListPartsResult,
} from "../../src/xml/cos-documents.ts";
import { XmlError } from "../../src/xml/parse.ts";
import { decodeListUploadsResult } from "../../src/xml/uploads-document.ts";
import { vectors } from "../support/vector-form.ts";

const decoders = {
  initiateResult: decodeInitiateResult,
  completeResult: decodeCompleteResult,
  listPartsResult: decodeListPartsResult,
  listUploadsResult: decodeListUploadsResult,
  error: decodeErrorDocument,
  completeRequest: (bytes: Uint8Array): unknown => ({ parts: decodeCompleteRequest(bytes) }),
};

interface DocumentVector {
  readonly document: keyof typeof decoders;
  readonly payload: string;
  readonly payloadEncoding: "utf8" | "base64";
  readonly expected: unknown;
}

function read({ document, payload, payloadEncoding }: DocumentVector): unknown {
  try {
    return { value: decoders[document](Buffer.from(payload, payloadEncoding)) };
  } catch (error) {
    if (error instanceof XmlError) return { error: { reason: error.reason, element: error.element } };
    throw error;
  }
}

describe("a document of the multipart API", () => {
  test.each(vectors<DocumentVector>("xml"))("$name", (vector) => {
    expect(read(vector)).toEqual(vector.expected);
  });
});
