import type { EmulatorClock } from "./clock.ts";
import type { Bucket } from "./cos/bucket.ts";
import type { FaultPlan, FaultRule, RuleCount } from "./fault-rules.ts";
import type {
  CommittedMedia,
  Inspector,
  ObjectSummary,
  OpenUpload,
  RequestDetail,
  SessionSummary,
} from "./inspected.ts";
import type { Pusher } from "./vod/push.ts";
import { redactText, type LoggedRequest, type RequestLog } from "./request-log.ts";
import type { Sessions, UploadSession } from "./sessions.ts";
import { fileDeleted, newFileUpload } from "./vod/event-bodies.ts";
import type { Delivery, LoggedEvent } from "./vod/event-log.ts";
import type { EventQueues } from "./vod/event-queues.ts";
import { sampleMedia, type MediaLibrary } from "./vod/media-library.ts";

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
  #parts: InspectionParts;
  readonly #renew: () => Promise<InspectionParts>;

  /** @param renew forgets everything and answers the parts of a new start */
  constructor(parts: InspectionParts, renew: () => Promise<InspectionParts>) {
    this.#parts = parts;
    this.#renew = renew;
  }

  async reset(): Promise<void> {
    this.#parts = await this.#renew();
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
