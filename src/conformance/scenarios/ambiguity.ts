import type { Fault, LoggedRequest } from "../../emulator/index.ts";
import {
  documentDecides,
  lookedUp,
  neverCommitted,
  pathCompared,
  settledBeforeCommit,
  uploadedOnce,
} from "../checks/certainty.ts";
import type { Scenario } from "../scenario.ts";
import { cosError } from "./retry.ts";

const mebibyte = 2 ** 20;

const base = { profile: "full", family: "ambiguity", fileSize: 2 * mebibyte + 20, outcome: "success" } as const;

const completeFault = (fault: Fault) => ({ operation: "CompleteMultipartUpload", nth: 1, fault });

/** Completed already: who asks again is told that there is no such upload. */
const goneUpload = ({ operation, code }: LoggedRequest): boolean =>
  code === "NoSuchUpload" && ["CompleteMultipartUpload", "ListParts"].includes(operation);

const unknownSession = ({ operation, code }: LoggedRequest): boolean =>
  operation === "CommitUpload" && code === "InvalidParameterValue.VodSessionKey";

export const ambiguity: readonly Scenario[] = [
  {
    ...base,
    name: "apply-lost",
    summary: "ApplyUpload takes effect, its answer is lost",
    rules: ["11.1", "4.4"],
    fileSize: 70_020,
    emulator: { faults: [{ operation: "ApplyUpload", nth: 1, fault: { kind: "reset-after-effect" } }] },
  },
  {
    ...base,
    name: "complete-slow",
    summary: "Complete keeps the connection alive with white space before its document",
    rules: ["6.7"],
    emulator: { faults: [completeFault({ kind: "keep-alive", ms: 200, spaces: 5 })] },
  },
  {
    ...base,
    name: "complete-lost",
    summary: "Complete takes effect, its answer is lost",
    rules: ["11.2"],
    emulator: { faults: [completeFault({ kind: "reset-after-effect" })] },
    tolerates: goneUpload,
    checks: [settledBeforeCommit],
  },
  {
    ...base,
    name: "complete-silent",
    summary: "Complete takes effect, but its 200 ends after white space",
    rules: ["11.2", "6.7"],
    emulator: { faults: [completeFault({ kind: "white-space" })] },
    tolerates: goneUpload,
    checks: [settledBeforeCommit],
  },
  {
    ...base,
    name: "complete-error-in-200",
    summary: "Complete answers 200 with an error document, and nothing was done",
    rules: ["11.2", "6.7"],
    emulator: {
      faults: [
        completeFault({
          kind: "answer",
          status: 200,
          headers: { "Content-Type": "application/xml", "x-cos-request-id": "NjU=" },
          body: cosError("InternalError"),
        }),
      ],
    },
    checks: [documentDecides],
  },
  {
    ...base,
    name: "complete-other-object",
    outcome: "failure",
    summary: "Complete is lost, and what lies at the key has another size and CRC64",
    rules: ["11.2"],
    emulator: {
      faults: [
        completeFault({ kind: "reset-after-effect" }),
        {
          operation: "HeadObject",
          fault: {
            kind: "answer",
            status: 200,
            headers: {
              "Content-Length": "5",
              "x-cos-hash-crc64ecma": "5",
              ETag: '"00000000000000000000000000000000-3"',
              "x-cos-request-id": "NjU=",
            },
          },
        },
      ],
    },
    tolerates: goneUpload,
    checks: [neverCommitted("11.2", "the object at the key is not the file: its size differs")],
  },
  {
    ...base,
    name: "complete-same-size",
    outcome: "failure",
    summary: "Complete is lost, and what lies at the key has the size of the file, but another CRC64",
    rules: ["11.2"],
    emulator: {
      faults: [
        completeFault({ kind: "reset-after-effect" }),
        {
          operation: "HeadObject",
          fault: {
            kind: "answer",
            status: 200,
            headers: {
              "Content-Length": String(base.fileSize),
              "x-cos-hash-crc64ecma": "5",
              ETag: '"00000000000000000000000000000000-3"',
              "x-cos-request-id": "NjU=",
            },
          },
        },
      ],
    },
    tolerates: goneUpload,
    checks: [neverCommitted("11.2", "the object at the key is not the file: its CRC64 differs")],
  },
  {
    ...base,
    name: "complete-wrong-crc64",
    outcome: "failure",
    summary: "Complete answers with the CRC64 of other bytes",
    rules: ["11.3"],
    emulator: { faults: [{ operation: "CompleteMultipartUpload", fault: { kind: "wrong-crc64" } }] },
    tolerates: goneUpload,
    checks: [neverCommitted("11.3", "the CRC64 of the object is not that of the file")],
  },
  {
    ...base,
    name: "commit-lost",
    summary: "CommitUpload takes effect, its answer is lost; a second one answers the same",
    rules: ["11.4"],
    fileSize: 70_021,
    emulator: { faults: [{ operation: "CommitUpload", nth: 1, fault: { kind: "reset-after-effect" } }] },
    checks: [uploadedOnce],
  },
  {
    ...base,
    name: "commit-lost-unknown",
    outcome: "either",
    summary: "CommitUpload takes effect, its answer is lost; a second one is answered that the session is unknown",
    rules: ["11.4"],
    fileSize: 70_022,
    emulator: {
      secondCommit: "unknown-session",
      faults: [{ operation: "CommitUpload", nth: 1, fault: { kind: "reset-after-effect" } }],
    },
    tolerates: unknownSession,
    checks: [
      uploadedOnce,
      lookedUp("a FileId was given out that no answer had confirmed: the second commit was refused"),
    ],
  },
  {
    ...base,
    name: "commit-lost-other-media",
    outcome: "either",
    summary: "the same, and the media that has the candidate's FileId lies at another path",
    rules: ["11.4"],
    fileSize: 70_023,
    emulator: {
      secondCommit: "unknown-session",
      faults: [
        { operation: "CommitUpload", nth: 1, fault: { kind: "reset-after-effect" } },
        { operation: "DescribeMediaInfos", fault: { kind: "edit-answer", from: ".mp4", to: ".mov" } },
      ],
    },
    tolerates: unknownSession,
    checks: [uploadedOnce, pathCompared],
  },
];
