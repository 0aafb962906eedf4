import type { EmulatorClock } from "./clock.ts";
import type { Bucket } from "./cos/bucket.ts";
import type { FaultPlan, FaultRule } from "./faults.ts";
import type { JsonObject } from "./json.ts";
import type { Delivery, Pusher } from "./vod/push.ts";
import type { LoggedRequest, RequestLog } from "./request-log.ts";
import type { Sessions } from "./sessions.ts";
import type { MediaLibrary } from "./vod/media-library.ts";

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
  /** Resolves when no push is under way. */
  pushesSettled(): Promise<void>;
  /** Replaces the fault rules and starts counting anew. @throws {TypeError} for what is no rule */
  setFaults(rules: readonly FaultRule[]): void;
  /** Moves the emulator's clock by `ms` (negative: back). */
  advanceClock(ms: number): void;
  /** Epoch milliseconds of the emulator's clock. */
  now(): number;
}

export interface InspectionParts {
  readonly log: RequestLog;
  readonly account: { readonly secretKey: string };
  readonly sessions: Sessions;
  readonly bucket: Bucket;
  readonly media: MediaLibrary;
  readonly pusher: Pusher;
  readonly faults: FaultPlan;
  readonly clock: EmulatorClock;
}

export class Inspection implements Inspector {
  readonly #parts: InspectionParts;

  constructor(parts: InspectionParts) {
    this.#parts = parts;
  }

  requests(): LoggedRequest[] {
    return this.#parts.log.list();
  }

  clearRequests(): void {
    this.#parts.log.clear();
  }

  async objects(): Promise<ReadonlyMap<string, ObjectSummary>> {
    const { bucket } = this.#parts;
    const summaries = new Map<string, ObjectSummary>();
    for (const object of bucket.objects()) {
      const { key, size, crc64, etag, headers } = object;
      summaries.set(key, { size, sha256: await bucket.sha256(object), crc64: String(crc64), etag, headers });
    }
    return summaries;
  }

  async readObject(key: string): Promise<Buffer> {
    const object = this.#parts.bucket.object(key.replace(/^\//, ""));
    if (object === undefined) throw new Error(`no object ${key}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of object.blob.read(0, object.size)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  media(): CommittedMedia[] {
    return this.#parts.media.list().map((media) => ({
      fileId: media.fileId,
      subAppId: media.subAppId,
      key: media.key,
      coverKey: media.coverKey,
      mediaUrl: media.url,
      coverUrl: media.coverUrl,
      storageRegion: media.storageRegion,
      procedureTaskId: media.procedureTaskId,
      fields: media.fields,
    }));
  }

  uploads(): OpenUpload[] {
    return this.#parts.bucket.uploads().map(({ uploadId, key, parts }) => ({
      uploadId,
      key,
      parts: [...parts.values()]
        .sort((a, b) => a.partNumber - b.partNumber)
        .map(({ partNumber, size, etag, crc64 }) => ({ partNumber, size, etag, crc64: String(crc64) })),
    }));
  }

  sessions(): SessionSummary[] {
    const certificates = this.#parts.sessions.certificates();
    return this.#parts.sessions.list().map((session) => ({
      fileId: session.fileId,
      bucket: session.bucket,
      region: session.region,
      key: session.mediaKey,
      coverKey: session.coverKey,
      secretIds: certificates.filter((one) => one.session === session).map(({ secretId }) => secretId),
      state: session.state,
    }));
  }

  secrets(): string[] {
    const given = this.#parts.sessions.certificates().flatMap(({ secretKey, token }) => [secretKey, token]);
    return [this.#parts.account.secretKey, ...given];
  }

  deliveries(): Delivery[] {
    return this.#parts.pusher.deliveries();
  }

  async pushesSettled(): Promise<void> {
    await this.#parts.pusher.settled();
  }

  setFaults(rules: readonly FaultRule[]): void {
    this.#parts.faults.set(rules);
  }

  advanceClock(ms: number): void {
    this.#parts.clock.advance(ms);
  }

  now(): number {
    return this.#parts.clock.now();
  }
}
