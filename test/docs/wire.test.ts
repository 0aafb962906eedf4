import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { crc64 } from "../../src/cos/crc64.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { parseEvent } from "../../src/events/index.ts";
import { generateBody } from "../../src/replay/body.ts";
import type { CosRequest, Tc3Request } from "../../src/signing/index.ts";
import { percentEncode, signClientUpload, signCos, signTc3, verifyCallback } from "../../src/signing/index.ts";
import { planTransfer } from "../../src/upload/transfer/part-plan.ts";
import { questions } from "../contract/questions.ts";
import { seenByOthers } from "../contract/seen-by-others.ts";
import { accountKeys, clockStart } from "../cassettes/author.ts";
import { readPage, root, tableRows } from "../support/markdown.ts";
import { readMessage, sendMessage, showMessage } from "./http-samples.ts";
import { evaluate, type Fields } from "./wire-formulas.ts";

const page = await readPage("docs/wire.md");

/** The words behind the fence of each block: how it is checked. */
const infos = [...page.text.matchAll(/^```(\S.*)$/gm)].map(([, info = ""]) => info);
const blocks = page.blocks.map(({ code, ...block }, index) => ({
  ...block,
  // A long line is shown in pieces.
  code: code.replaceAll("↩\n", ""),
  info: infos[index] ?? "",
}));
const blocksOf = (info: string) => blocks.filter((block) => block.info === info);

/** The JSON of the blocks of a kind, which `T` says the form of; each with its line. */
const samples = <T>(info: string) =>
  blocksOf(info).map(({ line, code }) => [`line ${line}`, JSON.parse(code) as T] as const);

interface Signed<Request> {
  readonly request: Request;
  readonly secretId: string;
  readonly secretKey: string;
}
interface Callback {
  readonly body: object;
  readonly signKey: string;
  readonly now: number;
  readonly valid: boolean;
}
interface ClientUpload {
  readonly params: Readonly<Record<string, string | number>>;
  readonly secretKey: string;
}

interface VectorTest extends Record<string, unknown> {
  readonly name: string;
}
const vectors = async (name: string): Promise<VectorTest[]> =>
  (JSON.parse(await readFile(join(root, `fixtures/vectors/${name}.json`), "utf8")) as { tests: VectorTest[] }).tests;

interface Tc3Vector extends VectorTest {
  readonly secretId: string;
  readonly secretKey: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signedHeaders: readonly string[];
  readonly flags: readonly string[];
  readonly payload: unknown;
  readonly payloadEncoding: string;
  /** Hashed in place of the payload (§2.16). */
  readonly payloadHashInput?: string;
  readonly service: string;
  readonly timestamp: number;
  readonly expected: Readonly<Record<string, string>>;
}

interface CosVector extends VectorTest {
  readonly secretId: string;
  readonly secretKey: string;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly signedHeaders: readonly string[];
  readonly startTime: number;
  readonly endTime: number;
  readonly expected: Readonly<Record<string, string>>;
}

/** Every kind of block, and the number there must be at least. */
const kinds: Readonly<Record<string, number>> = {
  "text formula tc3": 1,
  "text formula cos": 1,
  "json enc": 1,
  "json tc3": 1,
  "json cos": 1,
  "json crc64": 1,
  "json part-plan": 1,
  "json event 3.0": 1,
  "json event 2.0": 1,
  "json callback": 1,
  "json client-upload": 1,
  "http request": 10,
  "http response": 10,
};

test("every sample says how it is checked", () => {
  expect(infos).toHaveLength(blocks.length);
  expect([...new Set(infos)].filter((info) => kinds[info] === undefined)).toEqual([]);
  for (const [info, least] of Object.entries(kinds)) {
    expect(blocksOf(info).length, info).toBeGreaterThanOrEqual(least);
  }
});

describe("the formulas give every known answer", () => {
  const [tc3 = "", cos = ""] = ["text formula tc3", "text formula cos"].map((info) => blocksOf(info)[0]?.code ?? "");

  test("of TC3-HMAC-SHA256", async () => {
    const all = (await vectors("tc3-sign")) as Tc3Vector[];
    // What vendor clients do against the rules is no answer of these.
    const known = all.filter(({ flags }) => !flags.includes("vendor-quirk"));
    const whole = known.filter(
      ({ payload, payloadEncoding }) => payload !== undefined && payloadEncoding !== undefined,
    );
    expect(whole.length).toBeGreaterThan(60);
    for (const one of whole) {
      const { secretId, secretKey, method, path, query, service, timestamp, expected, signedHeaders } = one;
      const given = new Map(Object.entries(one.headers).map(([name, value]) => [name.toLowerCase(), value]));
      given.set("host", one.host);
      const headers: Fields = signedHeaders.map((name) => [name, given.get(name.toLowerCase()) ?? ""]);
      const body = bytesOf(one);
      const date = new Date(timestamp * 1000).toISOString().replace(/T.*/, "");
      const texts = { secretId, method, path, query, service, date, timestamp: String(timestamp), body };
      const inputs = {
        texts: { ...texts, SecretKey: secretKey, SecretId: secretId },
        lists: { "signed header": headers },
      };
      const found = evaluate(tc3, inputs);
      expect(found, one.name).toMatchObject({
        CanonicalRequest: expected["canonicalRequest"],
        StringToSign: expected["stringToSign"],
        Signature: expected["signature"],
        Authorization: expected["authorization"],
      });
      expect((found["SecretSigning"] as Buffer).toString("hex"), one.name).toBe(expected["secretSigning"]);
    }
  });

  test("of COS signature v5", async () => {
    const all = (await vectors("cos-sign-v5")) as CosVector[];
    expect(all.length).toBeGreaterThan(100);
    for (const one of all) {
      const { secretId, secretKey, method, path, startTime, endTime, expected, signedHeaders } = one;
      const headers = Object.entries(one.headers).filter(([name]) => signedHeaders.includes(name.toLowerCase()));
      const parameters: Fields = Object.entries(one.query).map(([name, value]) => [name, value ?? ""]);
      const texts = { method, path, start: String(startTime), end: String(endTime) };
      const found = evaluate(cos, {
        texts: { ...texts, SecretKey: secretKey, SecretId: secretId },
        lists: { parameter: parameters, "signed header": headers },
      });
      expect(found, one.name).toMatchObject({
        SignKey: expected["signKey"],
        HttpString: expected["httpString"],
        StringToSign: expected["stringToSign"],
        Authorization: expected["authorization"],
      });
    }
  });

  test("and what is not a formula is refused", () => {
    const inputs = { texts: { a: "1" }, lists: {} };
    expect(evaluate('b = "x" a\n', inputs)).toEqual({ a: "1", b: "x1" });
    expect(() => evaluate("b = c\n", inputs)).toThrow(/c is not explained/);
    expect(() => evaluate("b = a; and so on\n", inputs)).toThrow(/not a formula/);
  });
});

function bytesOf({ payload, payloadEncoding, payloadHashInput }: Tc3Vector): Buffer {
  if (payloadHashInput !== undefined) return Buffer.from(payloadHashInput);
  if (payload === null) return Buffer.alloc(0);
  if (typeof payload === "string") return Buffer.from(payload, payloadEncoding === "base64" ? "base64" : "utf8");
  return Buffer.from(generateBody(payload as Parameters<typeof generateBody>[0]));
}

describe("the samples are what the implementation makes of them", () => {
  test.each(samples<Record<string, string>>("json enc"))("percent-encoding, %s", (_, table) => {
    for (const [plain, encoded] of Object.entries(table)) expect(percentEncode(plain)).toBe(encoded);
  });

  test.each(samples<Signed<Tc3Request>>("json tc3"))("TC3, %s", (_, { request, secretId, secretKey, ...shown }) => {
    expect(signTc3(request, { secretId, secretKey })).toMatchObject(shown);
  });

  test.each(samples<Signed<CosRequest>>("json cos"))("COS, %s", (_, { request, secretId, secretKey, ...shown }) => {
    expect(signCos(request, { secretId, secretKey })).toMatchObject(shown);
  });

  test.each(samples<Record<string, string>>("json crc64"))("CRC64, %s", (_, table) => {
    for (const [letters, decimal] of Object.entries(table)) {
      expect(String(crc64(Buffer.from(letters)))).toBe(decimal);
    }
  });

  test.each(samples<{ size: number }[]>("json part-plan"))("part sizes, %s", (_, plans) => {
    for (const plan of plans) {
      expect(planTransfer(plan.size, "auto")).toEqual(plan);
    }
  });

  test.each([...samples<object>("json event 3.0"), ...samples<object>("json event 2.0")])("events, %s", (_, body) => {
    const format = "eventType" in body ? "2.0" : "3.0";
    expect(parseEvent(body)).toMatchObject({
      type: "NewFileUpload",
      format,
      fileId: "5285890784273533167",
      sourceContext: "order-7",
      isServerUpload: true,
    });
  });

  test.each(samples<Callback>("json callback"))("callbacks, %s", (_, { body, signKey, now, valid }) => {
    expect(verifyCallback(body, signKey, { now }).valid).toBe(valid);
    expect(verifyCallback(body, `${signKey}x`, { now }).valid).toBe(!valid);
  });

  test.each(samples<ClientUpload>("json client-upload"))("client uploads, %s", (_, { params, secretKey, ...shown }) => {
    expect(signClientUpload(params, secretKey)).toEqual(shown);
  });
});

test("the whole upload is answered as it stands there", async () => {
  const requests = blocksOf("http request");
  const responses = blocksOf("http response");
  expect(requests).toHaveLength(responses.length);
  const emulator = await startEmulator({ ...accountKeys, seed: 1, clock: () => clockStart * 1000, pullWaitMs: 0 });
  try {
    for (const [index, { line, code }] of requests.entries()) {
      const answer = await sendMessage(emulator.origin, readMessage(code));
      expect(showMessage(answer), `the answer to line ${line}`).toBe(responses[index]?.code);
    }
    expect(emulator.media()).toHaveLength(1);
  } finally {
    await emulator.close();
  }
});

test("the table of actions has the members of the specification", async () => {
  interface Member {
    readonly name: string;
    readonly required: boolean;
  }
  const spec = JSON.parse(await readFile(join(root, "fixtures/spec/vod-actions.json"), "utf8")) as {
    actions: Record<string, { request: Member[]; response: Member[] }>;
  };
  const rows = Object.entries(spec.actions).map(([action, { request, response }]) => [
    action,
    request.map(({ name, required }) => (required ? `${name}*` : name)).join(", ") || "–",
    response.map(({ name }) => name).join(", ") || "–",
  ]);
  expect(tableRows(page, "action")).toEqual(rows);
});

test("the contract suite asks every open question, in these words, or says why it cannot", () => {
  const open = tableRows(page, "n").map(([section, question]) => ({ section, text: question }));
  expect(questions.map(({ section, text }) => ({ section, text }))).toEqual(open);
  for (const { section, facts, unasked } of questions) {
    expect(facts.length === 0, section).toBe(unasked !== undefined);
  }
});

test("an answer that others saw is marked with how it is known, where the question stands", () => {
  const marks = { "server-bytes": "[server]", "vendor-output": "[sdk]", "matched-by-programs": "[programs]" } as const;
  const known = new Map(tableRows(page, "n").map(([section = "", , text = ""]) => [section, text]));
  const asked = questions.flatMap(({ section, facts }) =>
    Object.entries(seenByOthers)
      .filter(([fact]) => facts.some((name) => (name.endsWith(".") ? fact.startsWith(name) : fact === name)))
      .map(([fact, { level }]) => ({ section, fact, mark: marks[level] })),
  );
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.filter(({ section, mark }) => known.get(section)?.includes(mark) !== true)).toEqual([]);
  // And the other way round: what is settled by programs only is asked, if it can be.
  const byPrograms = new Set(asked.filter(({ mark }) => mark === "[programs]").map(({ section }) => section));
  const marked = [...known].filter(([, text]) => text.includes("[programs]")).map(([section]) => section);
  const cannotBeAsked = questions.filter(({ unasked }) => unasked !== undefined).map(({ section }) => section);
  expect(marked.filter((section) => !byPrograms.has(section) && !cannotBeAsked.includes(section))).toEqual([]);
});

test("what others saw is an exchange in fixtures, or names the program", async () => {
  const published = new Set(
    (await readdir(join(root, "fixtures/published"))).map((file) => file.replace(/\.json$/, "")),
  );
  for (const [fact, { level, seen }] of Object.entries(seenByOthers))
    expect(published.has(seen) || level === "matched-by-programs", fact).toBe(true);
});

describe("the code cites it", () => {
  const sections = new Set([
    ...[...page.text.matchAll(/^## (\d+) /gm)].map(([, section = ""]) => section),
    ...[...page.text.matchAll(/^(\d+\.\d+(?:\.\d+)?) \S/gm)].map(([, rule = ""]) => rule),
    ...[...page.text.matchAll(/^\| (\d+\.\d+) \|/gm)].map(([, question = ""]) => question),
  ]);

  async function citations(folder: string): Promise<{ file: string; section: string }[]> {
    const names = await readdir(join(root, folder), { recursive: true });
    const files = names.filter((name) => /\.(ts|mjs|py|c|md)$/.test(name)).map((name) => `${folder}/${name}`);
    const found = files.map(async (file) => {
      const text = await readFile(join(root, file), "utf8");
      const lists = [...text.matchAll(/wire(?:\.md(?:\))?)? §(\d[\d.]*\d|\d)((?:(?:, | and )§\d[\d.]*)*)/g)];
      return lists.flatMap(([, first = "", more = ""]) =>
        [first, ...[...more.matchAll(/§(\d[\d.]*)/g)].map(([, one = ""]) => one)].map((section) => ({
          file,
          section: section.replace(/\.$/, ""),
        })),
      );
    });
    return (await Promise.all(found)).flat();
  }

  test("no section that is not there", async () => {
    const all = (await Promise.all(["src", "test", "docs", "examples", "fixtures"].map(citations))).flat();
    expect(all.length).toBeGreaterThan(120);
    expect(all.filter(({ section }) => !sections.has(section))).toEqual([]);
  });

  /** About what nobody sends: a summary, questions, what is asked of a judged command, an example, a table. */
  const informational = new Set(["16", "17", "18", "19", "20", "21"]);

  test("every section of the protocol in some file that keeps to it", async () => {
    const cited = new Set((await citations("src")).map(({ section }) => section.split(".")[0] ?? ""));
    const chapters = [...page.text.matchAll(/^## (\d+) /gm)].map(([, section = ""]) => section);
    expect(chapters.filter((chapter) => !cited.has(chapter) && !informational.has(chapter))).toEqual([]);
  });

  test.each(["signing", "vod-api", "cos", "xml", "upload", "http", "events", "emulator"])(
    "src/%s does",
    async (room) => {
      const files = new Set((await citations(`src/${room}`)).map(({ file }) => file));
      expect(files.size).toBeGreaterThanOrEqual(2);
    },
  );
});
