import { describe, expect, test } from "vitest";
import { NetworkError } from "../../src/errors.ts";
import { describeError } from "../../src/cli/report-error.ts";
import { isInternal } from "../../src/http/reach.ts";
import { hider } from "../../src/http/redact.ts";

describe("a server's text of 1 MiB", () => {
  test.each([" ", "<", "\r\n", "&"])("of %j is cut, and costs no time", (unit) => {
    const text = unit.repeat(2 ** 20 / unit.length);
    const begun = performance.now();
    expect(hider("a secret value")(text).length).toBeLessThan(8_200);
    const error = new NetworkError("BAD_ANSWER", `${text}x${text}`, { host: "h", phase: "body" });
    expect(describeError(error).message).toContain("x");
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

test.each([
  ["127.0.0.1", true],
  ["localhost", true],
  ["169.254.0.23", true],
  ["10.1.2.3", true],
  ["172.31.0.1", true],
  ["192.168.1.1", true],
  ["100.64.0.1", true],
  ["[::1]", true],
  ["[::ffff:7f00:1]", true],
  ["[fd00::1]", true],
  ["172.32.0.1", false],
  ["8.8.8.8", false],
  ["[2001:db8::1]", false],
  ["example.com", false],
])("a redirect from outside to %s is one into this network: %s", (host, internal) => {
  expect(isInternal(new URL(`http://${host}/`).hostname)).toBe(internal);
});
