import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer } from "node:http";
import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { fromMetadata } from "../../src/credentials/metadata.ts";
import { timing } from "../support/timing.ts";

const rolePath = "/latest/meta-data/cam/security-credentials/";
/** The shape of the documented sample (cvm 213/4934); the values are made up. */
const answer = {
  TmpSecretId: "AKIDexample",
  TmpSecretKey: "exampleKey",
  ExpiredTime: 1_790_003_600,
  Expiration: "2026-09-21T11:13:20Z",
  Token: "exampleToken",
  Code: "Success",
};

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A metadata service: what it was asked, and where it is. */
async function instance(
  reply: (path: string, response: ServerResponse) => void,
): Promise<{ origin: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    reply(request.url ?? "", response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** An instance with a role whose credentials are `text`. */
const withRole = (text: string, status = 200) =>
  instance((path, response) => {
    if (path === rolePath) response.end("upload-role\n");
    else response.writeHead(status).end(text);
  });

describe("the instance's role", () => {
  test("is asked for its name, then for its credentials, which know when they end", async () => {
    const { origin, asked } = await withRole(JSON.stringify(answer));
    expect(await fromMetadata({ origin })()).toEqual({
      source: "the role upload-role of this instance",
      secretId: "AKIDexample",
      secretKey: "exampleKey",
      token: "exampleToken",
      expiration: new Date("2026-09-21T15:13:20Z"),
    });
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET ${rolePath}`,
      `GET ${rolePath}upload-role`,
    ]);
  });

  test("may give the end as text only", async () => {
    const { ExpiredTime: _, ...rest } = answer;
    const { origin } = await withRole(JSON.stringify(rest));
    expect((await fromMetadata({ origin })()).expiration).toEqual(new Date("2026-09-21T11:13:20Z"));
  });

  const bad: [string, string, number, RegExp][] = [
    ["no JSON", "exampleKey{", 200, /its answer is not JSON$/],
    ["JSON of another kind", `"exampleKey"`, 200, /its answer is not JSON$/],
    ["another Code", JSON.stringify({ ...answer, Code: "Failed" }), 200, /role upload-role \(Code is not Success\)/],
    ["no token", JSON.stringify({ ...answer, Token: undefined }), 200, /lacks TmpSecretId, TmpSecretKey or Token/],
    [
      "no end",
      JSON.stringify({ ...answer, ExpiredTime: undefined, Expiration: "soon" }),
      200,
      /not say when it expires/,
    ],
    ["an error", JSON.stringify(answer), 500, /it answered 500 for the role upload-role/],
  ];
  test.each(bad)("is refused with %s, without showing it", async (_, text, status, message) => {
    const { origin } = await withRole(text, status);
    const refusal = await fromMetadata({ origin })().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "CREDENTIALS", message: expect.stringMatching(message) });
    expect(inspect(refusal)).not.toMatch(/AKIDexample|exampleKey|exampleToken/);
  });

  test("that does not exist is said so", async () => {
    const { origin } = await instance((_, response) => response.writeHead(404).end("Not Found"));
    await expect(fromMetadata({ origin })()).rejects.toMatchObject({
      code: "CREDENTIALS",
      message:
        "the instance metadata service gave no credentials: no role is bound to this instance; bind one in the console, or use other credentials",
    });
  });

  test("whose name is a page of HTML is no role", async () => {
    const { origin } = await instance((_, response) => response.end("<html><body>Please log in</body></html>"));
    await expect(fromMetadata({ origin })()).rejects.toThrow("is no role's name");
  });
});

describe("nobody there", () => {
  const silent: [string, (path: string, response: ServerResponse) => void][] = [
    ["the first answer", () => undefined],
    ["the second answer", (path, response) => (path === rolePath ? response.end("role") : undefined)],
    ["the rest of an answer", (_, response) => response.write("ro")],
  ];
  test.each(silent)("waiting for %s ends at the limit of the whole exchange", timing, async (_, reply) => {
    const { origin } = await instance(reply);
    const started = performance.now();
    await expect(fromMetadata({ origin, limitMs: 150 })()).rejects.toMatchObject({
      code: "CREDENTIALS",
      message: expect.stringContaining("no answer within 0.15 s; it is only there on a Tencent Cloud instance"),
    });
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  test("a refused connection is said so", async () => {
    const { origin } = await instance(() => undefined);
    await closing.pop()?.();
    await expect(fromMetadata({ origin })()).rejects.toThrow(/ECONNREFUSED.*only there on a Tencent Cloud instance/);
  });
});

test("plain HTTP goes to the instance's own service and to loopback only", () => {
  expect(() => fromMetadata({ origin: "http://metadata.example.com" })).toThrow(/origin: plain http:/);
  expect(() => fromMetadata({ limitMs: 0 })).toThrow(RangeError);
});
