import type { Emulator } from "../../emulator/index.ts";
import { killedRunCleared, pagesFollowed, restSent, resumedWithTheFile } from "../checks/certainty.ts";
import { notRepeated } from "../checks/retry.ts";
import { abortUploads, replaceFirstParts } from "../judge-requests.ts";
import type { Scenario } from "../scenario.ts";
import { cosError } from "./retry.ts";

const mebibyte = 2 ** 20;

/** Nobody may go on with a part that was refused for good; what was sent is removed. */
export const abort: readonly Scenario[] = [
  {
    profile: "full",
    family: "abort",
    name: "abort-refused-part",
    outcome: "failure",
    summary: "a part is refused with AccessDenied while others are stored",
    rules: ["9.3", "11.6"],
    fileSize: 4 * mebibyte + 30,
    emulator: {
      faults: [
        {
          operation: "UploadPart",
          partNumber: 3,
          fault: {
            kind: "answer",
            status: 403,
            headers: { "Content-Type": "application/xml", "x-cos-request-id": "NjU=" },
            body: cosError("AccessDenied"),
          },
        },
      ],
    },
    // A part whose connection was closed may still be on its way when the abort, on another connection, has arrived.
    tolerates: ({ operation, code }) => operation === "UploadPart" && code === "NoSuchUpload",
    checks: [notRepeated()],
  },
];

/** Two parts are there and the third, whichever it is, hangs: the moment to kill the command. */
const killed = {
  profile: "full",
  family: "resume",
  outcome: "success",
  fileSize: 4 * mebibyte + 31,
  emulator: { faults: [{ operation: "UploadPart", nth: 3, fault: { kind: "hang" } }] },
  killWhen: (emulator: Emulator): boolean =>
    emulator.uploads().some(({ parts }) => parts.length >= 2) &&
    emulator.requests().some(({ operation, fault }) => operation === "UploadPart" && fault === "hang"),
  checks: [killedRunCleared, restSent, resumedWithTheFile],
} as const satisfies Partial<Scenario>;

const noFaults = (emulator: Emulator): Promise<void> => {
  emulator.setFaults([]);
  return Promise.resolve();
};

export const resume: readonly Scenario[] = [
  {
    ...killed,
    name: "resume-killed",
    summary: "the command is killed in the middle and run again",
    rules: ["9.4", "6.5", "9.3"],
    between: noFaults,
  },
  {
    ...killed,
    name: "resume-pages",
    summary: "the same, and ListParts gives one part a page",
    rules: ["6.5", "9.4"],
    emulator: { ...killed.emulator, listedParts: 1 },
    checks: [pagesFollowed, ...killed.checks],
    between: noFaults,
  },
  {
    ...killed,
    name: "resume-upload-gone",
    summary: "the command is killed and run again, but its multipart upload is gone",
    rules: ["9.4"],
    between: async (emulator) => {
      await noFaults(emulator);
      await abortUploads(emulator);
    },
    tolerates: ({ code }) => code === "NoSuchUpload",
  },
  {
    ...killed,
    name: "resume-other-part",
    // A client that finds out by the CRC64 of Complete has not committed anything wrong.
    outcome: "either",
    checks: [killedRunCleared, resumedWithTheFile],
    summary: "the command is killed and run again, but a part that was stored holds other bytes of the same length",
    rules: ["9.4"],
    between: async (emulator) => {
      await noFaults(emulator);
      await replaceFirstParts(emulator);
    },
  },
  {
    ...killed,
    name: "resume-changed-file",
    outcome: "either",
    mayLeaveParts: true,
    // All of it may be sent again: the file is another.
    checks: [killedRunCleared, resumedWithTheFile],
    summary: "the command is killed and run again, but the file has changed meanwhile",
    rules: ["9.4"],
    between: async (emulator, media) => {
      await noFaults(emulator);
      await media.replace(Buffer.from(media.bytes.map((byte) => byte ^ 0x55)));
    },
  },
];
