import { describe, expect, test } from "vitest";
import { hostOf, isLoopback, parseOrigin } from "../../src/http/endpoint.ts";

const refused = (text: string): unknown => {
  try {
    return parseOrigin("vodEndpoint", text);
  } catch (error) {
    return error;
  }
};

describe("an endpoint", () => {
  test.each([
    ["vod.intl.tencentcloudapi.com", "https://vod.intl.tencentcloudapi.com"],
    ["https://vod.ap-singapore.tencentcloudapi.com/", "https://vod.ap-singapore.tencentcloudapi.com"],
    ["https://HOST.example:8443", "https://host.example:8443"],
    ["https://host.example:443", "https://host.example"],
    ["http://localhost:8080", "http://localhost:8080"],
    ["http://bucket.localhost", "http://bucket.localhost"],
    ["http://127.0.0.1:80", "http://127.0.0.1"],
    ["http://127.9.9.9:1", "http://127.9.9.9:1"],
    ["http://[::1]:9000", "http://[::1]:9000"],
    ["localhost:8080", "https://localhost:8080"],
  ])("%s is %s", (text, origin) => {
    expect(parseOrigin("vodEndpoint", text)).toBe(origin);
  });

  test.each([
    "http://vod.intl.tencentcloudapi.com",
    "http://10.0.0.1",
    "http://127.0.0.1.example.com",
    "http://localhost.example.com",
    "http://[::2]",
    "http://0.0.0.0",
    "ftp://host.example",
    "file:///etc/passwd",
    "https://host.example/path",
    "https://host.example?x=1",
    "https://host.example/#f",
    "https://user@host.example",
    "https://user:hunter2@host.example",
    "https://user:hunter2@ho st",
    "https://",
    "",
    " ",
  ])("%j is refused by name, and no password is shown", (text) => {
    const error = refused(text);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", message: expect.stringMatching(/^vodEndpoint:/) });
    expect((error as Error).message).not.toContain("hunter2");
  });

  test.each([undefined, null, 5, {}, new URL("https://host.example")])("%j, no text, is refused", (value) => {
    expect(refused(value as string)).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
  });
});

test("the Host header has the port, but for the scheme's own", () => {
  expect(hostOf("http://127.0.0.1:8080")).toBe("127.0.0.1:8080");
  expect(hostOf("https://vod.intl.tencentcloudapi.com")).toBe("vod.intl.tencentcloudapi.com");
  expect(hostOf("http://[::1]:9000")).toBe("[::1]:9000");
});

test.each([
  ["localhost", true],
  ["a.b.localhost", true],
  ["LOCALHOST", true],
  ["127.0.0.1", true],
  ["127.255.0.9", true],
  ["[::1]", true],
  ["notlocalhost", false],
  [".localhost", false],
  ["localhost.evil.example", false],
  ["128.0.0.1", false],
  ["1127.0.0.1", false],
])("whether %s is this machine: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
