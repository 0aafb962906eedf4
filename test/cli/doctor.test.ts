import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { closedPort } from "../support/raw-servers.ts";
import { openBench } from "./support/bench.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
}, 60_000);

afterAll(() => bench.close());

const names = [
  "node",
  "state",
  "credentials",
  "proxy",
  "endpoint",
  "clock",
  "key",
  "sub-app",
  "storage-region",
  "events",
  "storage",
];

interface Line {
  readonly type: string;
  readonly name?: string;
  readonly status?: string;
  readonly detail?: string;
  readonly failed?: string[];
  readonly exitCode?: number;
}

const linesOf = (stdout: string): Line[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

describe("vodup doctor", () => {
  test("prints a line for each finding and exits with 0 when none is a failure", async () => {
    const { code, stdout, stderr } = await bench.run(["doctor"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const rows = stdout.split("\n").filter((line) => /^\S/.test(line));
    expect(rows.map((row) => row.split(/ +/)[1])).toEqual(names);
    expect(rows.map((row) => row.split(/ +/)[0])).toEqual(names.map(() => "pass"));
    expect(stdout).toMatch(/^pass +credentials +from the environment: a lasting key$/m);
  });

  test("--json: one object a line, the last one sums up", async () => {
    const { code, stdout } = await bench.run(["doctor", "--json", "--storage-region", "sa-saopaulo"]);
    const lines = linesOf(stdout);
    expect(lines.map(({ type, name }) => name ?? type)).toEqual([...names, "result"]);
    expect(lines.at(-1)).toEqual({ type: "result", failed: ["storage-region"], exitCode: 1 });
    expect(code).toBe(1);
    expect(stdout).not.toContain("cause");
  });

  test("the remedy stands below what it is for", async () => {
    const { stdout } = await bench.run(["doctor", "--storage-region", "sa-saopaulo"]);
    expect(stdout).toMatch(/^fail +storage-region +sa-saopaulo is not opened; .*\n +→ open it in the console/m);
  });

  test("--emulator looks at itself only", async () => {
    const env = {
      TENCENTCLOUD_SECRET_ID: undefined,
      TENCENTCLOUD_SECRET_KEY: undefined,
      HTTPS_PROXY: "http://127.0.0.1:1",
    };
    const given = { ...env, VODUP_VOD_ENDPOINT: undefined, VODUP_COS_ENDPOINT: undefined };
    const { code, stdout } = await bench.run(["doctor", "--emulator"], { env: given });
    expect(code).toBe(0);
    expect(stdout).toContain("the emulator inside this process");
  });
});

describe("its exit code is that of the first failure:", () => {
  const cases: [string, string[], () => Promise<Record<string, string | undefined>>, number, string[]][] = [
    [
      "no credentials",
      [],
      async () => ({ TENCENTCLOUD_SECRET_ID: undefined, TENCENTCLOUD_SECRET_KEY: undefined }),
      4,
      ["credentials"],
    ],
    ["a key with a line end", [], async () => ({ TENCENTCLOUD_SECRET_KEY: "exampleKey\n" }), 4, ["credentials"]],
    ["a key of the other site", [], async () => ({ TENCENTCLOUD_SECRET_ID: "IKIDother" }), 4, ["key"]],
    [
      "nobody at the endpoint",
      [],
      async () => ({ VODUP_VOD_ENDPOINT: `http://127.0.0.1:${await closedPort()}` }),
      5,
      ["endpoint"],
    ],
    [
      "nobody where COS should be",
      [],
      async () => ({ VODUP_COS_ENDPOINT: `http://127.0.0.1:${await closedPort()}` }),
      5,
      ["storage"],
    ],
    ["a Node that takes any certificate", [], async () => ({ NODE_TLS_REJECT_UNAUTHORIZED: "0" }), 2, ["node"]],
    ["an unknown storage region", ["--storage-region", "ap-moon"], async () => ({}), 1, ["storage-region"]],
    ["a proxy variable that is no URL", [], async () => ({ HTTPS_PROXY: "socks5://127.0.0.1:1" }), 2, ["proxy"]],
  ];
  test.each(cases)("%s", async (_, args, env, expected, failed) => {
    const { code, stdout, stderr } = await bench.run(["doctor", "--json", ...args], { env: await env() });
    expect({ code, stderr }).toEqual({ code: expected, stderr: "" });
    expect(linesOf(stdout).at(-1)).toEqual({ type: "result", failed, exitCode: expected });
  });

  test("a proxy that wants a password", async () => {
    const proxy = await connectProxy({ route: () => 1, refuse: () => "HTTP/1.1 407 No\r\n\r\n" });
    const env = { HTTPS_PROXY: proxy.origin, VODUP_VOD_ENDPOINT: undefined, VODUP_COS_ENDPOINT: undefined };
    const { code, stdout } = await bench.run(["doctor", "--json"], { env });
    expect(code).toBe(4);
    expect(linesOf(stdout).at(-1)).toMatchObject({ failed: ["proxy", "storage"] });
  });

  test("a plain http: endpoint that is not this machine is a usage error, and nothing is sent", async () => {
    const { code, stderr } = await bench.run(["doctor", "--vod-endpoint", "http://vod.example.com"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--vod-endpoint: plain http:");
  });

  test("--timeout", async () => {
    bench.emulator.setFaults([{ operation: "vod", fault: { kind: "hang" } }]);
    const { code, stderr } = await bench.run(["doctor", "--timeout", "0.5"]);
    bench.emulator.setFaults([]);
    expect(code).toBe(5);
    expect(stderr).toContain("--timeout");
  });
});
