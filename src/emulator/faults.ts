/**
 * What goes wrong. "Effect" is the operation itself: after `reset-after-effect` the part is stored, the upload
 * completed, the media committed, and only the answer is missing.
 */
export type Fault =
  /** The connection is reset before the request is looked at. */
  | { readonly kind: "reset-before" }
  /** The connection is reset after `bytes` of the request body. */
  | { readonly kind: "reset-after-bytes"; readonly bytes: number }
  /** The operation is done, then the connection is reset instead of an answer. */
  | { readonly kind: "reset-after-effect" }
  /** The request is read, nothing is done, nothing is answered; the connection stays open. */
  | { readonly kind: "hang" }
  /** The answer's head waits `ms`. */
  | { readonly kind: "slow-response"; readonly ms: number }
  /** The answer's body comes byte by byte, `ms` apart. */
  | { readonly kind: "trickle"; readonly ms: number }
  /** The request body is read at this pace. */
  | { readonly kind: "slow-read"; readonly bytesPerSecond: number }
  /** This answer instead of ours; with `afterEffect` the operation is done all the same. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly body?: string | undefined;
      readonly afterEffect?: boolean | undefined;
      /** Answer without reading the request body, and close the connection. */
      readonly early?: boolean | undefined;
    }
  /** The connection is cut after `bytes` of the answer's body. */
  | { readonly kind: "truncate-answer"; readonly bytes: number }
  /** The answer's x-cos-hash-crc64ecma is another number. */
  | { readonly kind: "wrong-crc64" }
  /** The answer's ETag is another one. */
  | { readonly kind: "wrong-etag" }
  /** The answer has no x-cos-hash-crc64ecma. */
  | { readonly kind: "drop-crc64" }
  /** The names of the answer's headers come in capitals. */
  | { readonly kind: "capital-headers" }
  /** The first body byte is stored changed; the checksums answered are those of what was stored. */
  | { readonly kind: "corrupt-body" }
  /** The operation is done; the answer is 200, white space, and the end. */
  | { readonly kind: "white-space" }
  /** 200 at once, then white space every `ms`, `spaces` times, then the document, as a long Complete does. */
  | { readonly kind: "keep-alive"; readonly ms: number; readonly spaces: number }
  /**
   * 200 at once, then line feeds every `ms` (0), `spaces` (3) of them, then an `<Error>`: how a Complete of COS fails
   * that had begun to answer. Nothing is done.
   */
  | {
      readonly kind: "late-error";
      readonly code: string;
      readonly message?: string | undefined;
      readonly ms?: number | undefined;
      readonly spaces?: number | undefined;
    }
  /** The operation is done, and a text of its answer's body is replaced wherever it stands. */
  | { readonly kind: "edit-answer"; readonly from: string; readonly to: string }
  /** The signature counts as wrong, and the answer echoes what should have been signed. */
  | { readonly kind: "refuse-signature" }
  /** The certificate the request is signed with expires before it is looked at. */
  | { readonly kind: "expire-certificate" }
  /** The server's clock is this far ahead for the request (negative: behind). */
  | { readonly kind: "clock-skew"; readonly ms: number }
  /** Nothing is looked at for `ms`. */
  | { readonly kind: "delay"; readonly ms: number };

export type FaultKind = Fault["kind"];

/** Field → whether it may be left out, for each kind. */
export const faultFields: Readonly<
  Record<FaultKind, Readonly<Record<string, "number" | "number?" | "string" | "string?" | "boolean?" | "headers?">>>
> = {
  "reset-before": {},
  "reset-after-bytes": { bytes: "number" },
  "reset-after-effect": {},
  hang: {},
  "slow-response": { ms: "number" },
  trickle: { ms: "number" },
  "slow-read": { bytesPerSecond: "number" },
  answer: { status: "number", headers: "headers?", body: "string?", afterEffect: "boolean?", early: "boolean?" },
  "truncate-answer": { bytes: "number" },
  "wrong-crc64": {},
  "wrong-etag": {},
  "drop-crc64": {},
  "capital-headers": {},
  "corrupt-body": {},
  "white-space": {},
  "keep-alive": { ms: "number", spaces: "number" },
  "late-error": { code: "string", message: "string?", ms: "number?", spaces: "number?" },
  "edit-answer": { from: "string", to: "string" },
  "refuse-signature": {},
  "expire-certificate": {},
  "clock-skew": { ms: "number" },
  delay: { ms: "number" },
};
