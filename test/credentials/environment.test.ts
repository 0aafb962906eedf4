import { describe, expect, test } from "vitest";
import { fromEnvironment } from "../../src/credentials/environment.ts";

const id = "TENCENTCLOUD_SECRET_ID";
const secret = "TENCENTCLOUD_SECRET_KEY";
const key = { [id]: "AKIDexample", [secret]: "exampleKey" };
const read = { source: "the environment", secretId: "AKIDexample", secretKey: "exampleKey" };

describe("the environment gives", () => {
  const good: [string, NodeJS.ProcessEnv, object][] = [
    ["the two key variables", key, read],
    ["the Node SDK's token", { ...key, TENCENTCLOUD_SESSION_TOKEN: "t1" }, { ...read, token: "t1" }],
    ["the command line's token", { ...key, TENCENTCLOUD_TOKEN: "t2" }, { ...read, token: "t2" }],
    [
      "the first of both tokens",
      { ...key, TENCENTCLOUD_SESSION_TOKEN: "t1", TENCENTCLOUD_TOKEN: "t2" },
      { ...read, token: "t1" },
    ],
    [
      "the second when the first is empty",
      { ...key, TENCENTCLOUD_SESSION_TOKEN: "", TENCENTCLOUD_TOKEN: "t2" },
      { ...read, token: "t2" },
    ],
    ["no token when it is empty", { ...key, TENCENTCLOUD_TOKEN: "" }, read],
  ];
  test.each(good)("%s", async (_, env, expected) => {
    expect(await fromEnvironment(env)()).toEqual(expected);
  });

  test("what it holds when it is asked, not when the provider was made", async () => {
    const env: NodeJS.ProcessEnv = { ...key };
    const provider = fromEnvironment(env);
    env[id] = "AKIDrotated";
    expect((await provider()).secretId).toBe("AKIDrotated");
  });
});

describe("the environment is refused, naming the variable and not the value, with", () => {
  const bad: [string, NodeJS.ProcessEnv, RegExp][] = [
    ["neither", {}, /^TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set$/],
    ["the id only", { [id]: "AKIDexample" }, /^TENCENTCLOUD_SECRET_KEY is not set, but the other/],
    ["the key only", { [secret]: "exampleKey" }, /^TENCENTCLOUD_SECRET_ID is not set, but the other/],
    ["an empty key", { ...key, [secret]: "" }, /variable TENCENTCLOUD_SECRET_KEY is empty/],
    ["both empty", { [id]: "", [secret]: "" }, /variable TENCENTCLOUD_SECRET_ID is empty/],
    [
      "quotes of an env file",
      { ...key, [secret]: '"exampleKey"' },
      /TENCENTCLOUD_SECRET_KEY is in quotes, .*remove the quotes/,
    ],
    ["a trailing line end", { ...key, [secret]: "exampleKey\r" }, /TENCENTCLOUD_SECRET_KEY has blanks or line ends/],
    ["a blank in the id", { ...key, [id]: "AKID example" }, /TENCENTCLOUD_SECRET_ID holds a blank/],
    ["a blank in the key", { ...key, [secret]: "exampleKey exampleKey" }, /TENCENTCLOUD_SECRET_KEY holds a blank/],
    ["a line end in the key", { ...key, [secret]: "exampleKey\nexampleKey" }, /TENCENTCLOUD_SECRET_KEY holds a blank/],
    ["an invisible character", { ...key, [secret]: "example\u200bKey" }, /TENCENTCLOUD_SECRET_KEY holds a blank/],
    ["a hard blank", { ...key, [secret]: "example\u00a0Key" }, /TENCENTCLOUD_SECRET_KEY holds a blank/],
    ["a bad token", { ...key, TENCENTCLOUD_TOKEN: " tok" }, /variable TENCENTCLOUD_TOKEN has blanks/],
  ];
  test.each(bad)("%s", async (_, env, message) => {
    const refusal = await fromEnvironment(env)().catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ code: "CREDENTIALS", message: expect.stringMatching(message) });
    expect(JSON.stringify(refusal)).not.toMatch(/AKID|example/);
  });
});
