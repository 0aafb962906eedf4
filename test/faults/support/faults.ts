import type { Fault } from "../../../src/emulator/index.ts";

/** The operations of an upload, each of which is struck. */
export const operations = [
  "ApplyUpload",
  "PutObject",
  "InitiateMultipartUpload",
  "UploadPart",
  "CompleteMultipartUpload",
  "HeadObject",
  "CommitUpload",
  "ListParts",
  "AbortMultipartUpload",
] as const;

export type Operation = (typeof operations)[number];

/**
 * How an upload must end when one request is struck by a fault, and when every one is:
 * - `done` the media is committed
 * - `fails` with this code and nothing committed
 * - `either` committed, or a precise error and nothing committed: the invariants alone judge
 */
export type Ending = "done" | "either" | { readonly fails: string };

export interface FaultKind {
  readonly name: string;
  readonly fault: (operation: Operation) => Fault;
  /** One strike. */
  readonly once: Ending;
  /** Every time. */
  readonly always: Ending;
  /** Where the operation makes another ending right. */
  readonly but?: Readonly<Partial<Record<Operation, { readonly once?: Ending; readonly always?: Ending }>>>;
}

const isVod = (operation: Operation): boolean => operation === "ApplyUpload" || operation === "CommitUpload";

/** An error in the words of the service that is asked. */
function refusal(operation: Operation, status: number, code: string, headers: Record<string, string> = {}): Fault {
  const json = { Response: { Error: { Code: code, Message: "injected" }, RequestId: "0f2e1c3a" } };
  const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>injected</Message></Error>`;
  const content = isVod(operation)
    ? { type: "application/json", body: JSON.stringify(json) }
    : { type: "application/xml", body: xml };
  return { kind: "answer", status, headers: { "Content-Type": content.type, ...headers }, body: content.body };
}

/** After its effect, each repetition finds the thing done: that must be told from a failure. */
const settled: Readonly<Partial<Record<Operation, { readonly always: Ending }>>> = {
  CompleteMultipartUpload: { always: "done" },
  CommitUpload: { always: "done" },
  AbortMultipartUpload: { always: "either" },
};

const badGateway = "<html><body><h1>502 Bad Gateway</h1></body></html>";

const faultKinds: readonly FaultKind[] = [
  { name: "reset before", fault: () => ({ kind: "reset-before" }), once: "done", always: "either" },
  ...[1, 70_000, 1_000_000].map((bytes): FaultKind => ({
    name: `reset after ${bytes} bytes`,
    fault: () => ({ kind: "reset-after-bytes", bytes }),
    once: "done",
    always: "either",
  })),
  {
    name: "reset after effect",
    fault: () => ({ kind: "reset-after-effect" }),
    once: "done",
    always: "either",
    but: settled,
  },
  { name: "hang", fault: () => ({ kind: "hang" }), once: "done", always: "either" },
  { name: "slow answer", fault: () => ({ kind: "slow-response", ms: 120 }), once: "done", always: "done" },
  {
    name: "trickle",
    // These answers are long: a pause after each of their bytes adds up to a minute on a machine under load.
    fault: (operation) => ({ kind: "trickle", ms: ["ApplyUpload", "ListParts"].includes(operation) ? 0 : 1 }),
    once: "done",
    always: "done",
  },
  {
    name: "slow reading",
    fault: () => ({ kind: "slow-read", bytesPerSecond: 8 * 2 ** 20 }),
    once: "done",
    always: "done",
  },
  {
    name: "500",
    fault: (operation) => refusal(operation, 500, "InternalError"),
    once: "done",
    always: "either",
  },
  {
    name: "500 after effect",
    fault: (operation) => ({ ...refusal(operation, 500, "InternalError"), afterEffect: true }) as Fault,
    once: "done",
    always: "either",
    but: settled,
  },
  {
    name: "502 HTML",
    fault: () => ({ kind: "answer", status: 502, headers: { "Content-Type": "text/html" }, body: badGateway }),
    once: "done",
    always: "either",
  },
  {
    name: "200 HTML",
    fault: () => ({ kind: "answer", status: 200, headers: { "Content-Type": "text/html" }, body: badGateway }),
    once: "done",
    always: "either",
    // A 200 without any of COS's headers is not from COS, and HEAD has no body that could tell more.
    but: { AbortMultipartUpload: { once: "either" } },
  },
  { name: "503 SlowDown", fault: (operation) => refusal(operation, 503, "SlowDown"), once: "done", always: "either" },
  {
    name: "503 before the body was read",
    fault: (operation) => ({ ...refusal(operation, 503, "SlowDown"), early: true }) as Fault,
    once: "done",
    always: "either",
  },
  {
    name: "429 with Retry-After",
    fault: (operation) => refusal(operation, 429, "TooManyRequests", { "Retry-After": "1" }),
    once: "done",
    always: "either",
  },
  {
    name: "truncated answer",
    fault: () => ({ kind: "truncate-answer", bytes: 20 }),
    once: "done",
    always: "either",
    but: settled,
  },
  { name: "white space", fault: () => ({ kind: "white-space" }), once: "done", always: "either", but: settled },
  {
    name: "white space, then the answer",
    fault: () => ({ kind: "keep-alive", ms: 30, spaces: 20 }),
    once: "done",
    always: "done",
  },
  {
    name: "wrong CRC64",
    fault: () => ({ kind: "wrong-crc64" }),
    once: "done",
    always: "done",
    but: {
      PutObject: { always: { fails: "INTEGRITY" } },
      UploadPart: { always: { fails: "INTEGRITY" } },
      // Of an object sent with one PUT, HEAD's word leads to another PUT; of one made of parts, it is the last.
      HeadObject: { once: "either", always: { fails: "INTEGRITY" } },
      CompleteMultipartUpload: { once: { fails: "INTEGRITY" }, always: { fails: "INTEGRITY" } },
    },
  },
  { name: "no CRC64", fault: () => ({ kind: "drop-crc64" }), once: "done", always: "done" },
  {
    name: "wrong ETag",
    fault: () => ({ kind: "wrong-etag" }),
    once: "done",
    always: "done",
    but: { UploadPart: { always: "either" } },
  },
  {
    name: "corrupt body",
    fault: () => ({ kind: "corrupt-body" }),
    once: "done",
    always: "done",
    but: {
      PutObject: { always: { fails: "INTEGRITY" } },
      UploadPart: { always: { fails: "INTEGRITY" } },
      // What was signed is not what arrived, or is no XML: refused before any effect.
      ApplyUpload: { once: "either", always: { fails: "VOD_API" } },
      CommitUpload: { once: "either", always: { fails: "VOD_API" } },
      CompleteMultipartUpload: { once: "either", always: { fails: "COS_API" } },
    },
  },
  {
    name: "expired certificate",
    fault: () => ({ kind: "expire-certificate" }),
    once: "done",
    always: "either",
    but: {
      ApplyUpload: { always: "done" },
      CommitUpload: { always: "done" },
      // What has expired cannot take anything away; the caller is warned.
      AbortMultipartUpload: { once: "either" },
    },
  },
  ...[1, -1].map((sign): FaultKind => ({
    name: `clock ${sign > 0 ? "+" : "-"}1 h for this operation alone`,
    fault: () => ({ kind: "clock-skew", ms: sign * 3_600_000 }),
    // The clock is learned from the one answer, is wrong for the repetition, and is learned again.
    once: "done",
    always: "done",
  })),
];

/** Shapes of an answer's body: HEAD has none. */
const ofBodies: readonly string[] = ["trickle", "truncated answer", "white space", "white space, then the answer"];

export function faultsOf(operation: Operation): readonly FaultKind[] {
  return faultKinds.filter(({ name }) => operation !== "HeadObject" || !ofBodies.includes(name));
}
