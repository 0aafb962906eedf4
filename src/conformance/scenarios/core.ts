import { strictlySigned } from "../checks/signing.ts";
import type { Scenario } from "../scenario.ts";

const mebibyte = 2 ** 20;

const core = { profile: "core", outcome: "success" } as const;

/** Both signatures, of requests that are as plain as they can be. */
export const signatures: readonly Scenario[] = [
  {
    ...core,
    name: "signatures",
    family: "signatures",
    summary: "both signatures, where the local date is another than that in UTC",
    rules: ["2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.8", "2.9", "2.10", "5.2", "5.3", "5.6", "5.13", "5.14", "6.1"],
    fileSize: 70_001,
  },
  {
    ...core,
    name: "signatures-strict",
    family: "signatures",
    summary: "a bucket in strict mode: host, content headers, x-cos headers and every parameter signed",
    rules: ["5.6", "5.7"],
    fileSize: 2 * mebibyte + 5,
    checks: [strictlySigned],
  },
];

/** What a service may name as it likes, and what is in the user's hand. */
export const encodings: readonly Scenario[] = [
  {
    ...core,
    name: "encodings-path",
    family: "encodings",
    summary: "a storage path with blanks, signs, escapes and Korean",
    rules: ["1.2", "4.3", "5.1", "5.9"],
    fileSize: 70_002,
    emulator: { storageFolder: "봄 강의/(1)+%41'~!*&=;@/" },
  },
  {
    ...core,
    name: "encodings-slashes",
    family: "encodings",
    summary: "a storage path that begins with two slashes",
    rules: ["4.3", "5.9"],
    fileSize: 70_006,
    emulator: { storageFolder: "/spring/" },
  },
  {
    ...core,
    name: "encodings-upload-id",
    family: "encodings",
    summary: "an UploadId with characters that need escaping in XML, query and signature",
    rules: ["1.2", "5.2", "5.4", "5.12", "6.3", "6.12"],
    fileSize: 2 * mebibyte + 6,
    emulator: { uploadIdTail: "+/= &<~*('%41Zz" },
  },
  {
    ...core,
    name: "encodings-json",
    family: "encodings",
    summary: "a file name with blanks, quotes and Korean, which may become the MediaName",
    rules: ["2.5", "3.3"],
    fileName: "수업 1 “가” + 'b' #2 100%.mp4",
    fileSize: 70_003,
  },
];

export const put: readonly Scenario[] = [
  {
    ...core,
    name: "put",
    family: "put",
    summary: "a file of exactly VODUP_PART_SIZE",
    rules: ["6.2", "9.1", "18.1"],
    fileSize: mebibyte,
  },
  {
    ...core,
    name: "put-one-byte",
    family: "put",
    summary: "a file of one byte",
    rules: ["6.2", "9.1", "18.1"],
    fileSize: 1,
  },
];

export const multipart: readonly Scenario[] = [
  {
    ...core,
    name: "multipart",
    family: "multipart",
    summary: "four parts, the last of one byte",
    rules: ["6.3", "6.4", "6.6", "7.1", "7.2", "9.1", "18.4"],
    fileSize: 3 * mebibyte + 1,
  },
  {
    ...core,
    name: "multipart-even",
    family: "multipart",
    summary: "three parts that end with the file, so that no fourth is left",
    rules: ["6.4", "6.6", "7.1", "18.4"],
    fileSize: 3 * mebibyte,
  },
];

export const commit: readonly Scenario[] = [
  {
    ...core,
    name: "commit",
    family: "commit",
    summary: "one commit after everything, its FileId passed on as text",
    rules: ["3.3", "4.1", "9.1", "10.1", "10.3", "18.1", "18.3"],
    fileSize: 70_004,
    emulator: { secondCommit: "unknown-session" },
  },
  {
    ...core,
    name: "sub-app",
    family: "commit",
    summary: "VODUP_SUB_APP_ID names a sub-app, for clients that take one: both calls are about it",
    rules: ["10.1", "3.3"],
    fileSize: 70_005,
    env: { VODUP_SUB_APP_ID: "1500000007" },
  },
];
