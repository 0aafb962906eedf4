/**
 * vod-node-sdk's names, arguments, callback and answer over this package's engine, so that leaving that SDK takes one
 * line: `require("vodup/vod-node-sdk")` instead of `require("vod-node-sdk")`. docs/migrating.md lists where the two
 * differ.
 */
import type { Credentials, UploadOptions, UploadResult, VodClientOptions } from "../index.ts";
import { statSync } from "node:fs";
import { basename, extname } from "node:path";
import { CosError, VodApiError, VodClient, VodupError, proxyFromEnvironment } from "../index.ts";

type Text = string | null | undefined;

/** Serializes as the SDK's models do. */
class Model {
  to_json_string(): string {
    return JSON.stringify(this);
  }

  from_json_string(text: string): void {
    Object.assign(this, JSON.parse(text));
  }
}

/** One upload, in the words of ApplyUpload. `null` stands for "not given". Lengths count Unicode code points. */
export class VodUploadRequest extends Model {
  /** @defaultValue the file name's extension */
  MediaType: Text = null;
  /** @defaultValue the file name up to its first dot */
  MediaName: Text = null;
  /** @defaultValue the cover's extension */
  CoverType: Text = null;
  /** The name of a task flow template. */
  Procedure: Text = null;
  /** ISO 8601 with a zone, in the future. @defaultValue never */
  ExpireTime: Text = null;
  /** A region that was opened in the console, such as `ap-singapore`. */
  StorageRegion: Text = null;
  /** @defaultValue 0, "Other" */
  ClassId: number | null | undefined = null;
  /** At most 250 characters. */
  SourceContext: Text = null;
  /** At most 1000 characters. */
  SessionContext: Text = null;
  ExtInfo: Text = null;
  SubAppId: number | null | undefined = null;
  /** Path of the media on this machine. Required. */
  MediaFilePath: Text = null;
  CoverFilePath: Text = null;
  /** Parts in flight, 1 to 100. The SDK never reads it. @defaultValue found by itself */
  ConcurrentUploadNumber: number | null | undefined = null;
}

/** CommitUpload's answer. */
export class VodUploadResponse extends Model {
  FileId: string | null = null;
  MediaUrl: string | null = null;
  /** `""` without a cover. */
  CoverUrl: string | null = null;
  RequestId: string | null = null;
}

/** Bytes that the service has acknowledged. */
export interface VodUploadProgress {
  readonly loaded: number;
  readonly total: number;
  /** Bytes a second. */
  readonly speed: number;
  /** 0 to 1. */
  readonly percent: number;
}

export type VodUploadCallback = (error: Error | null, answer: VodUploadResponse | null) => void;

/**
 * A failed upload; `code` and `requestId` are the service's own, where it answered, and `cause` is this package's
 * error.
 */
export class VodClientException extends Error {
  readonly code: string | undefined;
  readonly requestId: string | undefined;

  constructor(message: string, cause?: VodupError) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "VodClientException";
    this.code = codeOf(cause);
    this.requestId = cause instanceof VodApiError || cause instanceof CosError ? cause.requestId : undefined;
  }

  override toString(): string {
    return `[VodClientException] message=${this.message}`;
  }
}

/** Uploads files as vod-node-sdk's client of the same name does, to the same address (`vod.tencentcloudapi.com`). */
export class VodUploadClient {
  readonly #options: Partial<VodClientOptions>;
  readonly #engines = new Map<string, Promise<VodClient>>();
  secretId: string | null;
  /** This and the token can be read and changed as in the SDK, but are no part of what is logged or serialized. */
  declare secretKey: string | null;
  declare token: string | null;
  /**
   * True leaves out the SDK's own checks and defaults; what the service would refuse is still found before anything is
   * sent.
   */
  ignoreCheck = false;

  /**
   * @param options what the SDK has no argument for, such as `{ site: "intl" }`; those of `VodClient`.
   * @defaultValue `{ site: "cn" }`, the SDK's address
   */
  constructor(secretId?: Text, secretKey?: Text, token?: Text, options: Partial<VodClientOptions> = {}) {
    this.secretId = secretId ?? null;
    for (const [name, value] of Object.entries({ secretKey, token })) {
      Object.defineProperty(this, name, { value: value ?? null, writable: true, enumerable: false });
    }
    this.#options = options;
  }

  /**
   * @param region the API's access point (`X-TC-Region`), such as `ap-guangzhou`
   * @param request its MediaType, MediaName and CoverType are filled in, as the SDK does
   * @param callback called exactly once; what it throws is an uncaught exception
   */
  upload(
    region: Text,
    request: VodUploadRequest,
    callback: VodUploadCallback,
    onProgress?: (progress: VodUploadProgress) => void,
  ): void {
    this.handleUpload(region, request, onProgress).then(
      (answer) => process.nextTick(callback, null, answer),
      (error: unknown) => process.nextTick(callback, error as Error, null),
    );
  }

  /** The same as a promise. @throws VodClientException, or TypeError and RangeError for a value out of its range */
  async handleUpload(
    region: Text,
    request: VodUploadRequest,
    onProgress?: (progress: VodUploadProgress) => void,
  ): Promise<VodUploadResponse> {
    if (!this.ignoreCheck) checkAndFillIn(region, request);
    try {
      const engine = await this.#engine(region ?? "");
      return answerOf(await engine.upload(request.MediaFilePath ?? "", optionsOf(request, onProgress)));
    } catch (error) {
      throw error instanceof VodupError ? new VodClientException(messageOf(error), error) : error;
    }
  }

  /** Ends idle connections at once instead of after their time-out. Optional: they keep no process alive. */
  async close(): Promise<void> {
    const engines = await Promise.all(this.#engines.values());
    this.#engines.clear();
    await Promise.all(engines.map((engine) => engine.close()));
  }

  /** One for all uploads of a region: it owns the sockets and the memory that they share. */
  #engine(region: string): Promise<VodClient> {
    const [secretId, secretKey, token] = [this.secretId ?? "", this.secretKey ?? "", this.token ?? ""];
    const key = JSON.stringify([region, secretId, secretKey, token]);
    const made = this.#engines.get(key) ?? this.#makeEngine(region, { secretId, secretKey, ...(token && { token }) });
    this.#engines.set(key, made);
    made.catch(() => this.#engines.delete(key));
    return made;
  }

  async #makeEngine(region: string, credentials: Credentials): Promise<VodClient> {
    const dispatcher = this.#options.dispatcher ?? (await proxyFromEnvironment());
    return new VodClient({ site: "cn", region: region || undefined, credentials, ...this.#options, dispatcher });
  }
}

/** Default for `import sdk from "vodup/vod-node-sdk"`, which CommonJS packages such as the SDK allow. */
const sdk: {
  VodUploadClient: typeof VodUploadClient;
  VodUploadRequest: typeof VodUploadRequest;
  VodUploadResponse: typeof VodUploadResponse;
} = { VodUploadClient, VodUploadRequest, VodUploadResponse };
export default sdk;

const isEmpty = (text: Text): boolean => text === null || text === undefined || text === "";

/** The SDK's own checks, in its order and words. */
function checkAndFillIn(region: Text, request: VodUploadRequest): void {
  if (isEmpty(region)) throw new VodClientException("lack region");
  const media = request.MediaFilePath ?? "";
  if (media === "") throw new VodClientException("lack media path");
  if (!isFile(media)) throw new VodClientException("media path is invalid");
  if (isEmpty(request.MediaType)) request.MediaType = typeOf(media, "lack media type");
  if (isEmpty(request.MediaName)) request.MediaName = basename(media).replace(/\..*$/su, "");
  const cover = request.CoverFilePath ?? "";
  if (cover === "") return;
  if (!isFile(cover)) throw new VodClientException("cover path is invalid");
  if (isEmpty(request.CoverType)) request.CoverType = typeOf(cover, "lack cover type");
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function typeOf(path: string, lack: string): string {
  const type = extname(path).slice(1);
  if (type === "") throw new VodClientException(lack);
  return type;
}

function optionsOf(request: VodUploadRequest, onProgress?: (progress: VodUploadProgress) => void): UploadOptions {
  const given = <T>(value: T | null | undefined): T | undefined =>
    value === null || value === "" ? undefined : (value ?? undefined);
  return {
    mediaType: given(request.MediaType)?.toLowerCase(),
    mediaName: given(request.MediaName),
    cover: given(request.CoverFilePath),
    coverType: given(request.CoverType)?.toLowerCase(),
    procedure: given(request.Procedure),
    expireTime: given(request.ExpireTime),
    storageRegion: given(request.StorageRegion),
    classId: given(request.ClassId),
    sourceContext: given(request.SourceContext),
    sessionContext: given(request.SessionContext),
    extInfo: given(request.ExtInfo),
    subAppId: given(request.SubAppId),
    concurrency: given(request.ConcurrentUploadNumber),
    onProgress:
      onProgress === undefined
        ? undefined
        : ({ sentBytes: loaded, totalBytes: total = 0, bytesPerSecond: speed }) =>
            onProgress({ loaded, total, speed, percent: total === 0 ? 1 : loaded / total }),
  };
}

function answerOf({ fileId, mediaUrl, coverUrl, requestId }: UploadResult): VodUploadResponse {
  const answer = { FileId: fileId, MediaUrl: mediaUrl, CoverUrl: coverUrl ?? "", RequestId: requestId };
  return Object.assign(new VodUploadResponse(), answer);
}

/** The SDK's words, where it has some for this; everything else is in `cause`. */
function messageOf(error: VodupError): string {
  return error.code === "MANIFEST_INVALID" ? "invalid segment path" : error.message;
}

function codeOf(error: VodupError | undefined): string | undefined {
  if (error instanceof VodApiError) return error.apiCode;
  return error instanceof CosError ? error.cosCode : error?.code;
}
