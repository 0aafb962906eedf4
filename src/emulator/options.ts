import type { IncomingMessage, ServerResponse } from "node:http";
import { refuseUnknown } from "../unknown-options.ts";
import { parseFaultRules, type FaultRule } from "./fault-rules.ts";

/**
 * What the emulator does where the real service's behaviour is not published, what it does for a test's sake, and
 * where it keeps objects. Durations in milliseconds unless the name says otherwise.
 */
export interface EmulatorOptions {
  /** Loopback port. @defaultValue 0 (any free one) */
  readonly port?: number | undefined;
  /** Loopback address. @defaultValue "127.0.0.1" */
  readonly host?: "127.0.0.1" | "::1" | undefined;
  /** Serve HTTPS with a certificate made at start, its authority in `caFile`. @defaultValue false */
  readonly tls?: boolean | undefined;
  /** The account's key. @defaultValue made at random */
  readonly secretId?: string | undefined;
  /** Its secret; a made-up one. @defaultValue made at random */
  readonly secretKey?: string | undefined;
  /** Makes the account's key a temporary one: VOD calls must carry this X-TC-Token. */
  readonly token?: string | undefined;
  /** @defaultValue 1250000000 */
  readonly appId?: number | undefined;
  /** The default sub-app: that of calls without SubAppId. @defaultValue 1500000001 */
  readonly defaultSubAppId?: number | undefined;
  /** Sub-apps that exist beside the default one; `"any"` lets each one named come into being. @defaultValue "any" */
  readonly subAppIds?: "any" | readonly number[] | undefined;
  /** Refuse calls without SubAppId, as for accounts opened since 2023-12-25. @defaultValue false */
  readonly requireSubAppId?: boolean | undefined;
  /** Refuse ApplyUpload and CommitUpload without X-TC-Region, which their pages call required. @defaultValue true */
  readonly requireRegion?: boolean | undefined;
  /** Where media goes without StorageRegion. @defaultValue "ap-singapore" */
  readonly storageRegion?: string | undefined;
  /** Opened regions beside `storageRegion`; the others refuse uploads until CreateStorageRegion. */
  readonly openRegions?: readonly string[] | undefined;
  /** Put before every storage path that is not asked for, such as `a b/`: clients take the path as it comes. */
  readonly storageFolder?: string | undefined;
  /** Put behind every UploadId, such as `+/=`: clients must not take it for a word. */
  readonly uploadIdTail?: string | undefined;
  /** Objects as files in this folder instead of in memory. */
  readonly dir?: string | undefined;
  /** Keep sizes and checksums only: the sink for load. @defaultValue false */
  readonly discard?: boolean | undefined;
  /** Makes identifiers repeat from run to run. */
  readonly seed?: number | undefined;
  /** Epoch milliseconds. @defaultValue Date.now */
  readonly clock?: (() => number) | undefined;
  /** What goes wrong, and when. @defaultValue nothing @see docs/emulator.md: fault rules */
  readonly faults?: readonly FaultRule[] | undefined;
  /** Seconds a TempCertificate lives. @defaultValue 7200 */
  readonly certificateLifeSeconds?: number | undefined;
  /** What COS answers to an expired certificate. @defaultValue "ExpiredToken" (400; the others are 403) */
  readonly expiredCertificate?: "ExpiredToken" | "InvalidAccessKeyId" | "AccessDenied" | undefined;
  /** What ApplyUpload does with the undocumented VodSessionKey. @defaultValue "same-session" */
  readonly sessionRefresh?: "same-session" | "unknown-parameter" | "new-session" | undefined;
  /** What a second CommitUpload of one session answers. @defaultValue "same-file-id" */
  readonly secondCommit?: "same-file-id" | "unknown-session" | "resource-not-found" | undefined;
  /**
   * What a Procedure without a template gives (wire §17.10): an upload without a task, one whose task has no sub-task,
   * or InvalidParameterValue from ApplyUpload and PullUpload. @defaultValue "no-task"
   */
  readonly unknownProcedure?: "no-task" | "empty-task" | "refused" | undefined;
  /** Whether ApplyUpload takes MediaStoragePath, as sub-apps in FileID+Path mode do. @defaultValue true */
  readonly mediaStoragePath?: boolean | undefined;
  /**
   * `host`, every `content-*` and `x-cos-*` header and every parameter must be signed; other headers need not.
   * @defaultValue false
   */
  readonly strictSignature?: boolean | undefined;
  /** Take signatures whose `host` lacks the port that was sent, as some vendor clients make. @defaultValue false */
  readonly hostWithoutPort?: boolean | undefined;
  /** Whether COS answers with x-cos-hash-crc64ecma. @defaultValue true */
  readonly crc64?: boolean | undefined;
  /**
   * Whether Initiate and Complete answer in chunks, as seen, or with a Content-Length, as printed.
   * @defaultValue true
   */
  readonly chunkedAnswers?: boolean | undefined;
  /**
   * What x-cos-storage-class says of what names no class of its own; another than STANDARD also with HEAD and GET.
   * @defaultValue "STANDARD"
   */
  readonly storageClass?: string | undefined;
  /** Whether a certificate may list multipart uploads. @defaultValue true */
  readonly listMultipartUploads?: boolean | undefined;
  /** Most parts on a page of ListParts, whatever the request asks for: 1 to 1000. @defaultValue 1000 */
  readonly listedParts?: number | undefined;
  /** Least size in bytes of every part but the last. @defaultValue 1 MiB */
  readonly minPartSize?: number | undefined;
  /** Whether NewFileUpload and FileDeleted are sent; the real service's switches start OFF. @defaultValue true */
  readonly uploadEvents?: boolean | undefined;
  /** @defaultValue "PULL", or "PUSH" with a `notificationUrl` */
  readonly eventMode?: "PUSH" | "PULL" | undefined;
  /** Where events are posted to. @defaultValue none */
  readonly notificationUrl?: string | undefined;
  /** ≤ 32 letters and digits; pushed events then carry Sign and T. */
  readonly signKey?: string | undefined;
  /** Form of pushed events. @defaultValue "3.0" */
  readonly eventFormat?: "3.0" | "2.0" | undefined;
  /** Push to hosts that are not loopback too. @defaultValue false */
  readonly pushAnywhere?: boolean | undefined;
  /** How long a receiver of a push may take. @defaultValue 5000 */
  readonly pushTimeoutMs?: number | undefined;
  /** How often a push that timed out is sent in all. @defaultValue 3 */
  readonly pushAttempts?: number | undefined;
  /** How long PullEvents waits for an event. @defaultValue 5000 */
  readonly pullWaitMs?: number | undefined;
  /**
   * What PullEvents answers when nothing came: an error, as programs in use were made for; or no events, as the page's
   * sample suggests. @defaultValue "ResourceNotFound"
   */
  readonly emptyQueue?: "ResourceNotFound" | "null" | "empty-list" | undefined;
  /**
   * How a member that says nothing is written, in answers and in events: `""`, null, or not at all.
   * @defaultValue "as-seen": for each member as it was seen, or as its page shows it
   */
  readonly nothing?: "as-seen" | "empty-text" | "null" | "left-out" | undefined;
  /**
   * What an X-TC-Region nobody knows is refused with.
   * @defaultValue "InvalidParameterValue", as the gateway was seen to
   */
  readonly unknownRegion?: "InvalidParameterValue" | "UnsupportedRegion" | undefined;
  /** How long a pulled event may stay unconfirmed before it is delivered again. @defaultValue 30000 */
  readonly confirmWindowMs?: number | undefined;
  /**
   * How long a task waits before it runs, and runs before it ends.
   * @defaultValue { waitingMs: 0, processingMs: 200 }
   */
  readonly tasks?: TaskOptions | undefined;
  /** Called with each URL PullUpload is given; what it returns becomes the media. Without it nothing is fetched and a
   * small made-up file stands for the media. */
  readonly pullSource?: ((url: string) => Promise<Uint8Array | undefined>) | undefined;
  /** Calls a second allowed for each action, "*" for all others; beyond: RequestLimitExceeded. */
  readonly rateLimits?: Readonly<Record<string, number>> | undefined;
  /** How long an idle connection is kept. @defaultValue 65000 */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** Show a page at `/`, and keep with each request what it shows: answers and signature stages. @defaultValue true */
  readonly page?: boolean | undefined;
  /** Requests kept in the log, the oldest dropped first. @defaultValue 20000 */
  readonly requestLogLimit?: number | undefined;
  /** Called as each request arrives, once it is in the log and before anything is done; must not read the body. */
  readonly onRequest?: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

export interface TaskOptions {
  /** Milliseconds that a task is WAITING. @defaultValue 0 */
  readonly waitingMs?: number | undefined;
  /** Milliseconds that it is PROCESSING after that. @defaultValue 200 */
  readonly processingMs?: number | undefined;
  /** Sub-tasks that end in FAIL: by type ("Transcode") or type and template ("Transcode:100010"). */
  readonly fail?: readonly string[] | undefined;
  /** End every task as ABORTED. */
  readonly abort?: boolean | undefined;
}

/** {@link EmulatorOptions} with every default filled in. */
export type Settings = Omit<Filled<EmulatorOptions>, OptionalName | "tasks"> &
  Pick<EmulatorOptions, OptionalName> & { readonly tasks: Filled<TaskOptions> };

type Filled<T> = { readonly [Name in keyof T]-?: Exclude<T[Name], undefined> };
type OptionalName =
  "secretId" | "secretKey" | "token" | "dir" | "seed" | "notificationUrl" | "signKey" | "pullSource" | "onRequest";

/** By name, see refuseUnknown. */
const taskOptionNames = {
  waitingMs: true,
  processingMs: true,
  fail: true,
  abort: true,
} satisfies Record<keyof TaskOptions, true>;

const optionNames = {
  port: true,
  host: true,
  tls: true,
  secretId: true,
  secretKey: true,
  token: true,
  appId: true,
  defaultSubAppId: true,
  subAppIds: true,
  requireSubAppId: true,
  requireRegion: true,
  storageRegion: true,
  openRegions: true,
  storageFolder: true,
  uploadIdTail: true,
  dir: true,
  discard: true,
  seed: true,
  clock: true,
  faults: true,
  certificateLifeSeconds: true,
  expiredCertificate: true,
  sessionRefresh: true,
  secondCommit: true,
  unknownProcedure: true,
  mediaStoragePath: true,
  strictSignature: true,
  hostWithoutPort: true,
  crc64: true,
  chunkedAnswers: true,
  storageClass: true,
  listMultipartUploads: true,
  listedParts: true,
  minPartSize: true,
  uploadEvents: true,
  eventMode: true,
  notificationUrl: true,
  signKey: true,
  eventFormat: true,
  pushAnywhere: true,
  pushTimeoutMs: true,
  pushAttempts: true,
  pullWaitMs: true,
  emptyQueue: true,
  nothing: true,
  unknownRegion: true,
  confirmWindowMs: true,
  tasks: true,
  pullSource: true,
  rateLimits: true,
  keepAliveTimeoutMs: true,
  page: true,
  requestLogLimit: true,
  onRequest: true,
} satisfies Record<keyof EmulatorOptions, true>;

function invalid(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_VALUE" });
}

/** @throws {TypeError} `ERR_INVALID_ARG_VALUE` for options that cannot be meant. */
export function resolveOptions(options: EmulatorOptions): Settings {
  refuseUnknown("", options, optionNames);
  refuseUnknown("tasks", options.tasks, taskOptionNames);
  if (options.dir !== undefined && options.discard === true) throw invalid("`dir` and `discard` exclude each other");
  if (options.signKey !== undefined && !/^[0-9A-Za-z]{1,32}$/.test(options.signKey)) {
    throw invalid("`signKey` is 1 to 32 letters and digits");
  }
  return {
    port: options.port ?? 0,
    host: options.host ?? "127.0.0.1",
    tls: options.tls ?? false,
    secretId: options.secretId,
    secretKey: options.secretKey,
    token: options.token,
    appId: options.appId ?? 1_250_000_000,
    defaultSubAppId: options.defaultSubAppId ?? 1_500_000_001,
    subAppIds: options.subAppIds ?? "any",
    requireSubAppId: options.requireSubAppId ?? false,
    requireRegion: options.requireRegion ?? true,
    storageRegion: options.storageRegion ?? "ap-singapore",
    openRegions: options.openRegions ?? ["ap-singapore", "ap-chongqing", "ap-hongkong", "ap-guangzhou", "ap-seoul"],
    storageFolder: options.storageFolder ?? "",
    uploadIdTail: options.uploadIdTail ?? "",
    dir: options.dir,
    discard: options.discard ?? false,
    seed: options.seed,
    clock: options.clock ?? Date.now,
    faults: parseFaultRules(options.faults ?? []),
    certificateLifeSeconds: options.certificateLifeSeconds ?? 7200,
    expiredCertificate: options.expiredCertificate ?? "ExpiredToken",
    sessionRefresh: options.sessionRefresh ?? "same-session",
    secondCommit: options.secondCommit ?? "same-file-id",
    unknownProcedure: options.unknownProcedure ?? "no-task",
    mediaStoragePath: options.mediaStoragePath ?? true,
    strictSignature: options.strictSignature ?? false,
    hostWithoutPort: options.hostWithoutPort ?? false,
    crc64: options.crc64 ?? true,
    chunkedAnswers: options.chunkedAnswers ?? true,
    storageClass: options.storageClass ?? "STANDARD",
    listMultipartUploads: options.listMultipartUploads ?? true,
    listedParts: options.listedParts ?? 1000,
    minPartSize: options.minPartSize ?? 2 ** 20,
    uploadEvents: options.uploadEvents ?? true,
    eventMode: options.eventMode ?? (options.notificationUrl === undefined ? "PULL" : "PUSH"),
    notificationUrl: options.notificationUrl,
    signKey: options.signKey,
    eventFormat: options.eventFormat ?? "3.0",
    pushAnywhere: options.pushAnywhere ?? false,
    pushTimeoutMs: options.pushTimeoutMs ?? 5000,
    pushAttempts: options.pushAttempts ?? 3,
    pullWaitMs: options.pullWaitMs ?? 5000,
    emptyQueue: options.emptyQueue ?? "ResourceNotFound",
    nothing: options.nothing ?? "as-seen",
    unknownRegion: options.unknownRegion ?? "InvalidParameterValue",
    confirmWindowMs: options.confirmWindowMs ?? 30_000,
    tasks: {
      waitingMs: options.tasks?.waitingMs ?? 0,
      processingMs: options.tasks?.processingMs ?? 200,
      fail: options.tasks?.fail ?? [],
      abort: options.tasks?.abort ?? false,
    },
    pullSource: options.pullSource,
    rateLimits: options.rateLimits ?? {},
    keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 65_000,
    page: options.page ?? true,
    requestLogLimit: options.requestLogLimit ?? 20_000,
    onRequest: options.onRequest,
  };
}
