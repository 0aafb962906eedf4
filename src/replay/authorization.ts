/**
 * What `Authorization` a request should have carried.
 *
 * A recorded value cannot simply be compared: a client that is pointed at the player signs the player's host, and
 * another JSON encoder signs other bytes. So the signature is computed again over the request as it arrived, with the
 * parameters of the recorded value (scheme, times, list of signed headers). A request that equals the recorded one
 * byte for byte therefore needs exactly the recorded value, and every other one exactly its own.
 */
import { signCos, signTc3 } from "../signing/index.ts";
import type { Cassette, CassetteKeys } from "./cassette.ts";
import type { ReceivedRequest } from "./received.ts";
import { parseTarget } from "./target.ts";

/** A signature and the text it was computed from, for the reader who must find the step that is wrong. */
interface Computed {
  readonly authorization: string;
  readonly signedText: string;
}

export interface AuthorizationProblem {
  readonly expected: string;
  readonly actual: string;
  readonly hint?: string | undefined;
}

interface Tc3Parts {
  readonly secretId: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
}

function parseTc3(authorization: string): Tc3Parts | undefined {
  const match =
    /^TC3-HMAC-SHA256 Credential=([^/ ]+)\/\d{4}-\d\d-\d\d\/([^/ ]+)\/tc3_request, SignedHeaders=([^, ]+), Signature=[0-9a-f]{64}$/.exec(
      authorization,
    );
  const [, secretId, service, signed] = match ?? [];
  if (secretId === undefined || service === undefined || signed === undefined) return undefined;
  return { secretId, service, signedHeaders: signed.split(";") };
}

interface CosParts {
  readonly secretId: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly signedHeaders: readonly string[];
}

function parseCos(authorization: string): CosParts | undefined {
  const match =
    /^q-sign-algorithm=sha1&q-ak=([^&]+)&q-sign-time=(\d+);(\d+)&q-key-time=(\d+;\d+)&q-header-list=([^&]*)&q-url-param-list=[^&]*&q-signature=[0-9a-f]{40}$/.exec(
      authorization,
    );
  const [, secretId, start, end, keyTime, list] = match ?? [];
  if (secretId === undefined || keyTime !== `${start};${end}` || list === undefined) return undefined;
  return {
    secretId,
    startTime: Number(start),
    endTime: Number(end),
    signedHeaders: list === "" ? [] : list.split(";"),
  };
}

function findKeys(cassette: Cassette, secretId: string): CassetteKeys | undefined {
  return [cassette.credentials, ...cassette.certificates].find((keys) => keys.secretId === secretId);
}

/** The headers named, joined as they arrived; a name that did not arrive is left out. */
function pick(request: ReceivedRequest, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const values = request.headers.get(name);
    if (values !== undefined) picked[name] = values.join(", ");
  }
  return picked;
}

function computeTc3(parts: Tc3Parts, timestamp: number, request: ReceivedRequest, keys: CassetteKeys): Computed {
  const { path, query } = parseTarget(request.target);
  const signed = signTc3(
    {
      method: request.method,
      host: request.host,
      path,
      query,
      headers: pick(request, parts.signedHeaders),
      body: request.body,
      service: parts.service,
      timestamp,
      signedHeaders: parts.signedHeaders.filter((name) => name === "host" || request.headers.has(name)),
    },
    keys,
  );
  return { authorization: signed.authorization, signedText: signed.canonicalRequest };
}

function computeCos(parts: CosParts, request: ReceivedRequest, keys: CassetteKeys): Computed {
  const { decodedPath, parameters } = parseTarget(request.target);
  const headers = pick(request, parts.signedHeaders);
  const signed = signCos(
    {
      method: request.method,
      path: decodedPath,
      query: Object.fromEntries(parameters),
      headers,
      startTime: parts.startTime,
      endTime: parts.endTime,
      signedHeaders: Object.keys(headers),
    },
    keys,
  );
  return { authorization: signed.authorization, signedText: signed.httpString };
}

/**
 * `exact`: signed with the cassette's own parameters. `verify`: any signature that is right under the cassette's
 * credentials, whose times contain the cassette's clock, over any list of headers that contains `host`.
 */
export type AuthorizationMode = "exact" | "verify";

function timestampOf(request: ReceivedRequest): number {
  return Number(request.headers.get("x-tc-timestamp")?.[0]);
}

function compute({
  cassette,
  recorded,
  actual,
  mode,
  request,
}: {
  readonly cassette: Cassette;
  readonly recorded: string;
  readonly actual: string;
  readonly mode: AuthorizationMode;
  readonly request: ReceivedRequest;
}): Computed | string {
  const basis = mode === "exact" ? recorded : actual;
  const tc3 = parseTc3(basis);
  const cos = tc3 === undefined ? parseCos(basis) : undefined;
  const secretId = tc3?.secretId ?? cos?.secretId;
  if (secretId === undefined) return `the ${mode === "exact" ? "cassette's" : "received"} value has no known form`;
  const keys = findKeys(cassette, secretId);
  if (keys === undefined) return "signed with an id that the cassette does not hold";

  if (tc3 !== undefined) {
    const timestamp = timestampOf(request);
    if (!Number.isSafeInteger(timestamp)) return "x-tc-timestamp is missing or no number";
    if (!tc3.signedHeaders.includes("host")) return "host is not signed";
    return computeTc3(tc3, timestamp, request, keys);
  }
  if (cos === undefined) return "the value has no known form";
  if (mode === "verify") {
    if (!cos.signedHeaders.includes("host")) return "host is not signed";
    const now = cassette.clock.start;
    if (cos.startTime > now || cos.endTime < now) {
      return `q-sign-time ${cos.startTime};${cos.endTime} does not contain the cassette's clock (${now})`;
    }
  }
  return computeCos(cos, request, keys);
}

/** The signer refuses what cannot be signed (a parameter given twice, a name with a line break): that is the answer. */
function attempt(computation: () => Computed | string): Computed | string {
  try {
    return computation();
  } catch (error) {
    if (error instanceof TypeError) return `cannot be signed: ${error.message}`;
    throw error;
  }
}

/** The parts in which two values differ, named; what a porter needs first. */
function differingParts(expected: string, actual: string): string {
  const split = (value: string): string[] => value.split(/[&, ]+/);
  const wanted = split(expected);
  const found = new Set(split(actual));
  return wanted
    .filter((part) => !found.has(part))
    .map((part) => part.split("=")[0])
    .join(", ");
}

/** A key that is not the cassette's may be a real one: nothing of it is shown. */
const foreignText = "(not shown: signed with a key that is not the cassette's)";

function holdsForeignToken(cassette: Cassette, request: ReceivedRequest): boolean {
  const known = [cassette.credentials, ...cassette.certificates].map((keys) => keys.token);
  return tokenHeaders.some((name) => request.headers.get(name)?.some((token) => !known.includes(token)));
}

/** Headers whose values are secrets unless they are the cassette's own. */
export const tokenHeaders: readonly string[] = ["x-tc-token", "x-cos-security-token"];

/** Judges the received `Authorization`; `undefined` when it is right. */
export function judgeAuthorization(
  cassette: Cassette,
  recorded: string,
  request: ReceivedRequest,
  mode: AuthorizationMode,
): AuthorizationProblem | undefined {
  const values = request.headers.get("authorization") ?? [];
  const [actual] = values;
  if (actual === undefined) return { expected: recorded, actual: "(absent)" };
  if (values.length > 1) return { expected: recorded, actual: "(sent twice)" };

  const secretId = parseTc3(actual)?.secretId ?? parseCos(actual)?.secretId;
  if (secretId === undefined) return { expected: recorded, actual: "(not shown: no form of Authorization)" };
  if (findKeys(cassette, secretId) === undefined) return { expected: recorded, actual: foreignText };

  const computed = attempt(() => compute({ cassette, recorded, actual, mode, request }));
  if (typeof computed === "string") return { expected: recorded, actual, hint: computed };
  if (computed.authorization === actual) return undefined;
  const parts = differingParts(computed.authorization, actual);
  const text = holdsForeignToken(cassette, request) ? "(not shown: it holds a foreign token)" : computed.signedText;
  return {
    expected: computed.authorization,
    actual,
    hint: `differs in ${parts}; the signed text should be:\n${text}`,
  };
}
