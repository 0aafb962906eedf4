import { createHash, createHmac } from "node:crypto";
import { percentEncode } from "../../signing/index.ts";
import type { Signed } from "../mismatch.ts";

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
  readonly nameOf: (name: string) => string;
  readonly paramValue: (value: string) => string;
  readonly headerValue: (value: string) => string;
  readonly order: (fields: readonly RecipeField[]) => readonly RecipeField[];
  readonly pair: (field: RecipeField) => string;
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

/** The documented steps. */
export const COS_STEPS: CosSteps = {
  nameOf: (name) => percentEncode(name).toLowerCase(),
  paramValue: percentEncode,
  headerValue: percentEncode,
  order: (fields) => [...fields].sort((a, b) => byName(a.name, b.name)),
  pair: ({ name, value }) => `${name}=${value}`,
  httpString: closedLines,
  digest: (httpString) => createHash("sha1").update(httpString).digest("hex"),
  stringToSign: closedLines,
  signKey: (secretKey, keyTime) => hmac("sha1", secretKey, keyTime).toString("hex"),
  mac: (key, text) => hmac("sha1", key, text).toString("hex"),
};

/** Follows a recipe to its end. */
export function followCos(recipe: CosRecipe): Signed {
  const text = (fields: readonly Field[], encode: (value: string) => string): string =>
    recipe
      .order(fields.map(([raw, value]) => ({ raw, name: recipe.nameOf(raw), value: encode(value) })))
      .map(recipe.pair)
      .join("&");
  const canonical = recipe.httpString([
    recipe.method,
    recipe.path,
    text(recipe.params, recipe.paramValue),
    text(recipe.headers, recipe.headerValue),
  ]);
  const stringToSign = recipe.stringToSign(["sha1", recipe.keyTime, recipe.digest(canonical)]);
  const signature = recipe.mac(recipe.signKey(recipe.secretKey, recipe.keyTime), stringToSign);
  return { canonical, stringToSign, signature };
}
