import type { FaultRule } from "../../emulator/index.ts";
import {
  answeredByCos,
  corruptionSeen,
  corruptObjectSeen,
  growing,
  notRepeated,
  paused,
  repeated,
  repeatedAs,
  signedAnew,
  waited,
} from "../checks/retry.ts";
import { redirectTarget } from "../checks/redirects.ts";
import type { Scenario } from "../scenario.ts";

const mebibyte = 2 ** 20;

const base = { profile: "full", family: "retry", fileSize: 70_010, outcome: "success" } as const;

/** What the API answers with status 200 when it refuses. */
export function apiError(code: string): string {
  return JSON.stringify({
    Response: {
      Error: { Code: code, Message: "Made by the judge." },
      RequestId: "00000000-0000-4000-8000-000000000001",
    },
  });
}

/** An answer of COS's own. */
export function cosError(code: string): string {
  return `<?xml version='1.0' encoding='utf-8' ?><Error><Code>${code}</Code><Message>Made by the judge.</Message><RequestId>NjU=</RequestId></Error>`;
}

const json = { "Content-Type": "application/json" };
const fromCos = { "Content-Type": "application/xml", "x-cos-request-id": "NjU=" };

const answer = (operation: string, fault: Omit<FaultRule["fault"] & { kind: "answer" }, "kind">): FaultRule => ({
  operation,
  nth: 1,
  fault: { kind: "answer", ...fault },
});

export const retry: readonly Scenario[] = [
  {
    ...base,
    name: "retry-gateway",
    summary: "a gateway's HTML for ApplyUpload, InternalError for CommitUpload",
    rules: ["11.1", "3.4", "3.5"],
    emulator: {
      faults: [
        answer("ApplyUpload", { status: 502, headers: { "Content-Type": "text/html" }, body: "<html>502</html>" }),
        answer("CommitUpload", { status: 200, headers: json, body: apiError("InternalError") }),
      ],
    },
    checks: [repeated],
  },
  {
    ...base,
    name: "retry-throttled",
    summary: "three times RequestLimitExceeded for ApplyUpload",
    rules: ["3.7", "11.7"],
    emulator: {
      faults: [
        {
          operation: "ApplyUpload",
          times: 3,
          fault: { kind: "answer", status: 200, headers: json, body: apiError("RequestLimitExceeded") },
        },
      ],
    },
    checks: [repeatedAs("3.7"), paused("ApplyUpload")],
  },
  {
    ...base,
    name: "retry-object",
    summary: "a connection reset for the first request to COS, SlowDown for the second",
    rules: ["11.1"],
    emulator: {
      faults: [
        { operation: "cos", nth: 1, fault: { kind: "reset-before" } },
        {
          operation: "cos",
          nth: 2,
          fault: { kind: "answer", status: 503, headers: fromCos, body: cosError("SlowDown") },
        },
      ],
    },
    checks: [repeated],
  },
  {
    ...base,
    name: "retry-part",
    summary: "a connection reset in the middle of one part, InternalError for another",
    rules: ["11.1", "9.1"],
    fileSize: 3 * mebibyte + 10,
    emulator: {
      faults: [
        { operation: "UploadPart", partNumber: 2, nth: 1, fault: { kind: "reset-after-bytes", bytes: 100_000 } },
        {
          operation: "UploadPart",
          partNumber: 3,
          nth: 1,
          fault: { kind: "answer", status: 500, headers: fromCos, body: cosError("InternalError") },
        },
      ],
    },
    checks: [repeated],
  },
  {
    ...base,
    name: "retry-after",
    summary: "SlowDown with Retry-After: 2 for a part",
    rules: ["11.5", "11.8"],
    fileSize: 2 * mebibyte + 11,
    emulator: {
      faults: [
        {
          operation: "UploadPart",
          partNumber: 1,
          nth: 1,
          fault: {
            kind: "answer",
            status: 503,
            headers: { ...fromCos, "Retry-After": "2" },
            body: cosError("SlowDown"),
          },
        },
      ],
    },
    checks: [repeated, waited(2), signedAnew(2)],
  },
  {
    ...base,
    name: "retry-after-api",
    summary: "status 503 with Retry-After: 2 for ApplyUpload",
    rules: ["11.5", "11.8"],
    emulator: {
      faults: [answer("ApplyUpload", { status: 503, headers: { ...json, "Retry-After": "2" }, body: "" })],
    },
    checks: [repeated, waited(2), signedAnew(2)],
  },
  {
    ...base,
    name: "retry-corrupted",
    summary: "a part that is stored otherwise than sent, as its answer's checksums show",
    rules: ["8.4", "8.3"],
    fileSize: 3 * mebibyte + 12,
    emulator: { faults: [{ operation: "UploadPart", partNumber: 2, nth: 1, fault: { kind: "corrupt-body" } }] },
    // The answer to who sends a Content-MD5.
    tolerates: ({ code }) => code === "BadDigest",
    checks: [corruptionSeen],
  },
  {
    ...base,
    name: "put-corrupted",
    outcome: "either",
    summary: "an object that is stored otherwise than sent, as its answer's checksums show",
    rules: ["9.1", "8.4"],
    fileSize: 70_012,
    emulator: { faults: [{ operation: "PutObject", nth: 1, fault: { kind: "corrupt-body" } }] },
    tolerates: ({ code }) => code === "BadDigest",
    checks: [corruptObjectSeen],
  },
  {
    ...base,
    name: "retry-damaged",
    summary: "BadDigest, IncompleteBody and RequestTimeout, each for one part: status 400, and sent again all the same",
    rules: ["6.20", "11.1"],
    fileSize: 3 * mebibyte + 13,
    emulator: {
      faults: ["BadDigest", "IncompleteBody", "RequestTimeout"].map((code, index) => ({
        operation: "UploadPart",
        partNumber: index + 1,
        nth: 1,
        fault: { kind: "answer", status: 400, headers: fromCos, body: cosError(code) },
      })),
    },
    checks: [repeatedAs("6.20")],
  },
  {
    ...base,
    name: "answer-not-from-cos",
    outcome: "either",
    summary: "a page of somebody else's, with status 200, for PUT",
    rules: ["6.10"],
    fileSize: 70_013,
    emulator: {
      faults: [
        answer("PutObject", {
          status: 200,
          headers: { "Content-Type": "text/html" },
          body: "<html>Please log in</html>",
        }),
      ],
    },
    checks: [answeredByCos],
  },
  {
    ...base,
    name: "redirect-api",
    outcome: "either",
    summary: "a redirect for ApplyUpload",
    rules: ["1.5", "3.5"],
    fileSize: 70_014,
    emulator: { faults: [answer("ApplyUpload", { status: 307, headers: { Location: redirectTarget } })] },
  },
  {
    ...base,
    name: "redirect-object",
    outcome: "either",
    summary: "a redirect for PUT",
    rules: ["1.5", "6.10"],
    fileSize: 70_015,
    emulator: { faults: [answer("PutObject", { status: 307, headers: { Location: redirectTarget } })] },
  },
  {
    ...base,
    name: "retry-never",
    outcome: "failure",
    summary: "an error of ApplyUpload that no repetition fixes",
    rules: ["11.6"],
    emulator: {
      faults: [
        {
          operation: "ApplyUpload",
          fault: { kind: "answer", status: 200, headers: json, body: apiError("InvalidParameterValue.StorageRegion") },
        },
      ],
    },
    checks: [notRepeated()],
  },
  {
    ...base,
    name: "retry-gives-up",
    outcome: "failure",
    summary: "a service that is down for good",
    rules: ["11.7", "18.6"],
    timeoutMs: 120_000,
    emulator: {
      faults: [{ operation: "ApplyUpload", fault: { kind: "answer", status: 503, headers: json, body: "" } }],
    },
    checks: [growing("ApplyUpload")],
  },
];
