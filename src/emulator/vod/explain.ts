import { tc3CredentialScope, type Tc3CanonicalPieces } from "../../signing/index.ts";
import { namesAsSent, type Exchange } from "../exchange.ts";
import { findMistakes, type SignatureMismatch } from "../signatures/mismatch.ts";
import { knownTc3Mistakes } from "../signatures/tc3-known-mistakes.ts";
import { followTc3, tc3Steps, type Field, type Tc3Recipe } from "../signatures/tc3-recipe.ts";

/** A request and what should have been signed of it. */
export interface Tc3Signing {
  readonly exchange: Exchange;
  readonly pieces: Tc3CanonicalPieces;
  readonly body: Uint8Array;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly secretId: string;
  readonly secretKey: string;
}

/** Says nothing of the request that a signature should cover, or holds it. */
const neverSigned = new Set(["authorization", "x-tc-token", "connection", "content-length", "transfer-encoding"]);

/** Finds out how a TC3 signature that does not fit was made. */
export function explainTc3(signing: Tc3Signing, signature: string): SignatureMismatch {
  const { exchange, pieces, body, timestamp, secretId, secretKey } = signing;
  const { method, path, query, headers, hashedPayload } = pieces;
  const [date = "", service = ""] = tc3CredentialScope(timestamp, "vod").split("/");
  const names = headers.map(([name]) => name);
  const right: Tc3Recipe = {
    ...tc3Steps,
    method,
    path,
    query,
    headers,
    names: names.join(";"),
    payload: hashedPayload,
    timestamp: String(timestamp),
    scope: { date, service },
    derived: { date, service },
    secretKey,
  };
  const known = knownTc3Mistakes({
    asSent: names.map((name): Field => [name, exchange.headers.get(name) ?? ""]),
    namesAsSent: names.map((name) => namesAsSent(exchange.request).get(name) ?? name),
    unlisted: [...exchange.headers].filter(([name]) => !names.includes(name) && !neverSigned.has(name)),
    rawPath: exchange.target.rawPath,
    rawQuery: exchange.target.rawQuery,
    host: exchange.host,
    region: exchange.headers.get("x-tc-region") ?? "",
    secretId,
    body,
    timestamp,
  });
  return findMistakes({
    canonicalName: "CanonicalRequest",
    right,
    known,
    sign: followTc3,
    signature,
    shown: (recipe) => recipe,
  });
}
