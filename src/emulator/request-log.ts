import type { FaultKind } from "./faults.ts";
import type { JsonObject } from "./json.ts";
import { isJsonObject, type Json } from "./json.ts";
import { describeMismatch, type SignatureMismatch } from "./signatures/mismatch.ts";

export type Api = "vod" | "cos" | "media" | "control";

/** One request as it arrived and how it was answered. No signature and no token in it. */
export interface LoggedRequest {
  /** Counted from 1, in the order of arrival. */
  readonly id: number;
  /** Arrival, epoch milliseconds of the emulator's clock. */
  readonly time: number;
  readonly api: Api;
  /** "ApplyUpload", "UploadPart" …; "Unknown" when neither API knows it. */
  readonly operation: string;
  readonly method: string;
  /** As sent, still percent-encoded, without the query. */
  readonly path: string;
  /** Decoded; a parameter without "=" is "". */
  readonly query: Readonly<Record<string, string>>;
  /** As sent, the values of secrets left out; undefined when there is none. */
  readonly rawQuery?: string | undefined;
  /** Lower-case names; repeated ones joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the connection, counted from 1: equal numbers mean a reused connection. */
  readonly connection: number;
  /** Whether the signature was checked and right. */
  readonly verified: boolean;
  /** 0 until answered, and when no answer was sent. */
  readonly status: number;
  /** The error code answered. */
  readonly code?: string | undefined;
  /** The error message answered. */
  readonly message?: string | undefined;
  /** Why the signature did not fit, as far as it can be told: `mismatch` in one sentence. */
  readonly diagnosis?: string | undefined;
  readonly mismatch?: SignatureMismatch | undefined;
  /** Body bytes received. */
  readonly bodyBytes: number;
  /** Of bodies that were read whole in one piece (VOD calls, XML). */
  readonly bodySha256?: string | undefined;
  readonly partNumber?: number | undefined;
  readonly uploadId?: string | undefined;
  /** COS: the decoded object key. */
  readonly key?: string | undefined;
  /** VOD: the parameters. */
  readonly json?: JsonObject | undefined;
  /** COS: the document of CompleteMultipartUpload, its first 64 KiB. */
  readonly xml?: string | undefined;
  readonly fault?: FaultKind | undefined;
  /** From arrival until the answer was handed over; undefined before. */
  readonly durationMs?: number | undefined;
}

/** How a request's signature is made, stage by stage. Keys are named, never shown. */
export interface SignatureStages {
  readonly algorithm: "TC3-HMAC-SHA256" | "sha1";
  readonly canonicalName: "CanonicalRequest" | "HttpString";
  /** A token in it reads `TOKEN`. */
  readonly canonical: string;
  readonly stringToSign: string;
  readonly secretId: string;
  /** What the keys are called, in the order in which each is made of the one before. */
  readonly keys: readonly string[];
}

/** What is known of a request beside its log line: for people to look at. */
export interface Trace {
  stages?: SignatureStages | undefined;
  answer?: { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array | undefined } | undefined;
}

/** {@link LoggedRequest} while the request is being handled. */
export type Entry = { -readonly [Name in keyof LoggedRequest]: LoggedRequest[Name] };

/** Keeps with a request what its error answer says, and what it does not say of the signature. */
export function noteFailure(entry: Entry, message: string, mismatch: SignatureMismatch | undefined): void {
  entry.message = message;
  if (mismatch === undefined) return;
  entry.mismatch = mismatch;
  entry.diagnosis = describeMismatch(mismatch);
}

const redactedText = "<redacted>";
const secretNames = new Set(["x-cos-security-token", "x-tc-token", "q-signature", "signkey", "token", "secretkey"]);

/** Cuts the signature out of a TC3 or COS Authorization and leaves what was signed readable. */
function redactAuthorization(value: string): string {
  return value.replace(/(Signature=|q-signature=)[^&,\s]*/gi, `$1${redactedText}`);
}

export function redactHeader(name: string, value: string): string {
  if (secretNames.has(name)) return redactedText;
  return name === "authorization" || name === "sign" ? redactAuthorization(value) : value;
}

export function redactQuery(rawQuery: string): string {
  return rawQuery
    .split("&")
    .map((pair) => {
      const [name = ""] = pair.split("=", 1);
      return secretNames.has(name.toLowerCase()) || name === "sign" ? `${name}=${redactedText}` : pair;
    })
    .join("&");
}

export function redactJson(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, redactMember(name, one)]));
}

/** The first 64 KiB of an answer, without secrets. */
export function redactText(body: Uint8Array, secrets: readonly string[]): string {
  const text = Buffer.from(body.subarray(0, 2 ** 16)).toString("utf8");
  return secrets.reduce((kept, secret) => kept.replaceAll(secret, redactedText), text);
}

function redactMember(name: string, value: Json): Json {
  if (secretNames.has(name.toLowerCase())) return redactedText;
  return isJsonObject(value) ? redactJson(value) : value;
}

/** The last requests, oldest first. */
export class RequestLog {
  readonly #limit: number;
  #entries: Entry[] = [];
  readonly #traces = new WeakMap<Entry, Trace>();
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Keeps the entry and gives it its number. */
  add(entry: Entry): void {
    entry.id = this.#count += 1;
    this.#entries.push(entry);
    // Dropped in lots: a shift for every request of a long run would move the whole array each time.
    if (this.#entries.length > this.#limit * 1.25 + 16) this.#entries = this.#entries.slice(-this.#limit);
  }

  /** Copies: what is handed out does not change any more. */
  list(): LoggedRequest[] {
    return this.#entries.slice(-this.#limit).map((entry) => ({ ...entry }));
  }

  /** The entries numbered above `id`, as they are: they change until their request has ended. */
  after(id: number): readonly Readonly<Entry>[] {
    const first = this.#entries[0]?.id ?? 0;
    return this.#entries.slice(Math.max(id + 1 - first, 0));
  }

  find(id: number): Readonly<Entry> | undefined {
    return this.#entries[id - (this.#entries[0]?.id ?? 0)];
  }

  trace(entry: Entry, trace: Trace): void {
    this.#traces.set(entry, trace);
  }

  traceOf(entry: Readonly<Entry>): Trace | undefined {
    return this.#traces.get(entry);
  }

  clear(): void {
    this.#entries = [];
  }
}
