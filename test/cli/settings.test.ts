import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBench, type Bench } from "./support/bench.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});

afterAll(() => bench.close());

/** A home of its own, with a config file and perhaps keys. */
async function home(name: string, config: string, credentials?: string): Promise<Record<string, string>> {
  const folder = join(bench.folder, name);
  await mkdir(join(folder, ".config/vodup"), { recursive: true });
  await writeFile(join(folder, ".config/vodup/config.toml"), config);
  if (credentials !== undefined) {
    await mkdir(join(folder, ".tencentcloud"), { recursive: true });
    await writeFile(join(folder, ".tencentcloud/credentials"), credentials);
  }
  return { HOME: folder, XDG_STATE_HOME: join(folder, "state") };
}

const applied = (operation = "ApplyUpload"): unknown =>
  bench.emulator.requests().findLast((request) => request.operation === operation)?.json;

const settingsOf = (stdout: string): Record<string, { value: string | null; from: string }> =>
  Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string; value: string | null; from: string })
      .map(({ name, ...rest }) => [name, rest]),
  );

describe("where a setting comes from", () => {
  test("a variable, then the config file, and flags before both", async () => {
    const path = await bench.file("film.mp4", 3000);
    const env = await home("one", '[default]\nsub-app-id = 1500000001\nclass_id = 7\nprocedure = "A"\n');
    expect(await bench.run(["upload", path], { env })).toMatchObject({ code: 0 });
    expect(applied()).toMatchObject({ SubAppId: 1500000001, ClassId: 7, Procedure: "A" });

    await bench.run(["upload", path], { env: { ...env, VODUP_SUB_APP_ID: "1500000002", VODUP_PROCEDURE: "B" } });
    expect(applied()).toMatchObject({ SubAppId: 1500000002, ClassId: 7, Procedure: "B" });
    await bench.run(["upload", path, "--sub-app-id", "1500000003"], { env: { ...env, VODUP_SUB_APP_ID: "1" } });
    expect(applied()).toMatchObject({ SubAppId: 1500000003 });
  });

  test("vodup config says it, and shows no secret", async () => {
    const env = await home("two", '[default]\nsite = "cn"\nregion = "ap-guangzhou"\nsub-app-id = 9007199254740993\n');
    const { code, stdout, stderr } = await bench.run(["config", "--json", "--class-id", "5"], {
      env: {
        ...env,
        VODUP_SITE: "intl",
        TENCENTCLOUD_SECRET_KEY: "A".repeat(32),
        HTTPS_PROXY: "http://user:hunter2@proxy.example:3128",
      },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const found = settingsOf(stdout);
    expect(found["site"]).toMatchObject({ value: "intl", from: "VODUP_SITE" });
    expect(found["region"]).toMatchObject({ value: "ap-guangzhou", from: expect.stringContaining("[default]") });
    expect(found["sub-app-id"]).toMatchObject({ value: "9007199254740993" });
    expect(found["class-id"]).toMatchObject({ value: "5", from: "--class-id" });
    expect(found["credentials"]).toMatchObject({ value: "(hidden)", from: "the environment" });
    expect(found["proxy"]).toMatchObject({ from: "HTTPS_PROXY" });
    expect(stdout).not.toMatch(/hunter2|AAAA/);
    expect(stdout).not.toContain(bench.emulator.secretId);
  });

  test("a profile is a section of both files", async () => {
    const { secretId, secretKey } = bench.emulator;
    const env = await home(
      "three",
      '[default]\nsub-app-id = 1\n[cn]\nsub-app-id = 2\nclass-id = "9"\n',
      `[default]\nsecret_id = nobody\nsecret_key = nothing\n[cn]\nsecret_id = ${secretId}\nsecret_key = ${secretKey}\n`,
    );
    const keys = { TENCENTCLOUD_SECRET_ID: "other", TENCENTCLOUD_SECRET_KEY: "other" };
    const path = await bench.file("profile.mp4", 3000);
    expect(await bench.run(["upload", path, "--profile", "cn"], { env: { ...env, ...keys } })).toMatchObject({
      code: 0,
    });
    expect(applied()).toMatchObject({ SubAppId: 2, ClassId: 9 });
    const { stdout } = await bench.run(["config", "--json"], { env: { ...env, ...keys, VODUP_PROFILE: "cn" } });
    expect(settingsOf(stdout)).toMatchObject({
      profile: { value: "cn", from: "VODUP_PROFILE" },
      "sub-app-id": { value: "2" },
      credentials: { from: expect.stringContaining(".tencentcloud/credentials") },
    });
    const { code, stderr } = await bench.run(["upload", path, "--profile", "none"], { env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/no profile "none".*default, cn/);
  });

  test("what was set when an upload began holds for the command that resumes it", async () => {
    const path = await bench.file("resume.mp4", 12 * 2 ** 20);
    const env = await home("four", '[default]\nsub-app-id = 1500000009\nprocedure = "P"\n');
    const args = ["upload", path, "--part-size", "1M", "--limit-rate", "1M", "--timeout", "3s"];
    expect(await bench.run(args, { env })).toMatchObject({ code: 5 });
    await writeFile(join(bench.folder, "four/.config/vodup/config.toml"), "[default]\nsub-app-id = 5\n");
    const before = bench.count("ApplyUpload");
    const { code, stderr } = await bench.run(["uploads", "resume", "--all"], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(bench.count("ApplyUpload")).toBe(before);
    expect(applied("CommitUpload")).toMatchObject({ SubAppId: 1500000009 });
  });
});

test.each([
  ["an unknown setting", "[default]\nsite-name = 1\n", /unknown setting site-name in \[default\]/],
  ["a likely one", "[default]\nsub-app = 1\n", /did you mean sub-app-id\?/],
  ["a setting outside of a profile", "site = 'cn'\n", /site stands outside of a profile/],
  ["a key", "[default]\nsecret_key = 'hunter2'\n", /keys belong in ~\/\.tencentcloud\/credentials/],
  ["what is not TOML", "[default]\nsite = hunter2\n", /line 2 is not TOML/],
  ["another kind of value", "[default]\nsite = true\n", /must be text in quotes, or an integer/],
])("%s in the config file is wrong usage, and its value is not shown", async (name, config, says) => {
  const env = await home(name.replaceAll(" ", "-"), config);
  const { code, stdout, stderr } = await bench.run(["config"], { env });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(says);
  expect(stderr).toContain("config.toml");
  expect(stderr).not.toContain("hunter2");
});

test("a command that talks to nobody reads no config file", async () => {
  const env = await home("broken", "[[[");
  expect(await bench.run(["sign", "client", "--help"], { env })).toMatchObject({ code: 0 });
  expect(await bench.run(["uploads", "list"], { env })).toMatchObject({ code: 0 });
});

test.each([
  ["upload", "film.mp4"],
  ["batch", "films.csv"],
  ["pull", "https://example.com/film.mp4"],
  ["media", "5285485487985271487"],
  ["sub-apps"],
  ["config"],
  ["doctor"],
])("who reads the JSON of vodup %s sees there why it did nothing", async (...words) => {
  const env = await home("unreadable", "[[[");
  const { code, stdout, stderr } = await bench.run([...words, "--json"], { env });
  const error = JSON.parse(stdout) as Record<string, unknown>;
  expect({ code, error }).toEqual({
    code: 2,
    error: {
      type: "error",
      code: "ERR_INVALID_ARG_VALUE",
      message: expect.stringContaining("config.toml"),
      requestId: null,
      retryable: false,
    },
  });
  expect(stderr).toBe(`vodup: ${String(error["message"])}\n`);
});

test.each([
  ["site", "us"],
  ["limit-rate", "8MB"],
  ["class-id", "a"],
])("a wrong --%s that nobody typed is told with where it is set", async (flag, value) => {
  const variable = `VODUP_${flag.toUpperCase().replace("-", "_")}`;
  const path = await bench.file("film.mp4", 3000);
  const typed = await bench.run(["upload", path, `--${flag}`, value]);
  expect(typed.stderr).not.toContain("it is set by");
  const byVariable = await bench.run(["upload", path], { env: { [variable]: value } });
  expect(byVariable).toEqual({ ...typed, stderr: typed.stderr.replace("\n", `; it is set by ${variable}\n`) });
  const byFile = await bench.run(["upload", path], { env: await home(flag, `[default]\n${flag} = "${value}"\n`) });
  expect([byFile.code, byFile.stderr]).toEqual([
    2,
    expect.stringMatching(/; it is set by .*config\.toml \[default\]\n$/),
  ]);
});
