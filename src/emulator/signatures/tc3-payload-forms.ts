import { sha256Hex } from "../../signing/index.ts";
import { isJsonObject, parseJson, type Json } from "../json.ts";
import { hash } from "./tc3-recipe.ts";

/** Last lines of a CanonicalRequest that are not the hash of what was sent, each with how it came about. */
export function wrongPayloads(body: Uint8Array): readonly (readonly [text: string, payload: string])[] {
  const text = Buffer.from(body).toString("utf8");
  return [
    ["hash of nothing was signed", sha256Hex("")],
    ["hash of {} was signed", sha256Hex("{}")],
    ["signed without surrounding white space", sha256Hex(text.trim())],
    ["signed with a line feed at its end", sha256Hex(`${text}\n`)],
    ["signed in quotes, as a JSON string", sha256Hex(JSON.stringify(text))],
    ...rewritten(text).map(([how, other]) => [`signed serialised again, ${how}`, sha256Hex(other)] as const),
    ["signed in Latin-1", sha256Hex(Buffer.from(text, "latin1"))],
    ["the body itself was signed instead of its hash", text],
    ["UNSIGNED-PAYLOAD was signed", sha256Hex("UNSIGNED-PAYLOAD")],
    ["the word UNSIGNED-PAYLOAD was signed", "UNSIGNED-PAYLOAD"],
    ["its hash was signed in upper-case hexadecimal", sha256Hex(body).toUpperCase()],
    ["its hash was signed in base64", Buffer.from(sha256Hex(body), "hex").toString("base64")],
    ["hashed with SHA-1", hash("sha1", text)],
    ["hashed with MD5", hash("md5", text)],
  ];
}

/** The body as other serialisers would have written it. */
function rewritten(text: string): [how: string, other: string][] {
  let value: Json | undefined;
  try {
    value = parseJson(text);
  } catch {
    return [];
  }
  const compact = JSON.stringify(value);
  const forms: [string, string][] = [
    ["without white space", compact],
    ["with a space after , and :", spaced(value)],
    ["with sorted members", JSON.stringify(sorted(value))],
    ["with sorted members and spaces", spaced(sorted(value))],
    ...([2, 4, 1, 3, "\t"] as const).flatMap((indent): [string, string][] => [
      ["indented", JSON.stringify(value, null, indent)],
      ["indented, with sorted members", JSON.stringify(sorted(value), null, indent)],
    ]),
  ];
  const escaped = forms.map(([how, form]): [string, string] => [`${how}, escaped to ASCII`, ascii(form)]);
  const slashes: [string, string] = ["with escaped slashes", compact.replaceAll("/", "\\/")];
  return [...forms, ...escaped, slashes];
}

/** As Python writes JSON when nothing is said. */
function spaced(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((one: Json) => spaced(one)).join(", ")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, one]) => `${JSON.stringify(name)}: ${spaced(one)}`)
    .join(", ")}}`;
}

function sorted(value: Json): Json {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, sorted(one)]),
  );
}

function ascii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
