import type { EmulatorClock } from "./clock.ts";
import type { Bucket } from "./cos/bucket.ts";
import type { FaultPlan, FaultRule, RuleCount } from "./faults.ts";
import type { JsonObject } from "./json.ts";
import type { Pusher } from "./vod/push.ts";
import { redactText, type LoggedRequest, type RequestLog, type SignatureStages } from "./request-log.ts";
import type { Sessions, UploadSession } from "./sessions.ts";
import { fileDeleted, newFileUpload } from "./vod/event-bodies.ts";
import type { Delivery, LoggedEvent } from "./vod/event-log.ts";
import type { EventQueues } from "./vod/event-queues.ts";
import { sampleMedia, type MediaLibrary } from "./vod/media-library.ts";

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
  /** The last 1,000 events, whether they were sent or not, and what became of each. */
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
  /** Replaces the fault rules and starts counting anew. @throws {TypeError} for what is no rule */
  setFaults(rules: readonly FaultRule[]): void;
  /** Moves the emulator's clock by `ms` (negative: back). */
  advanceClock(ms: number): void;
  /** Epoch milliseconds of the emulator's clock. */
  now(): number;
}

export interface InspectionParts {
  readonly log: RequestLog;
  readonly account: { readonly secretId: string; readonly secretKey: string };
  readonly sessions: Sessions;
  readonly bucket: Bucket;
  readonly media: MediaLibrary;
  readonly pusher: Pusher;
  readonly events: EventQueues;
  readonly subAppId: number;
  readonly faults: FaultPlan;
  readonly clock: EmulatorClock;
}

export class Inspection implements Inspector {
  readonly #parts: InspectionParts;

  constructor(parts: InspectionParts) {
    this.#parts = parts;
  }

  get account(): { readonly secretId: string } {
    return this.#parts.account;
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
    const object = this.#parts.bucket.object(key) ?? this.#parts.bucket.object(key.replace(/^\//, ""));
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
    const certificates = grouped(this.#parts.sessions.certificates(), ({ session }) => session);
    return this.#parts.sessions.list().map((session) => {
      const given = certificates.get(session) ?? [];
      return {
        fileId: session.fileId,
        bucket: session.bucket,
        region: session.region,
        key: session.mediaKey,
        coverKey: session.coverKey,
        secretIds: given.map(({ secretId }) => secretId),
        state: session.state,
        subAppId: session.subAppId,
        openedAt: session.openedAt,
        expiresAt: Math.max(0, ...given.map(({ expiresAt }) => expiresAt)),
        fields: session.fields,
      };
    });
  }

  /** Of requests numbered above `id`, those there are; they change until they have ended. */
  requestsAfter(id: number): readonly LoggedRequest[] {
    return this.#parts.log.after(id);
  }

  requestDetail(id: number): RequestDetail | undefined {
    const { log } = this.#parts;
    const request = log.find(id);
    if (request === undefined) return undefined;
    const { stages, answer } = log.traceOf(request) ?? {};
    const body = answer?.body === undefined ? undefined : redactText(answer.body, this.secrets());
    return { request: { ...request }, stages, answer: answer && { headers: answer.headers, body } };
  }

  /** The FileId of the session a request belongs to, as far as it says so. */
  fileIdOf(request: LoggedRequest): string | undefined {
    return this.#sessionOf(request)?.fileId;
  }

  #sessionOf(request: LoggedRequest): UploadSession | undefined {
    const { sessions, log } = this.#parts;
    const signer = /q-ak=([^&]+)/.exec(request.headers["authorization"] ?? "")?.[1] ?? request.query["q-ak"];
    if (signer !== undefined) return sessions.certificate(signer)?.session;
    const asked = request.json?.["VodSessionKey"];
    if (typeof asked === "string") return sessions.byKey(asked);
    if (request.operation !== "ApplyUpload") return undefined;
    const body = log.traceOf(request)?.answer?.body;
    const answered = /"VodSessionKey":"([^"]+)"/.exec(body === undefined ? "" : Buffer.from(body).toString("latin1"));
    return sessions.byKey(answered?.[1] ?? "");
  }

  secrets(): string[] {
    const given = this.#parts.sessions.certificates().flatMap(({ secretKey, token }) => [secretKey, token]);
    return [this.#parts.account.secretKey, ...given];
  }

  deliveries(): Delivery[] {
    return this.#parts.pusher.deliveries();
  }

  events(): LoggedEvent[] {
    const now = this.now();
    const attempts = grouped(this.deliveries(), ({ eventId }) => eventId);
    return this.#parts.events.log.list().map(({ event: _event, ...record }) => {
      const free = record.state === "held" && now > (record.heldUntil ?? 0);
      return { ...record, state: free ? "waiting" : record.state, deliveries: attempts.get(record.id) ?? [] };
    });
  }

  sendEventAgain(id: number): void {
    if (!this.#parts.events.again(id)) throw new TypeError(`there is no event ${id}`);
  }

  sendTestEvent(url: string, options: { type?: string | undefined; signKey?: string | undefined } = {}): void {
    const { type = "NewFileUpload", signKey } = options;
    if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : "")) throw new TypeError("url must be http(s)");
    const { media, events, subAppId } = this.#parts;
    const about = media.list().at(-1) ?? sampleMedia(subAppId, this.now());
    const made = { NewFileUpload: newFileUpload(about), FileDeleted: fileDeleted(about.fileId, []) }[type];
    if (made === undefined) throw new TypeError("type must be NewFileUpload or FileDeleted");
    events.pushTo(about.subAppId, made, { notificationUrl: url, signKey: signKey === "" ? undefined : signKey });
  }

  async pushesSettled(): Promise<void> {
    await this.#parts.pusher.settled();
  }

  faults(): RuleCount[] {
    return this.#parts.faults.list();
  }

  expireCertificates(fileId?: string): void {
    const all = this.#parts.sessions.certificates();
    const meant = fileId === undefined ? all : all.filter(({ session }) => session.fileId === fileId);
    if (fileId !== undefined && meant.length === 0) throw new TypeError(`there is no session of FileId ${fileId}`);
    for (const certificate of meant) certificate.expiresAt = Math.min(certificate.expiresAt, this.now());
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

function grouped<Key, Item>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
