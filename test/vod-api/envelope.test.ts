import { describe, expect, test } from "vitest";
import { NetworkError, VodApiError } from "../../src/errors.ts";
import { openEnvelope } from "../../src/vod-api/envelope.ts";

function open(body: unknown, status = 200, headers: Record<string, string> = {}): unknown {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  try {
    return openEnvelope("ApplyUpload", "vod.example", { status, headers, body: bytes });
  } catch (error) {
    return error;
  }
}

describe("a success", () => {
  test("is the Response", () => {
    expect(open({ Response: { RequestId: "r", FileId: "5" } })).toEqual({ RequestId: "r", FileId: "5" });
  });

  test("is none with another status than 200, whatever it holds", () => {
    for (const status of [201, 302, 403, 500]) {
      expect(open({ Response: { RequestId: "r" } }, status)).toMatchObject({ code: "BAD_ANSWER", status });
    }
  });
});

describe("the service's error", () => {
  test("comes with HTTP 200", () => {
    const error = open({
      Response: { Error: { Code: "InvalidParameterValue.MediaType", Message: "no" }, RequestId: "r" },
    });
    expect(error).toBeInstanceOf(VodApiError);
    expect(error).toMatchObject({
      code: "VOD_API",
      action: "ApplyUpload",
      apiCode: "InvalidParameterValue.MediaType",
      requestId: "r",
      retryable: false,
    });
    expect((error as Error).message).toContain("ApplyUpload failed: InvalidParameterValue.MediaType: no");
    expect((error as Error).message).toContain("request r");
  });

  test("counts with any status, and keeps what Retry-After asks for", () => {
    const body = { Response: { Error: { Code: "RequestLimitExceeded", Message: "slow" }, RequestId: "r" } };
    expect(open(body, 429, { "retry-after": "3" })).toMatchObject({
      apiCode: "RequestLimitExceeded",
      retryable: true,
      retryAfterMs: 3_000,
    });
  });

  test.each([{}, { Code: "" }, { Code: 5, Message: null }])("without a code, %j, is still one", (Error) => {
    expect(open({ Response: { Error, RequestId: "r" } })).toMatchObject({ apiCode: "Unknown", requestId: "r" });
  });

  test.each(["no luck", ["InternalError"], 7, false])("in another form, %j, is still one", (Error) => {
    expect(open({ Response: { Error, FileId: "5", RequestId: "r" } })).toMatchObject({
      apiCode: "Unknown",
      requestId: "r",
      retryable: false,
    });
  });

  test("that says nothing is none", () => {
    for (const Error of [null, ""]) {
      expect(open({ Response: { Error, FileId: "5", RequestId: "r" } })).toMatchObject({ FileId: "5" });
    }
  });

  test("passes by its status where nobody has listed its code", () => {
    const response = (Code: string): object => ({ Response: { Error: { Code, Message: "m" }, RequestId: "r" } });
    for (const status of [429, 500, 503]) {
      expect(open(response("Overloaded"), status)).toMatchObject({ apiCode: "Overloaded", retryable: true });
      expect(open(response("AuthFailure.SignatureFailure"), status)).toMatchObject({ retryable: false });
    }
    for (const status of [200, 400, 403]) {
      expect(open(response("Overloaded"), status)).toMatchObject({ retryable: false });
    }
  });

  test("without a request id is still one", () => {
    expect(open({ Response: { Error: { Code: "InternalError", Message: "" } } })).toMatchObject({
      apiCode: "InternalError",
      requestId: undefined,
      retryable: true,
    });
  });

  test.each([
    [{ code: 4000, message: "no", codeDesc: "InvalidParameter" }, "InvalidParameter"],
    [{ code: 4000, message: "no" }, "4000"],
    [{ code: "-5", codeDesc: "" }, "-5"],
  ])("in the old form, %j, is one", (body, apiCode) => {
    expect(open(body)).toMatchObject({ code: "VOD_API", apiCode });
  });
});

describe("anything else was answered by something else", () => {
  test.each([
    ["", "an empty body"],
    ["   ", "a body that is not the API's"],
    ["<html>login</html>", "a body that is not the API's"],
    ['{"Response":{"RequestId"', "a body that is not the API's"],
    ["[]", "a body that is not the API's"],
    ["null", "a body that is not the API's"],
    ["42", "a body that is not the API's"],
    [{}, "JSON without a Response"],
    [{ Response: null }, "JSON without a Response"],
    [{ Response: [] }, "JSON without a Response"],
    [{ Response: "ok" }, "JSON without a Response"],
    [{ code: 0, message: "" }, "JSON without a Response"],
    [{ response: { RequestId: "r" } }, "JSON without a Response"],
  ])("200 with %j may pass", (body, what) => {
    const error = open(body);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({
      code: "BAD_ANSWER",
      phase: "body",
      status: 200,
      retryable: true,
      host: "vod.example",
    });
    expect((error as Error).message).toContain(what);
  });

  test.each([
    [500, true],
    [502, true],
    [503, true],
    [504, true],
    [429, true],
    [408, true],
    [301, false],
    [400, false],
    [403, false],
    [404, false],
    [407, false],
  ])("status %i with HTML: worth another try %s", (status, retryable) => {
    const error = open("<html>", status, { "content-type": "text/html", "retry-after": "9" });
    expect(error).toMatchObject({ code: "BAD_ANSWER", status, retryable, retryAfterMs: 9_000 });
    expect((error as Error).message).toContain("text/html");
  });
});
