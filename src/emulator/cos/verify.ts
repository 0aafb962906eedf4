import { percentEncode, signCos } from "../../signing/index.ts";
import type { Exchange } from "../exchange.ts";
import { plainMismatch } from "../signatures/mismatch.ts";
import type { Settings } from "../options.ts";
import type { Certificate, Sessions } from "../sessions.ts";
import { readAuthorization, signatureParams, type CosAuthorization } from "./authorization.ts";
import { explainCos } from "./explain.ts";
import { CosFailure } from "./respond.ts";

/** On whose behalf a request comes: the account itself, or one upload session. */
export type CosPrincipal =
  { readonly kind: "account" } | { readonly kind: "certificate"; readonly certificate: Certificate };

export interface CosVerification {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly account: { readonly secretId: string; readonly secretKey: string };
}

const unknownKey = (): CosFailure =>
  new CosFailure(403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records.");

const tokenField = "x-cos-security-token";
const maxSkewSeconds = 15 * 60;

/** What the strict mode asks for. Others change on the way, or are added below the signer, as instrumentation does. */
const signedForm = /^(host|content-.*|x-cos-.*)$/;

/**
 * Checks who signed the request, when, and what: 436/7778 (wire §5.6, §5.7, §5.8).
 *
 * @throws {CosFailure} with the documented code of whatever does not hold.
 */
export function verifyCos(exchange: Exchange, context: CosVerification): CosPrincipal {
  if (exchange.target.path === undefined) throw new CosFailure(400, "InvalidURI", "The URI is not UTF-8 text.");
  if (exchange.target.ambiguous) throw new CosFailure(400, "InvalidArgument", "A query parameter is given twice.");
  const authorization = readAuthorization(exchange);
  const { principal, secretKey } = identify(exchange, context, authorization);
  checkTime(exchange, authorization);
  checkSigned(exchange, authorization, context.settings);
  checkSignature(exchange, authorization, secretKey, context);
  exchange.entry.verified = true;
  return principal;
}

function identify(
  exchange: Exchange,
  { settings, sessions, account }: CosVerification,
  { secretId }: CosAuthorization,
): { principal: CosPrincipal; secretKey: string } {
  const token = exchange.headers.get(tokenField) ?? exchange.query.get(tokenField);
  if (secretId === account.secretId) {
    if (token !== settings.token) throw unknownKey();
    return { principal: { kind: "account" }, secretKey: account.secretKey };
  }
  const certificate = sessions.certificate(secretId);
  if (certificate === undefined || token !== certificate.token) throw unknownKey();
  if (exchange.fault?.kind === "expire-certificate")
    certificate.expiresAt = Math.min(certificate.expiresAt, exchange.now);
  if (exchange.now >= certificate.expiresAt) throw expired(settings);
  return { principal: { kind: "certificate", certificate }, secretKey: certificate.secretKey };
}

function expired({ expiredCertificate }: Settings): CosFailure {
  if (expiredCertificate === "ExpiredToken") {
    return new CosFailure(400, "ExpiredToken", "The provided token has expired.");
  }
  return expiredCertificate === "AccessDenied" ? new CosFailure(403, "AccessDenied", "Access Denied.") : unknownKey();
}

function checkTime(exchange: Exchange, { start, end }: CosAuthorization): void {
  const now = exchange.now / 1000;
  const date = Date.parse(exchange.headers.get("date") ?? "") / 1000;
  const skewed = Math.abs(date - now) > maxSkewSeconds || start > now + maxSkewSeconds;
  if (skewed) {
    const message = "The difference between the request time and the server's time is too large.";
    throw new CosFailure(403, "RequestTimeTooSkewed", message, { withServerTime: true });
  }
  if (end < Math.floor(now)) {
    throw new CosFailure(403, "AccessDenied", "Request has expired", { withServerTime: true });
  }
}

function checkSigned(exchange: Exchange, authorization: CosAuthorization, settings: Settings): void {
  const { headerNames, paramNames } = authorization;
  if (!headerNames.includes("host")) {
    throw new CosFailure(403, "AccessDenied", "Strict signature missing header that must be signed: host");
  }
  if (!settings.strictSignature) return;
  const headers = [...exchange.headers.keys()].filter((name) => signedForm.test(name) && !headerNames.includes(name));
  const params = [...exchange.query.keys()].filter(
    (name) => !signatureParams.has(name) && !paramNames.includes(name.toLowerCase()),
  );
  const missing = [...headers, ...params];
  if (missing.length > 0) {
    const message = `Strict signature missing header/param that must be signed: ${missing.join(", ")}`;
    throw new CosFailure(403, "AccessDenied", message);
  }
}

interface SignedFields {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly query: Record<string, string>;
}

/** What the names in the two lists stand for in this request; a name that is not there stands for nothing. */
function signedFields(exchange: Exchange, { headerNames, paramNames }: CosAuthorization): SignedFields {
  const headers = Object.fromEntries(headerNames.map((name) => [name, exchange.headers.get(name) ?? ""]));
  const params = new Map([...exchange.query].map(([name, value]) => [name.toLowerCase(), value]));
  const query = Object.fromEntries(paramNames.map((name) => [name, params.get(name) ?? ""]));
  return { path: exchange.target.path ?? "", headers, query };
}

function checkSignature(
  exchange: Exchange,
  authorization: CosAuthorization,
  secretKey: string,
  context: CosVerification,
): void {
  const { secretId, start, end } = authorization;
  const sign = (fields: SignedFields): ReturnType<typeof signCos> =>
    signCos({ method: exchange.method, ...fields, startTime: start, endTime: end }, { secretId, secretKey });
  const fields = signedFields(exchange, authorization);
  const ours = sign(fields);
  const token = percentEncode(exchange.headers.get(tokenField) ?? exchange.query.get(tokenField) ?? "");
  exchange.trace.stages = {
    algorithm: "sha1",
    canonicalName: "HttpString",
    canonical: token === "" ? ours.httpString : ours.httpString.replaceAll(token, "TOKEN"),
    stringToSign: ours.stringToSign,
    secretId,
    keys: [context.account.secretId === secretId ? "SecretKey" : "TempCertificate.SecretKey", "SignKey"],
  };
  const absent = absentNames(exchange, authorization);
  const refused = exchange.fault?.kind === "refuse-signature";
  if (!refused && ours.signature === authorization.signature && absent.length === 0) return;
  const portIgnored = context.settings.hostWithoutPort && !refused;
  if (portIgnored && sign(withoutPort(fields)).signature === authorization.signature) return;
  throw new CosFailure(403, "SignatureDoesNotMatch", "The Signature you specified is invalid.", {
    stringToSign: ours.stringToSign,
    formatString: ours.httpString,
    mismatch: refused
      ? undefined
      : absent.length > 0
        ? plainMismatch("5.7", `not sent: ${absent.join(", ")}`)
        : explainCos(exchange, authorization, secretKey, context),
  });
}

/** Names in the lists for which nothing was sent. */
function absentNames(exchange: Exchange, { headerNames, paramNames }: CosAuthorization): string[] {
  const params = new Set([...exchange.query.keys()].map((name) => name.toLowerCase()));
  return [
    ...headerNames.filter((name) => !exchange.headers.has(name)),
    ...paramNames.filter((name) => !params.has(name)),
  ];
}

function withoutPort(fields: SignedFields): SignedFields {
  return { ...fields, headers: { ...fields.headers, host: (fields.headers["host"] ?? "").replace(/:\d+$/, "") } };
}
