import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { xmlTokens } from "../../src/replay/xml-text.ts";
import { schemaErrors } from "../support/schema-errors.ts";
import type { Captured, Recorder } from "./vendor-wire.ts";
import {
  authorizationFields,
  canonicalPairs,
  fixture,
  headerMap,
  resign,
  sendOurs,
  splitTarget,
  startRecorder,
} from "./vendor-wire.ts";

/** Where the two clients differ, and why. A difference that no entry names fails the test; so does an entry nobody needs. */
interface Exception {
  readonly reason: string;
  readonly applies: (captured: Captured, theirs: string | undefined, ours: string | undefined) => boolean;
}

const onlyTheirs = (value: string | RegExp, operations?: readonly string[]): Exception["applies"] => {
  return ({ operation }, theirs, ours) =>
    ours === undefined &&
    (typeof value === "string" ? theirs === value : theirs !== undefined && value.test(theirs)) &&
    (operations?.includes(operation) ?? true);
};

const headerExceptions: Readonly<Record<string, Exception>> = {
  "user-agent": { applies: onlyTheirs(/^cos-nodejs-sdk/), reason: "names their client" },
  "cache-control": { applies: onlyTheirs(""), reason: "an empty header says nothing and is left unsigned by them" },
  "content-md5": {
    applies: onlyTheirs(/=$/),
    reason: "costs them a second read of every part; we compare the CRC64 of the answer instead",
  },
  "content-type": {
    applies: (captured, theirs, ours) =>
      onlyTheirs("")(captured, theirs, ours) ||
      onlyTheirs("application/octet-stream", ["putObject", "uploadPart"])(captured, theirs, ours),
    reason: "empty, or a default for streams; a type belongs to the object and is the caller's to give",
  },
  "content-length": {
    applies: (captured, theirs, ours) =>
      onlyTheirs("0", ["headObject", "abortMultipartUpload"])(captured, theirs, ours) ||
      (captured.operation === "completeMultipartUpload" && Number(ours) < Number(theirs)),
    reason: 'a request without body has no length (RFC 9110 §8.6); their Complete writes " as &quot;',
  },
  connection: {
    applies: ({ operation }, theirs, ours) => operation === "headObject" && theirs === "keep-alive" && ours === "close",
    reason: "hop by hop and unsigned; undici ends the connection after a HEAD",
  },
  "x-cos-storage-class": {
    applies: onlyTheirs("STANDARD", ["putObject"]),
    reason: "chosen by their caller; where media is stored is for VOD to say",
  },
};

const parameterExceptions: Readonly<Record<string, Exception>> = {
  "encoding-type": {
    applies: onlyTheirs("url", ["listParts"]),
    reason: "would encode the key in the answer, which we do not read",
  },
  "max-parts": {
    applies: ({ operation }, theirs, ours) => operation === "listParts" && theirs === "1" && ours === "1000",
    reason: "their caller asked for pages of one; we take the largest",
  },
  "part-number-marker": {
    applies: onlyTheirs("0", ["listParts"]),
    reason: "the first page begins where it begins",
  },
};

/** Operations that our client refuses to send at all. */
const refused: Readonly<Record<string, { reason: string; error: RegExp }>> = {
  'key "./a"': {
    reason: "proxies and URL parsers rewrite dot segments, and then the signature is for another key",
    error: /key/,
  },
  'key "a/../b"': { reason: "as above", error: /key/ },
  'key "a/./b"': { reason: "as above", error: /key/ },
};

/** Not comparable, because our client has no such call. */
const absent: Readonly<Record<string, string>> = {
  "putObject stream unknown length":
    "a body of unknown length is uploaded in parts, never with Transfer-Encoding: chunked",
};

const used = new Set<Exception>();

function excused(
  table: Readonly<Record<string, Exception>>,
  name: string,
  captured: Captured,
  theirs?: string,
  ours?: string,
): boolean {
  const exception = table[name];
  if (exception === undefined || !exception.applies(captured, theirs, ours)) return false;
  used.add(exception);
  return true;
}

/** Every difference between two sets of named values that no exception names. */
function unexcused(
  table: Readonly<Record<string, Exception>>,
  captured: Captured,
  theirs: ReadonlyMap<string, string>,
  ours: ReadonlyMap<string, string>,
): string[] {
  return [...new Set([...theirs.keys(), ...ours.keys()])]
    .filter((name) => theirs.get(name) !== ours.get(name))
    .filter((name) => !excused(table, name, captured, theirs.get(name), ours.get(name)))
    .map((name) => `${name}: theirs ${theirs.get(name) ?? "(none)"}, ours ${ours.get(name) ?? "(none)"}`);
}

let recorder: Recorder;

beforeAll(async () => {
  recorder = await startRecorder();
});

afterAll(() => recorder.close());

describe("the captured requests of the vendor's client", () => {
  it("are a fixture that its schema accepts", () => {
    expect(schemaErrors("vendor-wire", fixture)).toEqual([]);
  });

  it.each(fixture.requests)("$name: its Authorization is what our signer gives", ({ request, httpString }) => {
    const signed = resign(request);
    expect(signed.httpString).toBe(httpString);
    expect(signed.authorization).toBe(headerMap(request.headers).get("authorization"));
  });
});

const comparable = fixture.requests.filter(({ name }) => refused[name] === undefined && absent[name] === undefined);

describe("our request for the same operation", () => {
  it.each(comparable)("$name", async (captured) => {
    const theirs = captured.request;
    const ours = await sendOurs(captured, recorder);
    const [theirTarget, ourTarget] = [splitTarget(theirs.target), splitTarget(ours.target)];
    expect(ours.method).toBe(theirs.method);
    expect(ourTarget.path).toBe(theirTarget.path);
    expect(unexcused(parameterExceptions, captured, theirTarget.parameters, ourTarget.parameters)).toEqual([]);

    const [theirHeaders, ourHeaders] = [headerMap(theirs.headers), headerMap(ours.headers)];
    const [theirAuthorization, ourAuthorization] = [theirHeaders, ourHeaders].map((headers) => {
      const value = headers.get("authorization") ?? "";
      headers.delete("authorization");
      return value;
    });
    expect(unexcused(headerExceptions, captured, theirHeaders, ourHeaders)).toEqual([]);

    if (theirs.bodyText === undefined) expect(ours.bodyLength).toBe(theirs.bodyLength);
    else expect(xmlTokens(ours.bodyText)).toEqual(xmlTokens(theirs.bodyText));

    // The same seven fields in the same order; only times, lists and signature may differ.
    const names = (value: string | undefined): string[] => authorizationFields(value ?? "").map(([name]) => name);
    expect(names(ourAuthorization)).toEqual(names(theirAuthorization));
    const fields = new Map(authorizationFields(ourAuthorization ?? ""));
    expect(fields.get("q-ak")).toBe(fixture.credentials.secretId);
    expect(fields.get("q-key-time")).toBe(fields.get("q-sign-time"));

    // Ours verifies, and signs every header that is sent but those that belong to the connection.
    const signed = resign(ours);
    expect(signed.authorization).toBe(ourAuthorization);
    expect(fields.get("q-header-list")?.split(";")).toEqual(
      [...ourHeaders.keys()].filter((name) => name !== "connection").sort(),
    );

    // The text that was signed, line by line. Beyond what differs on the wire, ours also covers the token.
    const [theirLines, ourLines] = [captured.httpString.split("\n"), signed.httpString.split("\n")];
    expect(ourLines).toHaveLength(theirLines.length);
    expect(ourLines.slice(0, 2)).toEqual(theirLines.slice(0, 2));
    expect(
      unexcused(parameterExceptions, captured, canonicalPairs(theirLines[2]), canonicalPairs(ourLines[2])),
    ).toEqual([]);
    const ourSigned = canonicalPairs(ourLines[3]);
    expect(ourSigned.delete("x-cos-security-token")).toBe(captured.input.token !== undefined);
    expect(unexcused(headerExceptions, captured, canonicalPairs(theirLines[3]), ourSigned)).toEqual([]);
  });

  it.each(Object.keys(refused))("%s is refused before anything is sent", async (name) => {
    const captured = fixture.requests.find((request) => request.name === name);
    if (captured === undefined) throw new Error(`${name} was not captured`);
    await expect(sendOurs(captured, recorder)).rejects.toThrow(refused[name]?.error);
    expect(recorder.take()).toEqual([]);
  });

  it("needs every exception that is listed", () => {
    const listed = [...Object.values(headerExceptions), ...Object.values(parameterExceptions)];
    expect(listed.filter((exception) => !used.has(exception)).map(({ reason }) => reason)).toEqual([]);
    for (const name of Object.keys(absent)) expect(fixture.requests.map((request) => request.name)).toContain(name);
  });
});
