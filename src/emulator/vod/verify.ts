import {
  deriveTc3Keys,
  sha256Hex,
  TC3_ALGORITHM,
  tc3CanonicalRequest,
  tc3CredentialScope,
  tc3SignatureHex,
  tc3StringToSign,
  type Tc3CanonicalPieces,
} from "../../signing/index.ts";
import type { Exchange } from "../exchange.ts";
import { plainMismatch, type SignatureMismatch } from "../signatures/mismatch.ts";
import type { Settings } from "../options.ts";
import { VodFailure } from "./envelope.ts";
import { explainTc3 } from "./explain.ts";

const vodService = "vod";
const windowSeconds = 5 * 60;

interface Tc3Authorization {
  readonly secretId: string;
  readonly date: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

interface Account {
  readonly secretId: string;
  readonly secretKey: string;
}

/** @throws {VodFailure} AuthFailure.InvalidAuthorization */
function parseAuthorization(exchange: Exchange): Tc3Authorization {
  const header = exchange.headers.get("authorization") ?? "";
  const match =
    /^(\S+) Credential=([^/,\s]+)\/([^/,\s]+)\/([^/,\s]+)\/tc3_request, SignedHeaders=([^,\s]+), Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  const [, algorithm, secretId = "", date = "", service = "", names = "", signature = ""] = match ?? [];
  if (algorithm !== TC3_ALGORITHM) {
    const [rule, flaw] = flawOf(header);
    const mismatch = plainMismatch(rule, `Authorization: ${flaw}`);
    throw new VodFailure(
      "AuthFailure.InvalidAuthorization",
      "The request header `Authorization` is invalid.",
      mismatch,
    );
  }
  return { secretId, date, service, signedHeaders: names.split(";"), signature };
}

function flawOf(header: string): [rule: string, flaw: string] {
  if (header === "") return ["2.9", "there is none"];
  const begin = `${TC3_ALGORITHM} Credential=`;
  if (!header.startsWith(begin)) return ["2.9", `does not begin with "${begin}"`];
  if (/Credential=(\s[^/,]*|[^/,]*\s)\//.test(header))
    return ["2.12", "white space around the SecretId of its Credential"];
  if (/Signature=(?=.*[A-F])[0-9a-fA-F]{64}$/.test(header)) return ["2.8", "the signature is not in lower case"];
  if (!/, SignedHeaders=[^,]+, Signature=/.test(header)) return ["2.9", "no comma and one space between its parts"];
  if (!/Credential=[^/,]+\/[^/,]+\/[^/,]+\/tc3_request,/.test(header)) {
    return ["2.9", "its Credential is not SecretId/date/service/tc3_request"];
  }
  return ["2.8", "the signature is not 64 hexadecimal digits"];
}

function timestampOf(exchange: Exchange): number {
  const text = exchange.headers.get("x-tc-timestamp") ?? "";
  if (text === "") throw new VodFailure("MissingParameter", "The request is missing a required parameter `Timestamp`.");
  if (!/^\d{1,11}$/.test(text)) throw new VodFailure("InvalidParameter", "The value of `Timestamp` is not a time.");
  return Number(text);
}

const signatureFailure = (mismatch: SignatureMismatch | undefined): VodFailure =>
  new VodFailure(
    "AuthFailure.SignatureFailure",
    "The provided credentials could not be validated. Please check your signature is correct.",
    mismatch,
  );

/**
 * Checks a TC3-HMAC-SHA256 signature: 266/34114 (wire §2, §3.13).
 *
 * @throws {VodFailure} with the documented code of whatever does not hold; of a signature that does not fit, the log
 * gets the canonical line that differs, where one of the usual mistakes explains it.
 */
export function verifyTc3(exchange: Exchange, body: Uint8Array, account: Account, settings: Settings): void {
  const authorization = parseAuthorization(exchange);
  const timestamp = timestampOf(exchange);
  if (authorization.secretId !== account.secretId) {
    throw new VodFailure(
      "AuthFailure.SecretIdNotFound",
      "The SecretId is not found, please ensure that your SecretId is correct.",
    );
  }
  checkToken(exchange, settings);
  if (Math.abs(exchange.now / 1000 - timestamp) > windowSeconds) {
    throw new VodFailure("AuthFailure.SignatureExpire", "The signature is expired, please request again.");
  }
  checkScope(authorization, timestamp);
  checkSignedHeaders(exchange, authorization.signedHeaders);
  const pieces = canonicalPieces(exchange, authorization.signedHeaders, sha256Hex(body));
  const secretSigning = deriveTc3Keys(account.secretKey, timestamp, vodService).secretSigning;
  const scope = tc3CredentialScope(timestamp, vodService);
  const canonical = tc3CanonicalRequest(pieces);
  exchange.trace.stages = {
    algorithm: TC3_ALGORITHM,
    canonicalName: "CanonicalRequest",
    canonical,
    stringToSign: tc3StringToSign(timestamp, scope, sha256Hex(canonical)),
    secretId: account.secretId,
    keys: ["TC3 + SecretKey", "SecretDate", "SecretService", "SecretSigning"],
  };
  if (exchange.fault?.kind === "refuse-signature") throw signatureFailure(undefined);

  const taken = (variant: Tc3CanonicalPieces): boolean =>
    tc3SignatureHex(secretSigning, tc3StringToSign(timestamp, scope, sha256Hex(tc3CanonicalRequest(variant)))) ===
    authorization.signature;
  if (!taken(pieces) && !(settings.hostWithoutPort && taken(withoutPort(pieces)))) {
    throw signatureFailure(explainTc3({ exchange, pieces, body, timestamp, ...account }, authorization.signature));
  }
  exchange.entry.verified = true;
}

function checkToken(exchange: Exchange, settings: Settings): void {
  if (exchange.headers.get("x-tc-token") !== settings.token) {
    throw new VodFailure(
      "AuthFailure.TokenFailure",
      "Token verification failed, please check if your Token is correct",
    );
  }
}

function checkScope({ date, service }: Tc3Authorization, timestamp: number): void {
  if (service !== vodService) {
    throw new VodFailure(
      "AuthFailure.InvalidAuthorization",
      "The request `Authorization` header does not conform to tencentcloud standards: `Service` in Credential not valid.",
      plainMismatch("2.4", `credential scope: service is "${service}", not "${vodService}"`),
    );
  }
  const scope = tc3CredentialScope(timestamp, vodService);
  if (!scope.startsWith(`${date}/`)) {
    const why = /^\d{4}-\d\d-\d\d$/.test(date) ? "X-TC-Timestamp falls on another day in UTC" : "it is not YYYY-MM-DD";
    const text = `credential scope: date is ${date}, but ${why} (${scope})`;
    throw signatureFailure(plainMismatch("2.3", text));
  }
}

function checkSignedHeaders(exchange: Exchange, names: readonly string[]): void {
  const wrong = (rule: string, text: string): VodFailure =>
    signatureFailure(plainMismatch(rule, `signed headers: ${text}`));
  const inCapitals = names.find((name) => name !== name.toLowerCase());
  if (inCapitals !== undefined) throw wrong("2.9", `${inCapitals} is not in lower case`);
  for (const required of ["content-type", "host"]) {
    if (!names.includes(required)) throw wrong("2.2", `${required} is missing`);
  }
  const sorted = [...new Set(names)].sort();
  if (sorted.join(";") !== names.join(";")) throw wrong("2.9", "not sorted, or one is there twice");
  for (const name of names) {
    if (!exchange.headers.has(name)) throw wrong("2.9", `${name} is signed but was not sent`);
  }
}

function canonicalPieces(exchange: Exchange, names: readonly string[], hashedPayload: string): Tc3CanonicalPieces {
  return {
    method: exchange.method,
    path: "/",
    query: exchange.target.rawQuery,
    headers: names.map((name) => [name, (exchange.headers.get(name) ?? "").trim().toLowerCase()]),
    hashedPayload,
  };
}

function withoutPort(pieces: Tc3CanonicalPieces): Tc3CanonicalPieces {
  const headers = pieces.headers.map(([name, value]): readonly [string, string] => [
    name,
    name === "host" ? value.replace(/:\d+$/, "") : value,
  ]);
  return { ...pieces, headers };
}
