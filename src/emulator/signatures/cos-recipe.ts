import { createHash, createHmac } from "node:crypto";
import { percentEncode } from "../../signing/index.ts";
import type { Signed } from "./mismatch.ts";

export type Field = readonly [name: string, value: string];

/** A field on its way into HttpString. */
export interface RecipeField {
  /** As sent. */
  readonly raw: string;
  readonly name: string;
  readonly value: string;
}

/**
 * Signature v5 (436/7778) in steps that can be exchanged one by one: the verifier's own way to sign is `signCos`; this
 * one exists to follow a client into its mistake.
 */
export interface CosRecipe {
  readonly method: string;
  readonly path: string;
  /** Names and values as sent, decoded. */
  readonly params: readonly Field[];
  readonly headers: readonly Field[];
  readonly secretKey: string;
  readonly keyTime: string;
  readonly paramName: (name: string) => string;
  readonly headerName: (name: string) => string;
  readonly paramValue: (value: string) => string;
  readonly headerValue: (value: string) => string;
  readonly order: (fields: readonly RecipeField[]) => readonly RecipeField[];
  readonly pair: (field: RecipeField) => string;
  readonly join: (pairs: readonly string[]) => string;
  readonly httpString: (lines: readonly string[]) => string;
  readonly digest: (httpString: string) => string;
  readonly stringToSign: (lines: readonly string[]) => string;
  readonly signKey: (secretKey: string, keyTime: string) => string | Buffer;
  readonly mac: (key: string | Buffer, text: string) => string;
}

export const hmac = (algorithm: string, key: string | Buffer, text: string): Buffer =>
  createHmac(algorithm, key).update(text).digest();

export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Each line with its line feed. */
export const closedLines = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

export type CosSteps = Omit<CosRecipe, "method" | "path" | "params" | "headers" | "secretKey" | "keyTime">;

/** Lower-cased after encoding, escapes and all. */
export const canonicalName = (name: string): string => percentEncode(name).toLowerCase();

/** The documented steps. */
export const cosSteps: CosSteps = {
  paramName: canonicalName,
  headerName: canonicalName,
  paramValue: percentEncode,
  headerValue: percentEncode,
  order: (fields) => [...fields].sort((a, b) => byName(a.name, b.name)),
  pair: ({ name, value }) => `${name}=${value}`,
  join: (pairs) => pairs.join("&"),
  httpString: closedLines,
  digest: (httpString) => createHash("sha1").update(httpString).digest("hex"),
  stringToSign: closedLines,
  signKey: (secretKey, keyTime) => hmac("sha1", secretKey, keyTime).toString("hex"),
  mac: (key, text) => hmac("sha1", key, text).toString("hex"),
};

/** Follows a recipe to its end. */
export function followCos(recipe: CosRecipe): Signed {
  type Encode = (text: string) => string;
  const text = (fields: readonly Field[], name: Encode, value: Encode): string =>
    recipe.join(
      recipe
        .order(fields.map((field) => ({ raw: field[0], name: name(field[0]), value: value(field[1]) })))
        .map(recipe.pair),
    );
  const canonical = recipe.httpString([
    recipe.method,
    recipe.path,
    text(recipe.params, recipe.paramName, recipe.paramValue),
    text(recipe.headers, recipe.headerName, recipe.headerValue),
  ]);
  const stringToSign = recipe.stringToSign(["sha1", recipe.keyTime, recipe.digest(canonical)]);
  const signature = recipe.mac(recipe.signKey(recipe.secretKey, recipe.keyTime), stringToSign);
  return { canonical, stringToSign, signature };
}
