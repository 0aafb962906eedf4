import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../../src/index.ts";
import {
  CheckpointError,
  CosError,
  IntegrityError,
  NetworkError,
  SourceError,
  VodApiError,
  VodupError,
} from "../../src/index.ts";
import { readPage } from "../support/markdown.ts";
import { UsageError } from "../../src/cli/args.ts";
import { exitCodeOf, exitCodeOfAll } from "../../src/cli/exit-codes.ts";
import { DeadlineError, SignalError } from "../../src/cli/stopping.ts";

const api = (apiCode: string, retryable = false): VodApiError =>
  new VodApiError("m", { action: "ApplyUpload", apiCode, requestId: "r" }, { retryable });
const cos = (status: number, cosCode: string, retryable = false): CosError =>
  new CosError("m", { operation: "UploadPart", status, cosCode }, { retryable });
const network = (
  code: "NETWORK" | "TIMEOUT" | "BAD_ANSWER" | "PROXY",
  retryable: boolean,
  status?: number,
): NetworkError => new NetworkError(code, "m", { host: "h", phase: "headers", status }, { retryable });
const source = (
  code: "SOURCE_NOT_FOUND" | "SOURCE_UNREADABLE" | "SOURCE_CHANGED" | "SOURCE_FAILED" | "SOURCE_TOO_LARGE",
  retryable = false,
) => new SourceError(code, "m", { retryable });
const badArgument = (type: new (message: string) => Error): Error =>
  Object.assign(new type("partSize: m"), { code: "ERR_INVALID_ARG_VALUE" });
const integrity = { algorithm: "crc64", expected: "1", actual: "2" } as const;

describe("the exit code of an error", () => {
  test.each<[string, unknown, number]>([
    ["wrong flags", new UsageError("m"), 2],
    ["a wrong value", badArgument(TypeError), 2],
    ["a value out of range", badArgument(RangeError), 2],
    ["a source that is not there", source("SOURCE_NOT_FOUND"), 3],
    ["a source that cannot be read", source("SOURCE_UNREADABLE"), 3],
    ["a source that changed", source("SOURCE_CHANGED"), 3],
    ["a source that broke", source("SOURCE_FAILED"), 3],
    ["a source that cannot be read for the moment", source("SOURCE_UNREADABLE", true), 5],
    ["a source that broke for the moment", source("SOURCE_FAILED", true), 5],
    ["a source that is too large", source("SOURCE_TOO_LARGE"), 3],
    ["no credentials", new VodupError("CREDENTIALS", "m"), 4],
    ["credentials that are late", new VodupError("CREDENTIALS", "m", { retryable: true }), 4],
    ["a key the API does not know", api("AuthFailure.SecretIdNotFound"), 4],
    ["a wrong signature", api("AuthFailure.SignatureFailure", true), 4],
    ["no permission", api("UnauthorizedOperation"), 4],
    ["no permission of the policy", api("UnauthorizedOperation.CAM"), 4],
    ["no permission in the storage", cos(403, "AccessDenied"), 4],
    ["no permission in the storage, tried often", cos(403, "RequestTimeTooSkewed", true), 4],
    ["no password for the proxy", network("PROXY", false, 407), 4],
    ["a proxy that is overloaded", network("PROXY", true, 503), 5],
    ["a proxy that refuses", network("PROXY", false, 403), 1],
    ["no connection", network("NETWORK", true), 5],
    ["a server that cannot be trusted", network("NETWORK", false), 1],
    ["silence", network("TIMEOUT", false), 5],
    ["a gateway's 502", network("BAD_ANSWER", true, 502), 5],
    ["a gateway's 404", network("BAD_ANSWER", false, 404), 1],
    ["the API's own trouble", api("InternalError", true), 5],
    ["too many requests", api("RequestLimitExceeded", true), 5],
    ["the storage's own trouble", cos(503, "SlowDown", true), 5],
    ["a refused parameter", api("InvalidParameterValue.MediaType"), 1],
    ["a code that only begins alike", api("AuthFailureOfSomethingElse"), 1],
    ["a refused request", cos(400, "InvalidArgument"), 1],
    ["an expired certificate", new VodupError("CERTIFICATE_EXPIRED", "m", { retryable: true }), 5],
    ["other bytes than were sent", new IntegrityError("m", integrity, { retryable: true }), 6],
    ["a commit of which nobody knows", new VodupError("COMMIT_UNCERTAIN", "m", { retryable: true }), 1],
    ["a checkpoint of another upload", new CheckpointError("CHECKPOINT_MISMATCH", "m", {}, { retryable: true }), 1],
    ["a checkpoint that is in use", new CheckpointError("CHECKPOINT_LOCKED", "m"), 5],
    ["a session that must not be used", new VodupError("SESSION_INVALID", "m"), 1],
    ["a task that failed", new VodupError("TASK_FAILED", "m"), 1],
    ["the deadline", new DeadlineError(1), 5],
    ["SIGINT", new SignalError("SIGINT"), 130],
    ["SIGTERM", new SignalError("SIGTERM"), 143],
    ["a defect", new Error("m"), 1],
    ["something that is no error", "m", 1],
  ])("%s", (_, error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });

  test("is never 0, and for every code of the library one that is documented", () => {
    const every = {
      VOD_API: 1,
      COS_API: 1,
      NETWORK: 1,
      TIMEOUT: 1,
      BAD_ANSWER: 1,
      PROXY: 1,
      SOURCE_NOT_FOUND: 1,
      SOURCE_UNREADABLE: 1,
      SOURCE_CHANGED: 1,
      SOURCE_FAILED: 1,
      SOURCE_TOO_LARGE: 1,
      INTEGRITY: 1,
      CHECKPOINT_INVALID: 1,
      CHECKPOINT_MISMATCH: 1,
      CHECKPOINT_EXPIRED: 1,
      CHECKPOINT_LOCKED: 5,
      CREDENTIALS: 1,
      SESSION_INVALID: 1,
      CERTIFICATE_EXPIRED: 1,
      COMMIT_UNCERTAIN: 1,
      MANIFEST_INVALID: 1,
      EVENT_INVALID: 1,
      TASK_FAILED: 1,
      CLIENT_CLOSED: 1,
    } satisfies Record<ErrorCode, number>;
    for (const code of Object.keys(every) as ErrorCode[]) {
      for (const retryable of [false, true]) {
        expect([1, 3, 4, 5, 6]).toContain(exitCodeOf(new VodupError(code, "m", { retryable })));
      }
    }
  });
});

test("docs/errors.md says the same", async () => {
  const { text } = await readPage("docs/errors.md");
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` \|.*\| (\d) \|$/gm)];
  expect(rows.length).toBeGreaterThan(15);
  const codes = rows.map(([, code]) => [code, exitCodeOf(new VodupError(code as ErrorCode, "m"))]);
  expect(codes).toEqual(rows.map(([, code, exit]) => [code, Number(exit)]));
});

describe("the exit code of several sources", () => {
  test.each([
    [[0, 0], undefined, 0],
    [[3, 3], undefined, 3],
    [[3], undefined, 3],
    [[0, 3], undefined, 7],
    [[3, 0], undefined, 7],
    [[3, 5], undefined, 7],
    [[0, 130], 130, 130],
    [[0, 5], 5, 5],
    [[], undefined, 0],
  ] as const)("%j, stopped by %s: %i", (codes, stopped, code) => {
    expect(exitCodeOfAll(codes, stopped)).toBe(code);
  });
});
