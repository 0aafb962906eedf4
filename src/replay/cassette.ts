/**
 * The cassette: one HTTP conversation as data, to be replayed over a real socket.
 *
 * These types are a cassette after loading. The file form, which any language can read, is described in
 * fixtures/cassettes/README.md and fixtures/schema/cassette.schema.json; `load.ts` turns one into the other.
 */
import type { GeneratedBody } from "./body.ts";

export type SourceKind =
  "documented" | "vendor-sdk" | "server-echo" | "published" | "emulator" | "constructed" | "recorded";

/** How near what somebody published is to the server's own bytes. */
export type PublishedLevel = "server-bytes" | "vendor-output" | "matched-by-programs";

/** Where the answers of a cassette come from. Requests are always computed from the documented rules. */
export type CassetteSource =
  | { readonly kind: Exclude<SourceKind, "recorded" | "published">; readonly text: string }
  | {
      readonly kind: "published";
      readonly text: string;
      readonly seen: readonly string[];
      /** As fixtures/schema/provenance.schema.json has it. */
      readonly date: string;
      readonly level: PublishedLevel;
    }
  | {
      readonly kind: "recorded";
      readonly text: string;
      /** What a recording must state about itself. */
      readonly host: string;
      /** `YYYY-MM-DD` */
      readonly date: string;
      readonly requestId: string;
    };

export interface CassetteKeys {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string | undefined;
}

/** The call a client under test makes. `input` is in the words of the API (`vod`) or of the COS operation (`cos`). */
export interface CassetteCall {
  readonly api: "vod" | "cos" | "upload";
  readonly op: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Tries the client may spend on one request; 1 forbids retries. */
  readonly attempts: number;
}

/** How the call must fail. Absent fields are not judged. */
export interface ExpectedError {
  /**
   * `service`: a well-formed error of the service · `gateway`: an answer that is not the service's (proxy, load
   * balancer) · `malformed`: HTTP 200 whose body is not what the operation answers · `connection`: no complete answer.
   */
  readonly kind: "service" | "gateway" | "malformed" | "connection";
  readonly code?: string | undefined;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  /** A text the message must contain. */
  readonly message?: string | undefined;
  /** Whether another try of the same request may succeed. */
  readonly retryable?: boolean | undefined;
  /** Further fields of the service's error document, such as `serverTime` or `formatString`. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

export type Expectation =
  | { readonly result: Readonly<Record<string, unknown>>; readonly error?: undefined }
  | { readonly error: ExpectedError; readonly result?: undefined };

/** What is asserted of a request's body; `undefined` in {@link ExpectedRequest} means it is not judged. */
export type ExpectedBody =
  | { readonly kind: "empty" }
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "xml"; readonly text: string }
  | { readonly kind: "generated"; readonly generated: GeneratedBody }
  | { readonly kind: "digest"; readonly sha256?: string | undefined; readonly length?: number | undefined };

export interface ExpectedRequest {
  readonly method: string;
  /** Absolute URL: its host and, verbatim, its encoded path and query are what the wire must carry. */
  readonly url: string;
  /** Lower-case name → exact value; the header must occur exactly once. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requireHeaders: readonly string[];
  readonly forbidHeaders: readonly string[];
  /** The exact `Authorization` under the cassette's clock and credentials. */
  readonly authorization?: string | undefined;
  readonly body?: ExpectedBody | undefined;
}

/** Interim statuses a server may send before its answer. */
export type InterimStatus = 100 | 102 | 103;

/** What happens after a request was matched. One of these is consumed by each try. */
export type Reply =
  | { readonly kind: "reset-before-response"; readonly delayMs: number }
  | { readonly kind: "reset-after-bytes"; readonly at: number; readonly delayMs: number }
  | { readonly kind: "timeout"; readonly delayMs: number }
  | Answer;

export interface Answer {
  readonly kind: "answer";
  readonly status: number;
  /** In order, duplicates kept. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  readonly delayMs: number;
  /** `undefined`: 100 is sent when, and only when, the request expects it. */
  readonly interim?: readonly InterimStatus[] | undefined;
  /** Sizes of the pieces of a chunked body; the rest follows as one piece. `undefined`: one Content-Length body. */
  readonly chunks?: readonly number[] | undefined;
  readonly chunkDelayMs: number;
  /** Body bytes after which the connection is closed (`truncate-body`) or falls silent (`timeout`). */
  readonly cut?: { readonly at: number; readonly how: "close" | "silence" } | undefined;
}

export interface Interaction {
  readonly id: string;
  readonly group?: string | undefined;
  /** Ids or groups that must have been answered before; `undefined`: everything earlier outside its own group. */
  readonly after?: readonly string[] | undefined;
  readonly request: ExpectedRequest;
  readonly replies: readonly Reply[];
}

export interface Cassette {
  readonly format: 1;
  readonly scenario: string;
  readonly description: string;
  readonly source: CassetteSource;
  /** `start`: unix seconds at the first reading; each further reading is `stepMs` later. */
  readonly clock: { readonly start: number; readonly stepMs: number };
  readonly credentials: CassetteKeys;
  /** Further keys that sign in this conversation: the temporary certificates its answers hand out. */
  readonly certificates: readonly CassetteKeys[];
  readonly call: CassetteCall;
  readonly interactions: readonly Interaction[];
  readonly expect: Expectation;
}
