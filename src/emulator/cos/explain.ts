import { namesAsSent, type Exchange } from "../exchange.ts";
import { findMistakes, type SignatureMismatch } from "../signatures/mismatch.ts";
import type { Sessions } from "../sessions.ts";
import { signatureParams, type CosAuthorization } from "./authorization.ts";
import { knownCosMistakes } from "../signatures/cos-known-mistakes.ts";
import { canonicalName, cosSteps, followCos, type CosRecipe, type Field } from "../signatures/cos-recipe.ts";

/** Stands for a token where texts are shown, with the characters that tell how it was encoded. */
const shownToken = "TOKEN+/=";
const tokenHeader = "x-cos-security-token";

/** Whose keys there are. */
export interface CosKeys {
  readonly account: { readonly secretKey: string };
  readonly sessions: Sessions;
}

/** Finds out how a signature v5 that does not fit was made. */
export function explainCos(
  exchange: Exchange,
  authorization: CosAuthorization,
  secretKey: string,
  { account, sessions }: CosKeys,
): SignatureMismatch {
  const { headerNames, paramNames, secretId, keyTime } = authorization;
  // In the case in which they came: some sort by it.
  const sent = namesAsSent(exchange.request);
  const headers = [...exchange.headers].map(([name, value]): Field => [sent.get(name) ?? name, value]);
  const params = [...exchange.query].filter(([name]) => !signatureParams.has(name));
  const isListed = (names: readonly string[]) => {
    return ([name]: Field): boolean => names.includes(canonicalName(name)) || names.includes(name.toLowerCase());
  };
  const [headerListed, paramListed] = [isListed(headerNames), isListed(paramNames)];
  const session = sessions.certificate(secretId)?.session;
  const right: CosRecipe = {
    ...cosSteps,
    method: exchange.method.toLowerCase(),
    path: exchange.target.path ?? "",
    params: params.filter(paramListed),
    headers: headers.filter(headerListed),
    secretKey,
    keyTime,
  };
  const known = knownCosMistakes({
    rawPath: exchange.target.rawPath,
    rawQuery: exchange.target.rawQuery,
    listed: [...headerNames, ...paramNames].map(canonicalName),
    unlisted: {
      headers: headers.filter((field) => !headerListed(field) && field[0].toLowerCase() !== "authorization"),
      params: params.filter((field) => !paramListed(field)),
    },
    accountKey: session === undefined ? undefined : account.secretKey,
    sessionPath: session === undefined ? undefined : `/${session.mediaKey}`,
    bucketHost: session === undefined ? undefined : `${session.bucket}.cos.${session.region}.myqcloud.com`,
  });
  return findMistakes({
    canonicalName: "HttpString",
    right,
    known,
    sign: followCos,
    signature: authorization.signature,
    shown: (recipe) => ({ ...recipe, headers: hideToken(recipe.headers), params: hideToken(recipe.params) }),
  });
}

function hideToken(fields: readonly Field[]): Field[] {
  return fields.map(([name, value]) => [name, name.toLowerCase() === tokenHeader ? shownToken : value]);
}
