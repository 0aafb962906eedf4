import { type Exchange } from "../exchange.ts";
import { decodePercent } from "../request-target.ts";
import { CosFailure } from "./respond.ts";

/** The parameters of a signature v5, from the Authorization header or from the query of a presigned URL. */
export interface CosAuthorization {
  readonly secretId: string;
  /** `start;end` as sent. */
  readonly keyTime: string;
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** Lower-case names that are signed, decoded. */
  readonly headerNames: readonly string[];
  readonly paramNames: readonly string[];
  readonly signature: string;
  readonly presigned: boolean;
}

const fieldNames = [
  "q-sign-algorithm",
  "q-ak",
  "q-sign-time",
  "q-key-time",
  "q-header-list",
  "q-url-param-list",
  "q-signature",
] as const;

/** Parameters of a presigned URL that carry the signature and are not part of what it signs. */
export const signatureParams: ReadonlySet<string> = new Set([...fieldNames, "sign", "x-cos-security-token"]);

const denied = (message: string): CosFailure => new CosFailure(403, "AccessDenied", message);

function parsePairs(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const pair of text.split("&")) {
    const equals = pair.indexOf("=");
    pairs.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return pairs;
}

function names(list: string): string[] {
  if (list === "") return [];
  if (list.includes(",")) throw denied("The Authorization joins the names of a list by , instead of ;");
  return list.split(";").map((name) => {
    if (name !== name.toLowerCase()) throw denied("Signed names must be in lower case");
    return (decodePercent(name) ?? name).toLowerCase();
  });
}

/** What an Authorization that cannot be read lacks (wire §5.14). */
function flawOf(fields: ReadonlyMap<string, string>, header: string): string {
  if (header !== "" && !header.startsWith("q-")) return "The Authorization does not begin with q-sign-algorithm=";
  if (/^[^&]*(%26|, *q-|; *q-)/.test(header)) return "The Authorization does not join its fields by &, as they are";
  const missing = fieldNames.filter((name) => !fields.has(name));
  if (missing.length > 0) return `The Authorization is incomplete: ${missing.join(", ")} missing`;
  const algorithm = fields.get("q-sign-algorithm");
  if (algorithm !== "sha1") return `The Authorization has q-sign-algorithm=${algorithm} instead of sha1`;
  return "The Authorization has another q-sign-time than q-key-time";
}

function timeFlawOf(keyTime: string): string {
  if (/%3b/i.test(keyTime)) return "q-key-time is percent-encoded: the Authorization is sent as it is";
  if (/^\d{13};\d{13}$/.test(keyTime)) return "q-key-time is in milliseconds instead of unix seconds";
  return `q-key-time is not two times in unix seconds, joined by a semicolon: ${keyTime}`;
}

/**
 * Reads the signature of a request (wire §5.14).
 *
 * @throws {CosFailure} AccessDenied when there is none or it is not complete.
 */
export function readAuthorization(exchange: Exchange): CosAuthorization {
  const header = exchange.headers.get("authorization");
  const merged = exchange.query.get("sign");
  const fields = header !== undefined ? parsePairs(header) : merged !== undefined ? parsePairs(merged) : exchange.query;
  const [algorithm, secretId, signTime, keyTime, headerList, paramList, signature] = fieldNames.map((name) =>
    fields.get(name),
  );
  if (secretId === undefined && header === undefined) throw denied("Access Denied.");
  if (
    algorithm !== "sha1" ||
    secretId === undefined ||
    keyTime === undefined ||
    headerList === undefined ||
    paramList === undefined ||
    signature === undefined ||
    signTime !== keyTime
  ) {
    throw denied(flawOf(fields, header ?? ""));
  }
  const times = /^(\d{1,11});(\d{1,11})$/.exec(keyTime);
  if (times === null) throw denied(timeFlawOf(keyTime));
  return {
    secretId,
    keyTime,
    start: Number(times[1]),
    end: Number(times[2]),
    headerNames: names(headerList),
    paramNames: names(paramList),
    signature,
    presigned: header === undefined,
  };
}
