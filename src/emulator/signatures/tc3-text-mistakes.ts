import { TC3_ALGORITHM } from "../../signing/index.ts";
import type { KnownMistake } from "./mismatch.ts";
import { hash, type Tc3Recipe, type Tc3SigningContext } from "./tc3-recipe.ts";

type Mistake = KnownMistake<Tc3Recipe>;

/** What is known to go wrong in the form of the two texts and of the signature (wire §2.1, §2.7, §2.8). */
export function knownTextMistakes({ secretId }: Pick<Tc3SigningContext, "secretId">): Mistake[] {
  const scopes: readonly (readonly [text: string, scope: (scope: string) => string])[] = [
    ["StringToSign: the SecretId stands before the scope", (scope) => `${secretId}/${scope}`],
    ["StringToSign: the scope lacks tc3_request", (scope) => scope.replace("/tc3_request", "")],
  ];
  const algorithms = ["AWS4-HMAC-SHA256", "HMAC-SHA256", TC3_ALGORITHM.toLowerCase(), "TC3-HMAC-SHA1"];
  return [
    ...textMistakes,
    ...scopes.map(([text, change]) => rare("2.8", text, (right) => withLine(right, 2, change))),
    ...algorithms.map((name) =>
      rare("2.8", `StringToSign: begins with ${name} instead of ${TC3_ALGORITHM}`, (right) =>
        withLine(right, 0, () => name),
      ),
    ),
    ...rareTextMistakes,
  ];
}

const mistake = (rule: string, text: string, make: Mistake["make"]): Mistake => ({ rule, text, make });

const rare = (rule: string, text: string, make: Mistake["make"]): Mistake => ({ rule, text, make, rare: true });

function withLine(right: Tc3Recipe, at: number, change: (line: string) => string): Tc3Recipe {
  return {
    ...right,
    stringToSign: (lines) => right.stringToSign(lines.map((line, index) => (index === at ? change(line) : line))),
  };
}

const crlf = (text: string): string => text.replaceAll("\n", "\r\n");

const textMistakes: readonly Mistake[] = [
  mistake("2.1", "CanonicalRequest: the empty line before SignedHeaders is missing", (right) => ({
    ...right,
    headerLines: (headers) => right.headerLines(headers).replace(/\n$/, ""),
  })),
  mistake("2.1", "CanonicalRequest: ends in a line feed", (right) => ({
    ...right,
    canonical: (lines) => `${right.canonical(lines)}\n`,
  })),
  mistake("2.1", "CanonicalRequest: the line SignedHeaders is missing", (right) => ({
    ...right,
    canonical: (lines) => right.canonical(lines.filter((_, index) => index !== 4)),
  })),
  mistake("2.7", "CanonicalRequest: the empty line of the query is missing", (right) => ({
    ...right,
    canonical: (lines) => right.canonical(lines.filter((line, index) => index !== 2 || line !== "")),
  })),
  mistake("2.8", "StringToSign: holds the CanonicalRequest instead of its hash", (right) => ({
    ...right,
    digest: (canonical) => canonical,
  })),
  mistake("2.8", "StringToSign: the hash in upper-case hexadecimal", (right) => ({
    ...right,
    digest: (canonical) => right.digest(canonical).toUpperCase(),
  })),
  mistake("2.8", "StringToSign: ends in a line feed", (right) => ({
    ...right,
    stringToSign: (lines) => `${right.stringToSign(lines)}\n`,
  })),
  mistake("2.8", "StringToSign: the line with the algorithm is missing", (right) => ({
    ...right,
    stringToSign: (lines) => right.stringToSign(lines.slice(1)),
  })),
  mistake("2.8", "StringToSign: the line with the scope is missing", (right) => ({
    ...right,
    stringToSign: (lines) => right.stringToSign(lines.filter((_, index) => index !== 2)),
  })),
  mistake("2.8", "signature: CanonicalRequest signed without StringToSign", (right) => ({
    ...right,
    digest: (canonical) => canonical,
    stringToSign: (lines) => lines.at(-1) ?? "",
  })),
];

const rareTextMistakes: readonly Mistake[] = [
  rare("2.1", "headers: a blank behind the colon in CanonicalHeaders", (right) => ({
    ...right,
    headerLines: (headers) => headers.map(([name, value]) => `${name}: ${value}\n`).join(""),
  })),
  rare("2.1", "headers: = instead of the colon in CanonicalHeaders", (right) => ({
    ...right,
    headerLines: (headers) => headers.map(([name, value]) => `${name}=${value}\n`).join(""),
  })),
  rare("2.1", "headers: lines of CanonicalHeaders end in CR LF", (right) => ({
    ...right,
    headerLines: (headers) => crlf(right.headerLines(headers)),
  })),
  rare("2.1", "CanonicalRequest: lines end in CR LF", (right) => ({
    ...right,
    canonical: (lines) => crlf(right.canonical(lines)),
  })),
  rare("2.8", "StringToSign: lines end in CR LF", (right) => ({
    ...right,
    stringToSign: (lines) => crlf(right.stringToSign(lines)),
  })),
  rare("2.8", "both texts: lines end in CR LF", (right) => ({
    ...right,
    canonical: (lines) => crlf(right.canonical(lines)),
    stringToSign: (lines) => crlf(right.stringToSign(lines)),
  })),
  rare("2.8", "StringToSign: timestamp and scope exchanged", (right) => ({
    ...right,
    stringToSign: ([algorithm = "", time = "", scope = "", hashed = ""]) =>
      right.stringToSign([algorithm, scope, time, hashed]),
  })),
  ...(["sha1", "sha512", "md5"] as const).map((algorithm) =>
    rare("2.8", `StringToSign: CanonicalRequest hashed with ${algorithm.toUpperCase()}`, (right) => ({
      ...right,
      digest: (canonical) => hash(algorithm, canonical),
    })),
  ),
  rare("2.8", "StringToSign: the hash in base64", (right) => ({
    ...right,
    digest: (canonical) => Buffer.from(hash("sha256", canonical), "hex").toString("base64"),
  })),
  rare("2.8", "signature: the SHA-256 of key and text instead of their HMAC", (right) => ({
    ...right,
    mac: (key, text) => hash("sha256", Buffer.concat([Buffer.from(key), Buffer.from(text)])),
  })),
];
