import { describe, expect, test } from "vitest";
import { signClientUpload, signCos, signTc3 } from "../../src/signing/index.ts";
import { runCli } from "./support/run-cli.ts";

const credentials = { secretId: "AKIDexampleexample", secretKey: "exampleSecretKeyOfNobody" };
const env = {
  HOME: "/nonexistent",
  TENCENTCLOUD_SECRET_ID: credentials.secretId,
  TENCENTCLOUD_SECRET_KEY: credentials.secretKey,
};

async function stages(args: readonly string[], input?: unknown): Promise<Record<string, string>> {
  const text = input === undefined ? "" : JSON.stringify(input);
  const { code, stdout, stderr } = await runCli(["sign", ...args, "--json"], { env, input: text });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).not.toContain(credentials.secretKey);
  return JSON.parse(stdout) as Record<string, string>;
}

describe("vodup sign tc3", () => {
  const headers = { "content-type": "application/json", "x-tc-action": "ApplyUpload", "x-extra": "a b" };
  const request = { method: "POST", host: "vod.tencentcloudapi.com", headers, body: "{}", service: "vod" };

  test("prints every stage of a request made of flags", async () => {
    const flags = ["--host", request.host, "--action", "ApplyUpload", "--header", "x-extra: a b", "--body", "{}"];
    expect(await stages(["tc3", ...flags, "--timestamp", "1790000000"])).toEqual(
      signTc3({ ...request, timestamp: 1_790_000_000 }, credentials),
    );
  });

  test("reads the request from stdin", async () => {
    const given = { ...request, timestamp: 1_790_000_001, signedHeaders: ["host", "content-type"] };
    expect(await stages(["tc3"], given)).toEqual(signTc3(given, credentials));
  });

  test("as text names each stage, several lines under their name", async () => {
    const { stdout } = await runCli(["sign", "tc3", "--timestamp=1790000000", "--body={}"], { env });
    expect(stdout).toContain("canonicalRequest:\n  POST\n  /\n  \n  content-type:application/json\n");
    expect(stdout).toMatch(/^signature:\n {2}[0-9a-f]{64}$/m);
    expect(stdout).not.toContain(credentials.secretKey);
  });
});

describe("vodup sign cos", () => {
  const request = {
    method: "PUT",
    path: "/dir/影片 1.mp4",
    query: { partNumber: "1", uploadId: "a/b" },
    headers: { host: "b-1250000000.cos.ap-singapore.myqcloud.com", "content-length": "3" },
    startTime: 1_790_000_000,
    endTime: 1_790_000_900,
  };

  test("prints every stage but the signKey", async () => {
    const { signKey, ...shown } = signCos(request, credentials);
    const flags = ["--method=PUT", `--path=${request.path}`, "--query=partNumber=1", "--query=uploadId=a/b"];
    const headers = Object.entries(request.headers).map(([name, value]) => `--header=${name}: ${value}`);
    const times = ["--start-time=1790000000", "--end-time=1790000900"];
    const printed = await stages(["cos", ...flags, ...headers, ...times]);
    expect(printed).toEqual(shown);
    expect(JSON.stringify(await stages(["cos", "-"], request))).not.toContain(signKey);
  });
});

describe("vodup sign client", () => {
  test("signs the parameters of stdin in their own order", async () => {
    const params = { secretId: "AKIDx", currentTimeStamp: 1, expireTime: 2, random: 3, procedure: "Flow 1" };
    expect(await stages(["client"], params)).toEqual(signClientUpload(params, credentials.secretKey));
  });

  test("fills in what every such signature needs", async () => {
    const { original, signature } = await stages(["client", "--expire=60", "--param=sourceContext=a&b"]);
    const fields = new URLSearchParams(original);
    expect([...fields.keys()]).toEqual(["secretId", "currentTimeStamp", "expireTime", "random", "sourceContext"]);
    expect(fields.get("secretId")).toBe(credentials.secretId);
    expect(Number(fields.get("expireTime")) - Number(fields.get("currentTimeStamp"))).toBe(60);
    expect(fields.get("sourceContext")).toBe("a&b");
    expect(
      Buffer.from(signature ?? "", "base64")
        .subarray(20)
        .toString("utf8"),
    ).toBe(original);
  });
});

test.each([
  ["no JSON", ["tc3"], "{", "not JSON"],
  ["no object", ["client"], "[1]", "object"],
  ["a request without a path", ["cos"], "{}", "method"],
  ["a parameter without a value", ["client", "--param", "procedure"], "", "NAME=VALUE"],
  ["a parameter without a name", ["client", "--param==Flow"], "", "NAME=VALUE"],
  ["a header that is none", ["cos", "--path=/k", "--header=nothing"], "", "--header"],
])("%s is wrong usage", async (_, args, input, named) => {
  const { code, stdout, stderr } = await runCli(["sign", ...args], { env, input });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(named);
});
