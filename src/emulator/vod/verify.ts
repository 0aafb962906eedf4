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
import type { Settings } from "../options.ts";
import { VodFailure } from "./envelope.ts";

const SERVICE = "vod";
const WINDOW_SECONDS = 5 * 60;

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
    throw new VodFailure("AuthFailure.InvalidAuthorization", "The request header `Authorization` is invalid.");
  }
  return { secretId, date, service, signedHeaders: names.split(";"), signature };
}

function timestampOf(exchange: Exchange): number {
  const text = exchange.headers.get("x-tc-timestamp") ?? "";
  if (text === "") throw new VodFailure("MissingParameter", "The request is missing a required parameter `Timestamp`.");
  if (!/^\d{1,11}$/.test(text)) throw new VodFailure("InvalidParameter", "The value of `Timestamp` is not a time.");
  return Number(text);
}

const signatureFailure = (diagnosis: string): VodFailure =>
  new VodFailure(
    "AuthFailure.SignatureFailure",
    "The provided credentials could not be validated. Please check your signature is correct.",
    diagnosis,
  );

/**
 * Checks a TC3-HMAC-SHA256 signature: 266/34114.
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
  if (Math.abs(exchange.now / 1000 - timestamp) > WINDOW_SECONDS) {
    throw new VodFailure("AuthFailure.SignatureExpire", "The signature is expired, please request again.");
  }
  checkScope(authorization, timestamp);
  checkSignedHeaders(exchange, authorization.signedHeaders);

  const pieces = canonicalPieces(exchange, authorization.signedHeaders, sha256Hex(body));
  const secretSigning = deriveTc3Keys(account.secretKey, timestamp, SERVICE).secretSigning;
  const sign = (variant: Tc3CanonicalPieces): string => {
    const scope = tc3CredentialScope(timestamp, SERVICE);
    return tc3SignatureHex(secretSigning, tc3StringToSign(timestamp, scope, sha256Hex(tc3CanonicalRequest(variant))));
  };
  if (sign(pieces) !== authorization.signature) {
    const made = mistakes(exchange, pieces, body).find(([, variant]) => sign(variant) === authorization.signature);
    const accepted = made !== undefined && made[0] === WITHOUT_PORT && settings.hostWithoutPort;
    if (!accepted) throw signatureFailure(made?.[0] ?? "another secret key, or another text than ours was signed");
  }
  exchange.entry.verified = true;
}

function checkToken(exchange: Exchange, settings: Settings): void {
  if (exchange.headers.get("x-tc-token") !== settings.token) {
    throw new VodFailure("AuthFailure.TokenFailure", "The token is invalid or has expired.");
  }
}

function checkScope({ date, service }: Tc3Authorization, timestamp: number): void {
  if (service !== SERVICE) throw signatureFailure(`credential scope: service is "${service}", not "${SERVICE}"`);
  const scope = tc3CredentialScope(timestamp, SERVICE);
  if (!scope.startsWith(`${date}/`)) {
    throw signatureFailure(
      `credential scope: date is ${date}, but X-TC-Timestamp falls on another day in UTC (${scope})`,
    );
  }
}

function checkSignedHeaders(exchange: Exchange, names: readonly string[]): void {
  for (const required of ["content-type", "host"]) {
    if (!names.includes(required)) throw signatureFailure(`signed headers: ${required} is missing`);
  }
  const sorted = [...new Set(names)].sort();
  if (sorted.join(";") !== names.join(";")) throw signatureFailure("signed headers: not sorted, or one is there twice");
  for (const name of names) {
    if (name !== name.toLowerCase()) throw signatureFailure(`signed headers: ${name} is not in lower case`);
    if (!exchange.headers.has(name)) throw signatureFailure(`signed headers: ${name} is signed but was not sent`);
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

const WITHOUT_PORT = "host: signed without the port that was sent";

/** The usual mistakes, each with what would have been signed then. */
function mistakes(
  exchange: Exchange,
  pieces: Tc3CanonicalPieces,
  body: Uint8Array,
): readonly (readonly [string, Tc3CanonicalPieces])[] {
  const withHeader = (name: string, change: (value: string) => string): Tc3CanonicalPieces => ({
    ...pieces,
    headers: pieces.headers.map(([one, value]) => [one, one === name ? change(value) : value]),
  });
  const asSent = pieces.headers.map(([name]): readonly [string, string] => [name, exchange.headers.get(name) ?? ""]);
  const text = Buffer.from(body).toString("utf8");
  return [
    [WITHOUT_PORT, withHeader("host", (value) => value.replace(/:\d+$/, ""))],
    [
      "content-type: signed without the parameters that were sent",
      withHeader("content-type", (value) => value.replace(/;.*$/, "")),
    ],
    [
      "content-type: signed with a charset that was not sent",
      withHeader("content-type", (value) => `${value}; charset=utf-8`),
    ],
    ["headers: values signed as sent instead of in lower case", { ...pieces, headers: asSent }],
    ["path: signed the path of the URL instead of /", { ...pieces, path: exchange.target.rawPath }],
    ["payload: hash of nothing was signed", { ...pieces, hashedPayload: sha256Hex("") }],
    ["payload: hash of {} was signed", { ...pieces, hashedPayload: sha256Hex("{}") }],
    ["payload: signed without surrounding white space", { ...pieces, hashedPayload: sha256Hex(text.trim()) }],
    ["payload: UNSIGNED-PAYLOAD was signed", { ...pieces, hashedPayload: sha256Hex("UNSIGNED-PAYLOAD") }],
    ["method: signed in lower case", { ...pieces, method: pieces.method.toLowerCase() }],
  ];
}
