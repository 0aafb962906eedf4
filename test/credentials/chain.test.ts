import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chain, fromEnvironment, fromIni } from "../../src/index.ts";
import { defaultCredentials } from "../../src/credentials/chain.ts";

const first = async () => ({ secretId: "AKIDfirst", secretKey: "k" });
const second = async () => ({ secretId: "AKIDsecond", secretKey: "k" });
const nothing = async () => undefined;

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "vodup-home-"));
  await mkdir(join(home, ".tencentcloud"));
  await writeFile(join(home, ".tencentcloud", "credentials"), "[default]\nsecret_id = AKIDfile\nsecret_key = k\n");
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe("a chain", () => {
  test("asks in order and stops at the first that has credentials", async () => {
    let asked = 0;
    const counted = async () => ((asked += 1), second());
    expect(await chain(nothing, first, counted)()).toMatchObject({ secretId: "AKIDfirst" });
    expect(asked).toBe(0);
  });

  test("passes over what is simply not there", async () => {
    const provider = chain(fromEnvironment({}), fromIni({ file: join(home, "none") }), second);
    expect(await provider()).toMatchObject({ secretId: "AKIDsecond" });
  });

  test("does not pass over what is there but broken", async () => {
    const half = fromEnvironment({ TENCENTCLOUD_SECRET_ID: "AKIDhalf" });
    await expect(chain(half, second)()).rejects.toThrow("TENCENTCLOUD_SECRET_KEY is not set");
    const fault = new Error("the vault is sealed");
    await expect(chain(() => Promise.reject(fault), second)()).rejects.toBe(fault);
  });

  test("that ends names every place it has asked", async () => {
    const file = join(home, "none");
    await expect(chain(fromEnvironment({}), fromIni({ file }), nothing)()).rejects.toMatchObject({
      code: "CREDENTIALS",
      message: `no credentials found: TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set; ${file} does not exist; provider 3 has none; provide one of these`,
    });
  });

  test("may be a link of another", async () => {
    expect(await chain(chain(nothing), chain(nothing, second))()).toMatchObject({ secretId: "AKIDsecond" });
  });
});

describe("the command line's order", () => {
  const env = { TENCENTCLOUD_SECRET_ID: "AKIDenv", TENCENTCLOUD_SECRET_KEY: "k" };

  test("is the environment, then the file at home", async () => {
    expect(await defaultCredentials({ env, home })()).toMatchObject({ secretId: "AKIDenv" });
    expect(await defaultCredentials({ env: {}, home })()).toMatchObject({ secretId: "AKIDfile" });
  });

  test("never goes to the network unasked: without either it ends with their names", async () => {
    await expect(defaultCredentials({ env: {}, home: join(home, "none") })()).rejects.toThrow(
      /TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set; .*credentials and \/etc\/tencentcloud\/credentials do not exist/,
    );
  });
});
