import { describe, expect, test } from "vitest";
import { VodClient } from "../src/index.ts";
import { CosClient } from "../src/cos/index.ts";
import { presignCosUrl, signCos, signTc3 } from "../src/signing/index.ts";
import { VodApi } from "../src/vod-api/index.ts";

const key = { secretId: "AKIDexample", secretKey: "exampleKey" };
const place = { bucket: "b-1250000000", region: "ap-singapore" };
const times = { startTime: 1, endTime: 2 };
const tc3 = { method: "POST", host: "h", headers: {}, body: "", service: "vod", timestamp: 1 };
const cos = { method: "PUT", path: "/a", ...times };
const presigned = { ...cos, url: "https://h.example" };

// What a program in JavaScript, or one that spreads its own configuration, can give.
const of = (call: (given: never) => unknown, given: object) => (): unknown => call(given as never);
const client = (given: object): (() => unknown) =>
  of((options) => new VodClient(options), { credentials: key, ...given });

/** Each is a setting that would be left out in silence: a signature without the token, a connection without its limit. */
const misspelt: [right: string, call: () => unknown][] = [
  ["token", client({ credentials: { ...key, sessionToken: "t" } })],
  ["token", client({ credentials: { ...key, tokn: "t" } })],
  ["secretKey", client({ credentials: { secretId: "AKIDexample", secret_key: "k" } })],
  ["token", of((options) => new VodApi(options), { credentials: { ...key, SecurityToken: "t" } })],
  ["connections", client({ dispatcher: { conections: 4 } })],
  ["keepAliveTimeout", client({ dispatcher: { keepAliveTimout: 1_000 } })],
  ["rejectUnauthorized", client({ dispatcher: { connect: { rejectUnauthorised: true } } })],
  ["timeout", client({ dispatcher: { connect: { timeOut: 1_000 } } })],
  ["cosEndpoint", of((options) => new CosClient(options), { ...place, credentials: key, cosEndpiont: "https://h" })],
  ["attempts", of((options) => new CosClient(options), { ...place, credentials: key, retry: { attempt: 1 } })],
  ["token", of((options) => new CosClient(options), { ...place, credentials: { ...key, sessionToken: "t" } })],
  ["signedHeaders", of((request) => signTc3(request, key), { ...tc3, signedheaders: ["host"] })],
  ["query", of((request) => signTc3(request, key), { ...tc3, qurey: "a=b" })],
  ["secretKey", of((credentials) => signTc3(tc3, credentials), { secretId: "AKIDexample", secretkey: "k" })],
  ["query", of((request) => signCos(request, key), { ...cos, Query: { uploads: "" } })],
  ["headers", of((request) => signCos(request, key), { ...cos, header: { host: "h" } })],
  ["headers", of((request) => presignCosUrl(request, key), { ...presigned, heders: { range: "bytes=0-1" } })],
  ["token", of((credentials) => presignCosUrl(presigned, credentials), { ...key, securityToken: "t" })],
];

describe("a misspelt name is refused with the right one:", () => {
  test.each(misspelt)("%s", (right, call) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(
      expect.objectContaining({
        code: "ERR_INVALID_ARG_VALUE",
        message: expect.stringMatching(new RegExp(`did you mean ${right}\\?$`)),
      }),
    );
  });

  test("contentType of a request", async () => {
    const bucket = new CosClient({ ...place, credentials: key });
    const options = { contenttype: "video/mp4" } as object;
    await expect(bucket.putObject("a", new Uint8Array(1), options)).rejects.toThrow(/did you mean contentType\?$/);
    await bucket.close();
  });

  test("of what a provider gives", async () => {
    const answer = async (): Promise<typeof key> => ({ ...key, securityToken: "t" }) as typeof key;
    const vod = new VodClient({ credentials: answer });
    await expect(vod.call("DescribeSubAppIds", {})).rejects.toMatchObject({
      code: "CREDENTIALS",
      message: expect.stringMatching(/did you mean token\?$/) as string,
    });
    await vod.close();
  });
});

describe("what means something to somebody else is not looked at:", () => {
  const vector = { name: "n", tags: [], note: "", expected: {}, rawUrl: "/a", tcId: 1, source: "documented" };

  test("a request that is part of a larger object", () => {
    expect(signTc3({ ...vector, ...tc3 }, { ...vector, ...key })).toEqual(signTc3(tc3, key));
    expect(signCos({ ...vector, ...cos }, { ...vector, ...key })).toEqual(signCos(cos, key));
    expect(presignCosUrl({ ...vector, ...presigned }, { ...vector, ...key })).toBe(presignCosUrl(presigned, key));
  });

  test("a name like another one that is there too, or without a value", () => {
    const both = { ...key, token: "t", sessionToken: "t", Token: undefined };
    expect(presignCosUrl(presigned, both)).toBe(presignCosUrl(presigned, { ...key, token: "t" }));
  });

  test("what starts the emulator gives, and other clients' options", async () => {
    const emulator = { ...key, origin: "http://127.0.0.1:1", vodEndpoint: "", caFile: "", requests: () => [] };
    await new VodClient({
      credentials: emulator,
      dispatcher: { connections: 1, connect: { ca: "", crl: "" } },
    }).close();
    const shared = { credentials: key, partSize: "auto", subAppId: 1, vodEndpoint: "http://127.0.0.1:1" };
    await new CosClient({ ...shared, ...place }).close();
  });
});
