import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { markReused, toNetworkError } from "../../src/http/network-error.ts";

const detail = { host: "h.example", operation: "UploadPart", status: undefined };
const failure = (fields: object, message = "it broke"): Error => Object.assign(new Error(message), fields);

describe("a failure of the network", () => {
  test.each<[object, object]>([
    [
      { code: "ECONNREFUSED", syscall: "connect" },
      { code: "NETWORK", phase: "connect", retryable: true },
    ],
    [
      { code: "ENOTFOUND", syscall: "getaddrinfo" },
      { code: "NETWORK", phase: "connect", retryable: true },
    ],
    [
      { code: "EAI_AGAIN", syscall: "getaddrinfo" },
      { code: "NETWORK", phase: "connect", retryable: true },
    ],
    [
      { code: "EHOSTUNREACH", syscall: "connect" },
      { code: "NETWORK", phase: "connect", retryable: true },
    ],
    [
      { code: "ETIMEDOUT", syscall: "connect" },
      { code: "TIMEOUT", phase: "connect", retryable: true },
    ],
    [{ code: "UND_ERR_CONNECT_TIMEOUT" }, { code: "TIMEOUT", phase: "connect", retryable: true }],
    [{ code: "UND_ERR_HEADERS_TIMEOUT" }, { code: "TIMEOUT", phase: "headers", retryable: true }],
    [{ code: "UND_ERR_BODY_TIMEOUT" }, { code: "TIMEOUT", phase: "body", retryable: true }],
    [
      { code: "ECONNRESET", syscall: "read" },
      { code: "NETWORK", phase: "headers", retryable: true },
    ],
    [
      { code: "EPIPE", syscall: "write" },
      { code: "NETWORK", phase: "headers", retryable: true },
    ],
    [
      { code: "UND_ERR_SOCKET", socket: { bytesRead: 0 } },
      { code: "NETWORK", reusedSocket: false },
    ],
    [
      { code: "UND_ERR_SOCKET", socket: null },
      { code: "NETWORK", reusedSocket: false },
    ],
    [
      { code: "UND_ERR_SOCKET", socket: { bytesRead: 5 } },
      { code: "NETWORK", reusedSocket: true },
    ],
    [{ code: "CERT_HAS_EXPIRED" }, { code: "NETWORK", retryable: false }],
    [{ code: "ERR_TLS_CERT_ALTNAME_INVALID" }, { code: "NETWORK", retryable: false }],
    [{ code: "DEPTH_ZERO_SELF_SIGNED_CERT" }, { code: "NETWORK", retryable: false }],
    [{ code: "HPE_INVALID_CONSTANT" }, { code: "BAD_ANSWER", retryable: true }],
    [
      { name: "HTTPParserError", data: "Signature=5ecret" },
      { code: "BAD_ANSWER", retryable: true },
    ],
    [{}, { code: "NETWORK", phase: "headers", retryable: true }],
  ])("%o is %o", (fields, expected) => {
    const error = toNetworkError(failure(fields), detail);
    expect(error).toMatchObject({ host: "h.example", status: undefined, ...expected });
    expect(error.message).toMatch(/^UploadPart: /);
    expect(inspect(error, { depth: 20 })).not.toContain("5ecret");
  });

  // What was connecting certainly had no effect; what broke later may have had one.
  test.each(["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNREFUSED"])(
    "of a connection that had stood (%s while reading or writing) is none of connecting",
    (code) => {
      for (const syscall of ["read", "write"]) {
        expect(toNetworkError(failure({ code, syscall }), detail).phase).toBe("headers");
      }
    },
  );

  test("after the answer had begun is one of its body, on no idle socket", () => {
    const error = toNetworkError(failure({ code: "UND_ERR_SOCKET", socket: { bytesRead: 500 } }), {
      ...detail,
      status: 200,
    });
    expect(error).toMatchObject({ code: "NETWORK", phase: "body", status: 200, reusedSocket: false });
  });

  test("whose socket had served before is known by it, though the error does not say so", () => {
    const error = failure({ code: "ECONNRESET", syscall: "read" });
    expect(toNetworkError(error, detail).reusedSocket).toBe(false);
    markReused(error);
    expect(toNetworkError(error, detail).reusedSocket).toBe(true);
  });

  test("at all addresses of a name is told by the first", () => {
    const errors = ["::1", "127.0.0.1"].map((address) =>
      failure({ code: "ECONNREFUSED", syscall: "connect", address }, address),
    );
    const error = toNetworkError(new AggregateError(errors), detail);
    expect(error).toMatchObject({ code: "NETWORK", phase: "connect" });
    expect(error.message).toContain("::1");
    expect(toNetworkError(new AggregateError([]), detail).code).toBe("NETWORK");
  });

  test.each([
    [407, false, /407.*HTTPS_PROXY/],
    [403, false, /403/],
    [503, true, /503/],
  ])("of a proxy that refused the tunnel with %i", (status, retryable, message) => {
    const error = toNetworkError(
      failure({ code: "UND_ERR_ABORTED" }, `Proxy response (${status}) !== 200 when HTTP Tunneling`),
      detail,
    );
    expect(error).toMatchObject({ code: "PROXY", phase: "connect", status, retryable });
    expect(error.message).toMatch(message);
  });

  test.each(["text", 5, null, undefined])("that is no Error at all (%j) is one", (thrown) => {
    expect(toNetworkError(thrown, detail)).toMatchObject({ code: "NETWORK", retryable: true });
  });
});

test.each<[object, string, string]>([
  [{ code: "ECONNRESET" }, "NETWORK", "ECONNRESET"],
  [{ code: "VODUP_TUNNEL", syscall: "connect" }, "PROXY", "no tunnel to h.example"],
  [{ code: "HPE_INVALID_CONSTANT" }, "BAD_ANSWER", "did not answer in HTTP: HPE_INVALID_CONSTANT"],
  [{ code: "UND_ERR_RESPONSE" }, "BAD_ANSWER", "(status unknown)"],
  [{}, "NETWORK", "the connection failed"],
])("an error without a message, %j, is named all the same", (thrown, code, named) => {
  const error = toNetworkError(thrown, detail);
  expect(error).toMatchObject({ code, message: expect.stringContaining(named) });
  expect(error.message).not.toContain("undefined");
});
