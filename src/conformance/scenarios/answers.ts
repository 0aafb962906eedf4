import { errorRead, repeatedAs } from "../checks/retry.ts";
import type { Scenario } from "../scenario.ts";
import { apiError } from "./retry.ts";

const mebibyte = 2 ** 20;

const json = { "Content-Type": "application/json" };

const full = { profile: "full", family: "answers", outcome: "success" } as const;

/** What a service may write otherwise than in the samples, and what is not the service's. */
export const answers: readonly Scenario[] = [
  {
    ...full,
    name: "answer-not-from-api",
    summary:
      "an empty JSON object for ApplyUpload and a page of somebody else's for CommitUpload, both with status 200",
    rules: ["3.5", "3.4"],
    fileSize: 70_060,
    emulator: {
      faults: [
        { operation: "ApplyUpload", nth: 1, fault: { kind: "answer", status: 200, headers: json, body: "{}" } },
        {
          operation: "CommitUpload",
          nth: 1,
          fault: {
            kind: "answer",
            status: 200,
            headers: { "Content-Type": "text/html" },
            body: "<html>Please log in</html>",
          },
        },
      ],
    },
    checks: [repeatedAs("3.5")],
  },
  {
    ...full,
    name: "answer-unknown-detail",
    summary: "RequestLimitExceeded and InternalError with details that no page lists",
    rules: ["3.8", "11.1"],
    fileSize: 70_061,
    emulator: {
      faults: [
        {
          operation: "ApplyUpload",
          nth: 1,
          fault: { kind: "answer", status: 200, headers: json, body: apiError("RequestLimitExceeded.MadeByTheJudge") },
        },
        {
          operation: "CommitUpload",
          nth: 1,
          fault: { kind: "answer", status: 200, headers: json, body: apiError("InternalError.MadeByTheJudge") },
        },
      ],
    },
    checks: [repeatedAs("3.8")],
  },
  {
    ...full,
    name: "answer-unknown-members",
    summary: "answers of the API with members that nobody has heard of",
    rules: ["3.12"],
    fileSize: 70_062,
    emulator: {
      faults: [
        {
          operation: "vod",
          fault: {
            kind: "edit-answer",
            from: '{"Response":{',
            to: '{"Response":{"DeprecatedWarning":"made by the judge","Unheard":{"Of":[null]},"Also":null,',
          },
        },
      ],
    },
  },
  {
    ...full,
    name: "answer-capital-headers",
    summary: "header names of answers in capitals",
    rules: ["3.11", "6.14"],
    fileSize: 2 * mebibyte + 63,
    emulator: {
      faults: [
        { operation: "vod", fault: { kind: "capital-headers" } },
        { operation: "cos", fault: { kind: "capital-headers" } },
      ],
    },
  },
  {
    ...full,
    name: "commit-refused",
    outcome: "failure",
    summary: "CommitUpload is refused for good, with status 200",
    rules: ["3.4", "11.6"],
    fileSize: 70_064,
    emulator: {
      faults: [
        {
          operation: "CommitUpload",
          fault: { kind: "answer", status: 200, headers: json, body: apiError("UnauthorizedOperation") },
        },
      ],
    },
    checks: [errorRead],
  },
  {
    ...full,
    name: "uploads-unlisted",
    summary: "a certificate that may not list the bucket's uploads",
    rules: ["6.19"],
    fileSize: 2 * mebibyte + 66,
    emulator: { listMultipartUploads: false },
    arose: ({ requests }) => requests.some(({ operation }) => operation === "ListMultipartUploads"),
  },
  {
    ...full,
    name: "ipv6",
    family: "signatures",
    summary: "endpoints on the IPv6 loopback address, whose Host stands in brackets",
    rules: ["1.4"],
    fileSize: 70_067,
    host: "::1",
  },
];
