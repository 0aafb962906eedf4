import { createHash } from "node:crypto";
import type { KnownMistake } from "./mismatch.ts";
import { hmac, type CosRecipe } from "./cos-recipe.ts";

type Mistake = KnownMistake<CosRecipe>;

const mistake = (rule: string, text: string, make: Mistake["make"]): Mistake => ({ rule, text, make });

const sha = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest("hex");

const usualMistakes: readonly Mistake[] = [
  mistake("5.13", "method: signed in upper case", (right) => ({ ...right, method: right.method.toUpperCase() })),
  mistake("5.5", "HttpString: the line feed at its end is missing", (right) => ({
    ...right,
    httpString: (lines) => lines.join("\n"),
  })),
  mistake("5.5", "HttpString: empty lines left out", (right) => ({
    ...right,
    httpString: (lines) => right.httpString(lines.filter((line) => line !== "")),
  })),
  mistake("5.5", "StringToSign: the line feed at its end is missing", (right) => ({
    ...right,
    stringToSign: (lines) => lines.join("\n"),
  })),
  mistake("5.5", "both texts: the line feed at their end is missing", (right) => ({
    ...right,
    httpString: (lines) => lines.join("\n"),
    stringToSign: (lines) => lines.join("\n"),
  })),
  mistake("5.13", "StringToSign: holds the HttpString instead of its SHA-1", (right) => ({
    ...right,
    digest: (httpString) => httpString,
  })),
  mistake("5.13", "StringToSign: HttpString hashed with SHA-256", (right) => ({
    ...right,
    digest: (httpString) => sha("sha256", httpString),
  })),
  mistake("5.13", "StringToSign: HttpString hashed with MD5", (right) => ({
    ...right,
    digest: (httpString) => sha("md5", httpString),
  })),
  mistake("5.13", "StringToSign: the hash in upper-case hexadecimal", (right) => ({
    ...right,
    digest: (httpString) => right.digest(httpString).toUpperCase(),
  })),
  mistake("5.13", "StringToSign: its first line, sha1, is missing", (right) => ({
    ...right,
    stringToSign: (lines) => right.stringToSign(lines.slice(1)),
  })),
  mistake("5.13", "signature: in upper-case hexadecimal", (right) => ({
    ...right,
    mac: (key, text) => right.mac(key, text).toUpperCase(),
  })),
  mistake("5.13", "signature: in base64", (right) => ({
    ...right,
    mac: (key, text) => hmac("sha1", key, text).toString("base64"),
  })),
  mistake("5.13", "signature: made with SHA-256", (right) => ({
    ...right,
    mac: (key, text) => hmac("sha256", key, text).toString("hex"),
  })),
  mistake("5.13", "signature: HttpString signed without StringToSign", (right) => ({
    ...right,
    digest: (httpString) => httpString,
    stringToSign: ([, , httpString = ""]) => httpString,
  })),
];

const crlf = (text: string): string => text.replaceAll("\n", "\r\n");

const rareMistakes: readonly Mistake[] = [
  mistake("5.5", "HttpString: the lines of query and headers exchanged", (right) => ({
    ...right,
    httpString: ([method = "", path = "", query = "", headers = ""]) =>
      right.httpString([method, path, headers, query]),
  })),
  mistake("5.5", "HttpString: lines end in CR LF", (right) => ({
    ...right,
    httpString: (lines) => crlf(right.httpString(lines)),
  })),
  mistake("5.5", "StringToSign: lines end in CR LF", (right) => ({
    ...right,
    stringToSign: (lines) => crlf(right.stringToSign(lines)),
  })),
  mistake("5.5", "both texts: lines end in CR LF", (right) => ({
    ...right,
    httpString: (lines) => crlf(right.httpString(lines)),
    stringToSign: (lines) => crlf(right.stringToSign(lines)),
  })),
  mistake("5.5", "HttpString: an empty line at its end", (right) => ({
    ...right,
    httpString: (lines) => `${right.httpString(lines)}\n`,
  })),
  mistake("5.5", "StringToSign: an empty line at its end", (right) => ({
    ...right,
    stringToSign: (lines) => `${right.stringToSign(lines)}\n`,
  })),
  mistake("5.13", "StringToSign: KeyTime stands before the algorithm", (right) => ({
    ...right,
    stringToSign: ([algorithm = "", keyTime = "", hash = ""]) => right.stringToSign([keyTime, algorithm, hash]),
  })),
  ...["SHA1", "sha256", "hmac-sha1", "q-sign-algorithm=sha1", "sha-1"].map((name) =>
    mistake("5.13", `StringToSign: its first line is ${name} instead of sha1`, (right) => ({
      ...right,
      stringToSign: ([, ...lines]) => right.stringToSign([name, ...lines]),
    })),
  ),
  mistake("5.13", "StringToSign: the hash in base64", (right) => ({
    ...right,
    digest: (httpString) => createHash("sha1").update(httpString).digest("base64"),
  })),
  mistake("5.13", "StringToSign: HttpString hashed in Latin-1 instead of UTF-8", (right) => ({
    ...right,
    digest: (httpString) => createHash("sha1").update(httpString, "latin1").digest("hex"),
  })),
  mistake("5.13", "signature: the SHA-1 of key and text instead of their HMAC", (right) => ({
    ...right,
    mac: (key, text) =>
      createHash("sha1")
        .update(Buffer.concat([Buffer.from(key), Buffer.from(text)]))
        .digest("hex"),
  })),
  mistake("5.13", "signature: key and text exchanged", (right) => ({
    ...right,
    mac: (key, text) => hmac("sha1", text, key.toString()).toString("hex"),
  })),
  ...(
    [
      ["joined by a line feed instead of &", "\n", "="],
      ["joined by a semicolon instead of &", ";", "="],
      ["joined by a comma instead of &", ",", "="],
      ["not joined by &", "", "="],
      ["written with : instead of =", "&", ":"],
      ["written as lines of name:value", "\n", ":"],
    ] as const
  ).map(([text, between, equals]) =>
    mistake("5.5", `query and headers: pairs ${text}`, (right) => ({
      ...right,
      pair: ({ name, value }) => `${name}${equals}${value}`,
      join: (pairs) => pairs.join(between),
    })),
  ),
];

/** What is known to go wrong in the form of HttpString, of StringToSign and of the signature (wire §5.5, §5.13). */
export const knownTextMistakes: readonly Mistake[] = [
  ...usualMistakes,
  ...rareMistakes.map((made) => ({ ...made, rare: true })),
];
