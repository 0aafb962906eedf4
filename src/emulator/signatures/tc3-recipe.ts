import { createHash, createHmac } from "node:crypto";
import { sha256Hex, TC3_ALGORITHM } from "../../signing/index.ts";
import type { Signed } from "./mismatch.ts";

export type Field = readonly [name: string, value: string];
export type Key = string | Buffer;

/**
 * TC3-HMAC-SHA256 (266/34114) in steps that can be exchanged one by one: the verifier's own way to sign is that of
 * src/signing; this one exists to follow a client into its mistake.
 */
export interface Tc3Recipe {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** In canonical form and order. */
  readonly headers: readonly Field[];
  /** The line SignedHeaders. */
  readonly names: string;
  /** The last line: the body's hash. */
  readonly payload: string;
  /** Of X-TC-Timestamp. */
  readonly timestamp: string;
  /** As in StringToSign, and as in the keys. */
  readonly scope: { readonly date: string; readonly service: string };
  readonly derived: { readonly date: string; readonly service: string };
  readonly secretKey: string;
  readonly headerLines: (headers: readonly Field[]) => string;
  readonly canonical: (lines: readonly string[]) => string;
  readonly digest: (canonical: string) => string;
  readonly stringToSign: (lines: readonly string[]) => string;
  readonly signingKey: (secretKey: string, date: string, service: string) => Key;
  readonly mac: (key: Key, text: string) => string;
}

/** What of a request the mistakes depend on, beside what is signed rightly. */
export interface Tc3SigningContext {
  /** Values of the signed headers as sent, not lower-cased. */
  readonly asSent: readonly Field[];
  /** Names of the signed headers in the case in which they were sent. */
  readonly namesAsSent: readonly string[];
  /** Sent, but not signed. */
  readonly unlisted: readonly Field[];
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly host: string;
  /** X-TC-Region. */
  readonly region: string;
  readonly secretId: string;
  readonly body: Uint8Array;
  /** Unix seconds. */
  readonly timestamp: number;
}

export const hmacOf = (algorithm: string, key: Key, text: Key): Buffer =>
  createHmac(algorithm, key).update(text).digest();
export const hmac256 = (key: Key, text: Key): Buffer => hmacOf("sha256", key, text);
export const hash = (algorithm: string, text: Key): string => createHash(algorithm).update(text).digest("hex");

const joined = (lines: readonly string[]): string => lines.join("\n");

export type Tc3Steps = Pick<Tc3Recipe, "headerLines" | "canonical" | "digest" | "stringToSign" | "signingKey" | "mac">;

/** The documented steps. */
export const tc3Steps: Tc3Steps = {
  headerLines: (headers) => headers.map(([name, value]) => `${name}:${value}\n`).join(""),
  canonical: joined,
  digest: sha256Hex,
  stringToSign: joined,
  signingKey: (secretKey, date, service) => hmac256(hmac256(hmac256(`TC3${secretKey}`, date), service), "tc3_request"),
  mac: (key, text) => hmac256(key, text).toString("hex"),
};

/** Follows a recipe to its end. */
export function followTc3(recipe: Tc3Recipe): Signed {
  const canonical = recipe.canonical([
    recipe.method,
    recipe.path,
    recipe.query,
    recipe.headerLines(recipe.headers),
    recipe.names,
    recipe.payload,
  ]);
  const { date, service } = recipe.scope;
  const stringToSign = recipe.stringToSign([
    TC3_ALGORITHM,
    recipe.timestamp,
    `${date}/${service}/tc3_request`,
    recipe.digest(canonical),
  ]);
  const key = recipe.signingKey(recipe.secretKey, recipe.derived.date, recipe.derived.service);
  return { canonical, stringToSign, signature: recipe.mac(key, stringToSign) };
}
