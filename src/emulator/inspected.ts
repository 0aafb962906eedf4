import type { FaultRule, RuleCount } from "./fault-rules.ts";
import type { JsonObject } from "./json.ts";
import type { LoggedRequest, SignatureStages } from "./request-log.ts";
import type { Delivery, LoggedEvent } from "./vod/event-log.ts";

export interface ObjectSummary {
  readonly size: number;
  /** Lower-case hexadecimal; undefined with `discard`. */
  readonly sha256: string | undefined;
  /** Unsigned decimal. */
  readonly crc64: string;
  /** Without quotes. */
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface CommittedMedia {
  readonly fileId: string;
  readonly subAppId: number;
  /** Object keys, without leading slash. */
  readonly key: string;
  readonly coverKey: string | undefined;
  readonly mediaUrl: string;
  readonly coverUrl: string;
  readonly storageRegion: string;
  readonly procedureTaskId: string;
  /** The parameters of ApplyUpload (or PullUpload), as they came. */
  readonly fields: JsonObject;
}

export interface OpenUpload {
  readonly uploadId: string;
  readonly key: string;
  /** Ascending part numbers. */
  readonly parts: readonly {
    readonly partNumber: number;
    readonly size: number;
    readonly etag: string;
    readonly crc64: string;
  }[];
}

/** What one ApplyUpload opened. */
export interface SessionSummary {
  readonly fileId: string;
  readonly bucket: string;
  readonly region: string;
  /** Object keys, without leading slash. */
  readonly key: string;
  readonly coverKey: string | undefined;
  /** SecretIds of the certificates given out for it. */
  readonly secretIds: readonly string[];
  readonly state: "open" | "committed";
  readonly subAppId: number;
  /** ApplyUpload, epoch milliseconds of the emulator's clock. */
  readonly openedAt: number;
  /** When the last of its certificates expires, epoch milliseconds of the emulator's clock. */
  readonly expiresAt: number;
  /** The parameters of ApplyUpload, as they came. */
  readonly fields: JsonObject;
}

/** What is kept of one request for people to look at. */
export interface RequestDetail {
  readonly request: LoggedRequest;
  readonly stages: SignatureStages | undefined;
  /** Without secrets; the body's first 64 KiB, undefined when it was streamed from an object. */
  readonly answer:
    { readonly headers: Readonly<Record<string, string>>; readonly body: string | undefined } | undefined;
}

/** What a test can see of an emulator, and what it can turn. */
export interface Inspector {
  /** All requests so far, the control interface's reads left out; redacted. */
  requests(): LoggedRequest[];
  clearRequests(): void;
  /** Every stored object by key, without leading slash. */
  objects(): Promise<ReadonlyMap<string, ObjectSummary>>;
  /** @throws {Error} when there is no such object, or its bytes were discarded */
  readObject(key: string): Promise<Buffer>;
  /** Every media that was committed or pulled and not deleted. */
  media(): CommittedMedia[];
  /** Multipart uploads that were neither completed nor aborted. */
  uploads(): OpenUpload[];
  /** Every session opened, in order. */
  sessions(): SessionSummary[];
  /**
   * Every secret key and token given out, the account's too: to look for where none may be. Not on the control
   * interface.
   */
  secrets(): string[];
  /** Attempts to push an event. */
  deliveries(): Delivery[];
  /** The last 1,000 events, whether they were sent or not, and the state of each. */
  events(): LoggedEvent[];
  /** Sends an event once more: pushes it, or lets it be pulled again. @throws {TypeError} when there is none */
  sendEventAgain(id: number): void;
  /**
   * Pushes an event about the last media, or a made-up one, to `url`, once.
   * @throws {TypeError} for what is not an http(s) URL, or a type other than NewFileUpload (default) and FileDeleted
   */
  sendTestEvent(url: string, options?: { type?: string | undefined; signKey?: string | undefined }): void;
  /** Resolves when no push is under way. */
  pushesSettled(): Promise<void>;
  /** The fault rules in force, and how often each has matched and struck. */
  faults(): RuleCount[];
  /** Lets the certificates of a session, or of all of them, expire now. @throws {TypeError} for an unknown FileId */
  expireCertificates(fileId?: string): void;
  /** Replaces the fault rules and starts counting from 0. @throws {TypeError} for what is no rule */
  setFaults(rules: readonly FaultRule[]): void;
  /** Moves the emulator's clock by `ms` (negative: back). */
  advanceClock(ms: number): void;
  /** As just started: no object, session, media, event or request, the clock and the fault rules of the options. */
  reset(): Promise<void>;
  /** Epoch milliseconds of the emulator's clock. */
  now(): number;
}
