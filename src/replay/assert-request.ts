/** One request against what the cassette says of it, field by field. */
import { createHash } from "node:crypto";
import type { AuthorizationMode } from "./authorization.ts";
import { judgeAuthorization, tokenHeaders } from "./authorization.ts";
import { generateBody } from "./body.ts";
import type { Cassette, ExpectedBody, ExpectedRequest } from "./cassette.ts";
import { differences } from "./json-difference.ts";
import type { ReceivedRequest } from "./received.ts";
import { xmlTokens } from "./xml-text.ts";
import { parseTarget, rawPairs, splitUrl } from "./target.ts";

/**
 * One field that is not as it should be. `field` is `path`, `query`, `headers.<name>`, `authorization`, `body`,
 * `body<JSON pointer>` or `order`.
 */
export interface FieldMismatch {
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
  readonly hint?: string | undefined;
}

const absentText = "(absent)";
const longestShown = 400;

function shorten(text: string): string {
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}… (${text.length} characters)`;
}

/** Path and query verbatim: equal after decoding is not enough, because the encoding is part of the protocol. */
function assertTarget(expected: ExpectedRequest, request: ReceivedRequest): FieldMismatch[] {
  const wanted = parseTarget(splitUrl(expected.url).target);
  const found = parseTarget(request.target);
  const mismatches: FieldMismatch[] = [];
  if (wanted.path !== found.path) {
    mismatches.push({
      field: "path",
      expected: wanted.path,
      actual: found.path,
      hint: "the same key, encoded differently",
    });
  }
  // The order of parameters is the client's own affair: servers sort them before they verify a signature.
  const sorted = (query: string): string => rawPairs(query).sort().join("&");
  if (sorted(wanted.query) !== sorted(found.query)) {
    mismatches.push({
      field: "query",
      expected: wanted.query,
      actual: found.query,
      hint: "the same parameters, encoded differently",
    });
  }
  return mismatches;
}

/** What was sent, unless it may be somebody's real token. */
function shown(name: string, values: readonly string[]): string {
  if (values.length === 0) return absentText;
  return tokenHeaders.includes(name) ? "(not shown: another token)" : shorten(values.join(" | "));
}

function assertHeaders(expected: ExpectedRequest, request: ReceivedRequest): FieldMismatch[] {
  const mismatches: FieldMismatch[] = [];
  for (const [name, value] of Object.entries(expected.headers)) {
    const values = request.headers.get(name) ?? [];
    if (values.length !== 1 || values[0] !== value) {
      mismatches.push({ field: `headers.${name}`, expected: value, actual: shown(name, values) });
    }
  }
  for (const name of expected.requireHeaders) {
    if (!request.headers.has(name)) {
      mismatches.push({ field: `headers.${name}`, expected: "(any value)", actual: absentText });
    }
  }
  for (const name of expected.forbidHeaders) {
    const values = request.headers.get(name);
    if (values !== undefined) {
      mismatches.push({ field: `headers.${name}`, expected: absentText, actual: shown(name, values) });
    }
  }
  return mismatches;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function firstDifference(expected: Uint8Array, actual: Uint8Array): number {
  const shorter = Math.min(expected.length, actual.length);
  for (let at = 0; at < shorter; at += 1) if (expected[at] !== actual[at]) return at;
  return shorter;
}

function assertBytes(expected: Uint8Array, actual: Uint8Array, asText: boolean): FieldMismatch[] {
  if (Buffer.compare(expected, actual) === 0) return [];
  const show = (bytes: Uint8Array): string =>
    asText
      ? shorten(JSON.stringify(Buffer.from(bytes).toString("utf8")))
      : `${bytes.length} bytes, SHA-256 ${sha256(bytes)}`;
  return [
    {
      field: "body",
      expected: show(expected),
      actual: show(actual),
      hint: `first difference at byte ${firstDifference(expected, actual)}`,
    },
  ];
}

function assertJson(expected: unknown, body: Uint8Array): FieldMismatch[] {
  let actual: unknown;
  try {
    actual = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return [{ field: "body", expected: "JSON", actual: shorten(Buffer.from(body).toString("utf8")) }];
  }
  return differences(expected, actual).map(({ pointer, ...difference }) => ({
    field: `body${pointer}`,
    expected: shorten(difference.expected),
    actual: shorten(difference.actual),
  }));
}

function assertXml(expected: string, body: Uint8Array): FieldMismatch[] {
  const wanted = xmlTokens(expected);
  const found = xmlTokens(Buffer.from(body).toString("utf8"));
  const at = wanted.findIndex((token, index) => token !== found[index]);
  if (at < 0 && wanted.length === found.length) return [];
  const place = at < 0 ? wanted.length : at;
  const after = wanted.slice(Math.max(0, place - 2), place).join("");
  return [
    {
      field: "body",
      expected: shorten(wanted[place] ?? "(end)"),
      actual: shorten(found[place] ?? "(end)"),
      hint: `in the XML document after ${after === "" ? "its beginning" : after}`,
    },
  ];
}

function assertDigest(
  expected: { sha256?: string | undefined; length?: number | undefined },
  body: Uint8Array,
): FieldMismatch[] {
  const mismatches: FieldMismatch[] = [];
  if (expected.length !== undefined && expected.length !== body.length) {
    mismatches.push({ field: "body", expected: `${expected.length} bytes`, actual: `${body.length} bytes` });
  }
  if (expected.sha256 !== undefined) {
    const actual = sha256(body);
    if (actual !== expected.sha256) {
      mismatches.push({ field: "body", expected: `SHA-256 ${expected.sha256}`, actual: `SHA-256 ${actual}` });
    }
  }
  return mismatches;
}

function assertBody(expected: ExpectedBody | undefined, body: Uint8Array): FieldMismatch[] {
  switch (expected?.kind) {
    case undefined:
      return [];
    case "empty":
      return assertDigest({ length: 0 }, body);
    case "json":
      return assertJson(expected.value, body);
    case "text":
      return assertBytes(Buffer.from(expected.text, "utf8"), body, true);
    case "xml":
      return assertXml(expected.text, body);
    case "generated":
      return assertBytes(generateBody(expected.generated), body, false);
    case "digest":
      return assertDigest(expected, body);
    default:
      return expected satisfies never;
  }
}

/** How much of a request had arrived when it was judged: a fault may strike in the middle of the body. */
export type Arrived = "whole" | "head";

export function assertRequest(
  cassette: Cassette,
  expected: ExpectedRequest,
  request: ReceivedRequest,
  arrived: Arrived,
  mode: AuthorizationMode,
): FieldMismatch[] {
  const mismatches = [...assertTarget(expected, request), ...assertHeaders(expected, request)];
  if (arrived === "whole") mismatches.push(...assertBody(expected.body, request.body));
  // A TC3 signature covers the body, so it can only be judged with all of it; a COS signature never does.
  const judgeable = arrived === "whole" || expected.authorization?.startsWith("q-sign-algorithm=");
  if (expected.authorization !== undefined && judgeable) {
    const problem = judgeAuthorization(cassette, expected.authorization, request, mode);
    if (problem !== undefined) mismatches.push({ field: "authorization", ...problem });
  }
  return mismatches;
}
