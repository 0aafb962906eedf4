import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { credentialFiles, firstOf, fromIni } from "../../src/credentials/ini.ts";
import { unprivileged } from "../support/unprivileged.ts";

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-ini-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function written(text: string | Uint8Array): Promise<string> {
  const path = join(folder, `credentials-${(files += 1)}`);
  await writeFile(path, text);
  return path;
}

const plain = "[default]\nsecret_id = AKIDexample\nsecret_key = exampleKey\n";
const read = { secretId: "AKIDexample", secretKey: "exampleKey" };

describe("an INI file gives its credentials", () => {
  const good: [string, string, object][] = [
    ["plain", plain, read],
    ["with a token", `${plain}token = exampleToken`, { ...read, token: "exampleToken" }],
    ["with an empty token", `${plain}token =\n`, read],
    ["with CRLF and a byte-order mark", `\uFEFF${plain.replaceAll("\n", "\r\n")}`, read],
    ["without blanks around =", "[default]\nsecret_id=AKIDexample\nsecret_key=exampleKey", read],
    ["with colons", "[default]\nsecret_id: AKIDexample\nsecret_key: exampleKey", read],
    ["indented", "  [ default ]\n\tsecret_id = AKIDexample  \n\tsecret_key = exampleKey\t", read],
    ["with quotes", `[default]\nsecret_id = "AKIDexample"\nsecret_key = 'exampleKey' ; mine`, read],
    ["with an = in a value", `${plain}token = a=b==`, { ...read, token: "a=b==" }],
    ["with a # in a value", `${plain}token = a#b;c`, { ...read, token: "a#b;c" }],
    [
      "with comments and empty lines",
      "# account of the archive\n\n[default] # the only one\n; id\nsecret_id = AKIDexample # of 2026\n\nsecret_key = exampleKey\n",
      read,
    ],
    ["with names in capitals", "[default]\nSECRET_ID = AKIDexample\nSecret_Key = exampleKey", read],
    ["after another section", `[other]\nsecret_id = no\nnonsense\n${plain}`, read],
    ["before another section", `${plain}[other]\nsecret_id = no`, read],
    ["with unknown names beside", `${plain}region = ap-singapore\nrole_arn = x`, read],
  ];
  test.each(good)("%s", async (_, text, expected) => {
    const file = await written(text);
    expect(await fromIni({ file })()).toEqual({ source: file, ...expected });
  });

  test("of another section", async () => {
    const file = await written(`${plain}[archive]\nsecret_id = AKIDarchive\nsecret_key = k`);
    expect((await fromIni({ file, profile: "archive" })()).secretId).toBe("AKIDarchive");
  });

  test("as they are now, after the file has changed", async () => {
    const file = await written(plain);
    const provider = fromIni({ file });
    await provider();
    await writeFile(file, plain.replace("AKIDexample", "AKIDrotated"));
    expect((await provider()).secretId).toBe("AKIDrotated");
  });
});

describe("an INI file is refused, naming the place and not the value:", () => {
  const bad: [string, string, RegExp][] = [
    ["empty", "", /there is no section \[default\]; fix it/],
    ["without the section", "[other]\nsecret_id = AKIDexample", /there is no section \[default\]/],
    ["without the id", "[default]\nsecret_key = exampleKey", /secret_id in section \[default\] is missing/],
    ["without the key", "[default]\nsecret_id = AKIDexample", /secret_key in section \[default\] is missing/],
    [
      "with an empty key",
      "[default]\nsecret_id = AKIDexample\nsecret_key =",
      /secret_key in section \[default\] is empty/,
    ],
    ["with a comment only", "[default]\nsecret_id = # AKIDexample", /secret_id in section \[default\] is empty/],
    ["with quoted blanks", `[default]\nsecret_id = "AKIDexample "`, /secret_id .* has blanks/],
    [
      "with a blank in the key",
      "[default]\nsecret_id = AKIDexample\nsecret_key = exampleKey exampleKey",
      /secret_key .* holds a blank/,
    ],
    ["with a name that got lost", `[default]\nAKIDexample\n`, /line 2 is neither "name = value" nor a \[section\]/],
    ["with a name given twice", `${plain}secret_id = AKIDother`, /line 4 gives secret_id a second time/],
    ["of JSON", `{"secretId":"AKIDexample","secretKey":"exampleKey"}`, /there is no section \[default\]/],
  ];
  test.each(bad)("%s", async (_, text, message) => {
    const file = await written(text);
    const refusal = await fromIni({ file })().catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ code: "CREDENTIALS", message: expect.stringMatching(message) });
    expect(refusal).toHaveProperty("message", expect.stringContaining(file));
    expect(inspect(refusal)).not.toMatch(/AKID|exampleKey/);
  });

  test("a folder", async () => {
    await expect(fromIni({ file: folder })()).rejects.toMatchObject({
      code: "CREDENTIALS",
      message: `cannot read ${folder} (EISDIR); fix its permissions, or remove it`,
    });
  });

  test("an unreadable file, instead of passing it over", async () => {
    const file = await written(plain);
    await chmod(file, 0o000);
    const other = await written(plain);
    await unprivileged(() => expect(firstOf([file, other], "default")()).rejects.toThrow("(EACCES)"));
  });
});

describe("of several files", () => {
  test("the first that exists is read", async () => {
    const missing = join(folder, "nowhere", "credentials");
    const found = await firstOf([missing, await written(plain)], "default")();
    expect(found).toMatchObject(read);
  });

  test("a file below a file counts as missing", async () => {
    const missing = join(await written("x"), "credentials");
    await expect(firstOf([missing], "default")()).rejects.toThrow(`${missing} does not exist`);
  });

  test("a malformed first one is not passed over", async () => {
    await expect(firstOf([await written("x"), await written(plain)], "default")()).rejects.toThrow("no section");
  });

  test("the vendor's two are the default ones", async () => {
    expect(credentialFiles("/home/someone")).toEqual([
      join("/home/someone", ".tencentcloud", "credentials"),
      "/etc/tencentcloud/credentials",
    ]);
    await mkdir(join(folder, ".tencentcloud"), { recursive: true });
    await writeFile(join(folder, ".tencentcloud", "credentials"), plain);
    const [first = ""] = credentialFiles(folder);
    expect(await fromIni({ file: first })()).toEqual({ source: first, ...read });
  });
});
