/** Evaluates the formulas of docs/wire.md, so that a vector can say whether they are right. */
import { createHash, createHmac } from "node:crypto";
import { percentEncode } from "../../src/signing/index.ts";

type Value = string | Buffer;
export type Fields = readonly (readonly [name: string, value: string])[];

export interface Inputs {
  readonly texts: Readonly<Record<string, Value>>;
  /** What `for each Y` goes through, by Y. */
  readonly lists: Readonly<Record<string, Fields>>;
}

const text = (value: Value | undefined): string => (value ?? "").toString();
const sha =
  (algorithm: string) =>
  ([data = ""]: Value[]) =>
    createHash(algorithm).update(data).digest();
const hmac =
  (algorithm: string) =>
  ([key = "", data = ""]: Value[]) =>
    createHmac(algorithm, key).update(data).digest();

const functions: Readonly<Record<string, (values: Value[]) => Value>> = {
  hex: ([bytes = ""]) => Buffer.from(bytes).toString("hex"),
  lower: ([one]) => text(one).toLowerCase(),
  trim: ([one]) => text(one).trim(),
  enc: ([one]) => percentEncode(text(one)),
  SHA256: sha("sha256"),
  SHA1: sha("sha1"),
  "HMAC-SHA256": hmac("sha256"),
  "HMAC-SHA1": hmac("sha1"),
};

/** Words, texts in quotes, brackets and commas. */
function tokensOf(formula: string): string[] {
  const tokens = formula.match(/"(?:[^"\\]|\\.)*"|[\w-]+|[(),]/g) ?? [];
  const read = tokens.join("").replaceAll(" ", "");
  if (read !== formula.replaceAll(/ (?=(?:[^"]*"[^"]*")*[^"]*$)/g, "").replaceAll(" ", "")) {
    throw new Error(`not a formula: ${formula}`);
  }
  return tokens;
}

/** The value of what stands up to the end, a comma or a closing bracket. */
function joined(tokens: string[], known: Readonly<Record<string, Value>>): Value {
  const parts: Value[] = [];
  for (let token = tokens[0]; token !== undefined && token !== "," && token !== ")"; token = tokens[0]) {
    tokens.shift();
    const value = known[token];
    if (token.startsWith('"')) parts.push(JSON.parse(token) as string);
    else if (tokens[0] === "(") parts.push(applied(token, tokens, known));
    else if (value === undefined) throw new Error(`${token} is not explained`);
    else parts.push(value);
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : parts.map(text).join("");
}

function applied(name: string, tokens: string[], known: Readonly<Record<string, Value>>): Value {
  const apply = functions[name];
  if (apply === undefined) throw new Error(`${name} is no function`);
  const values: Value[] = [];
  do {
    tokens.shift();
    values.push(joined(tokens, known));
  } while (tokens[0] === ",");
  if (tokens.shift() !== ")") throw new Error(`${name} is not closed`);
  return apply(values);
}

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : a > b ? 1 : 0);

/** Every name that a block of formulas defines, with its value. */
export function evaluate(code: string, { texts, lists }: Inputs): Record<string, Value> {
  const known: Record<string, Value> = { ...texts };
  for (const line of code.trimEnd().split("\n")) {
    const [, name = "", formula = ""] = /^(\w+) += (.+)$/.exec(line) ?? [];
    if (name === "") throw new Error(`not a formula: ${line}`);
    const [, each, list, between] = /^(.+) for each ([a-z ]+?)(?:, joined by ("[^"]*"))?$/.exec(formula) ?? [];
    if (each === undefined || list === undefined) {
      known[name] = joined(tokensOf(formula), known);
      continue;
    }
    const fields = lists[list];
    if (fields === undefined) throw new Error(`there is no list of "${list}"`);
    // Sorted by the name as it is written: lower-cased, and encoded where the formula encodes it.
    const written = (raw: string): string => (each.includes("enc(name)") ? percentEncode(raw) : raw).toLowerCase();
    const sorted = fields.map(([raw, value]) => [written(raw), raw, value] as const);
    sorted.sort((a, b) => byName([a[0], ""], [b[0], ""]));
    known[name] = sorted
      .map(([, raw, value]) => text(joined(tokensOf(each), { ...known, name: raw, value })))
      .join(between === undefined ? "" : (JSON.parse(between) as string));
  }
  return known;
}
