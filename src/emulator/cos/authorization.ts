import { decodePercent, type Exchange } from "../exchange.ts";
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

const FIELDS = [
  "q-sign-algorithm",
  "q-ak",
  "q-sign-time",
  "q-key-time",
  "q-header-list",
  "q-url-param-list",
  "q-signature",
] as const;

/** Parameters of a presigned URL that carry the signature and are not part of what it signs. */
export const SIGNATURE_PARAMS: ReadonlySet<string> = new Set([...FIELDS, "sign", "x-cos-security-token"]);

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
  return list.split(";").map((name) => {
    if (name !== name.toLowerCase()) throw denied("Signed names must be in lower case");
    return (decodePercent(name) ?? name).toLowerCase();
  });
}

/**
 * Reads the signature of a request.
 *
 * @throws {CosFailure} AccessDenied when there is none or it is not complete.
 */
export function readAuthorization(exchange: Exchange): CosAuthorization {
  const header = exchange.headers.get("authorization");
  const merged = exchange.query.get("sign");
  const fields = header !== undefined ? parsePairs(header) : merged !== undefined ? parsePairs(merged) : exchange.query;
  const [algorithm, secretId, signTime, keyTime, headerList, paramList, signature] = FIELDS.map((name) =>
    fields.get(name),
  );
  if (algorithm === undefined) throw denied("Access Denied.");
  if (
    algorithm !== "sha1" ||
    secretId === undefined ||
    keyTime === undefined ||
    headerList === undefined ||
    paramList === undefined ||
    signature === undefined ||
    signTime !== keyTime ||
    fields.size < FIELDS.length
  ) {
    throw denied("The Authorization is incomplete");
  }
  const times = /^(\d{1,11});(\d{1,11})$/.exec(keyTime);
  if (times === null) throw denied("q-key-time is not two times");
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
