import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Cassette, ExpectedRequest } from "../../src/replay/cassette.ts";
import { parseCassette } from "../../src/replay/load.ts";
import { signCos, signTc3 } from "../../src/signing/index.ts";
import { actionTraits } from "../../src/vod-api/actions.ts";
import { schemaErrors } from "../support/schema-errors.ts";
import { serialise } from "./author.ts";
import { cassetteFiles, cassetteFolder } from "./files.ts";

const root = fileURLToPath(cassetteFolder);
const defined = new Map((await cassetteFiles()).map(({ name, content }) => [`${name}.json`, serialise(content)]));

// scripts/make-cassettes.mjs sets this; a plain test run only compares.
if (process.env["UPDATE_CASSETTES"] === "1") {
  for (const folder of ["vod", "cos", "upload", "published"])
    rmSync(join(root, folder), { recursive: true, force: true });
  for (const [name, text] of defined) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

/** Those of contract/ are the contract suite's own to judge. */
const stored = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .filter((name) => !name.startsWith("contract/"))
  .sort();

/** `Authorization` from nothing but the file, by the rules of fixtures/cassettes/README.md. */
function sign({ credentials, certificates, clock }: Cassette, request: ExpectedRequest): string {
  const [, host = "", target = ""] = /^https:\/\/([^/]+)(\/.*)$/.exec(request.url) ?? [];
  const headers = { ...request.headers, host };
  if (request.body?.kind === "json") {
    const signedHeaders = /SignedHeaders=([^,]+)/.exec(request.authorization ?? "")?.[1]?.split(";");
    const body = JSON.stringify(request.body.value);
    return signTc3(
      { method: "POST", host, headers, body, service: "vod", timestamp: clock.start, signedHeaders },
      credentials,
    ).authorization;
  }
  const [path = "", query = ""] = target.split("?");
  const parameters = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => pair.split("="));
  return signCos(
    {
      method: request.method,
      path: decodeURIComponent(path),
      query: Object.fromEntries(parameters.map(([name = "", value = ""]) => [name, decodeURIComponent(value)])),
      headers,
      startTime: clock.start - 60,
      endTime: clock.start + 900,
    },
    [credentials, ...certificates].find(({ secretId }) => request.authorization?.includes(`q-ak=${secretId}&`)) ??
      credentials,
  ).authorization;
}

describe("the cassette files", () => {
  it("are what scripts/make-cassettes.mjs writes, no more and no less", () => {
    expect(stored).toEqual([...defined.keys()].sort());
    for (const [name, text] of defined) expect(readFileSync(join(root, name), "utf8"), name).toBe(text);
  });

  it("answer every action of the API and every operation of the object storage", () => {
    const calls = [...defined.values()].map((text) => parseCassette(JSON.parse(text)));
    const succeeding = (api: string) =>
      new Set(
        calls
          .filter(({ call, expect: wanted }) => call.api === api && wanted.result !== undefined)
          .map(({ call }) => call.op),
      );
    expect([...succeeding("vod")].sort()).toEqual(Object.keys(actionTraits).sort());
    expect([...succeeding("cos")].sort()).toEqual([
      "abortMultipartUpload",
      "completeMultipartUpload",
      "headObject",
      "initiateMultipartUpload",
      "listMultipartUploads",
      "listParts",
      "putObject",
      "uploadPart",
    ]);
  });
});

describe.each(stored)("%s", (name) => {
  const text = readFileSync(join(root, name), "utf8");
  const json: unknown = JSON.parse(text);

  it("matches the schema and loads", () => {
    expect(schemaErrors("cassette", json)).toEqual([]);
    expect(parseCassette(json).scenario).toBe(name.replaceAll("/", "-").replace(/\.json$/, ""));
  });

  it("carries the Authorization that its own fields give", () => {
    const cassette = parseCassette(json);
    for (const { request } of cassette.interactions) expect(request.authorization).toBe(sign(cassette, request));
  });

  it("holds no key, account number or address that could be somebody's", () => {
    for (const [id] of text.matchAll(/AKID\w+/g)) expect(id).toMatch(/^AKIDEXAMPLE/);
    for (const [number] of text.matchAll(/(?<!index id )(?<![0-9a-f])1\d{9}(?![0-9a-f])/g)) {
      // Made up for what others posted.
      if (/^12500001\d\d$/.test(number)) continue;
      // The clock, the times of signatures, and the documentation's own example account.
      expect([
        "1250000000",
        "1500000001",
        "1500000002",
        "1500000003",
        "1735689600",
        "1735689540",
        "1735690500",
        "1735696800",
      ]).toContain(number);
    }
    expect(text).not.toMatch(/uin\/(?!10000000000\d)/);
  });
});
