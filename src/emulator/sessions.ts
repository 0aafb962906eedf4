import { createHash } from "node:crypto";
import type { JsonObject } from "./json.ts";
import type { Identifiers } from "./random.ts";
import type { Settings } from "./options.ts";

/** What one ApplyUpload opened. */
export interface UploadSession {
  readonly vodSessionKey: string;
  readonly subAppId: number;
  readonly fileId: string;
  readonly bucket: string;
  readonly region: string;
  /** Object keys, without the leading slash of the API's paths. */
  readonly mediaKey: string;
  readonly coverKey: string | undefined;
  /** The parameters of ApplyUpload as they came. */
  readonly fields: JsonObject;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  /** HLS and DASH: objects beside and below the manifest may be written too. */
  readonly hasSegments: boolean;
  state: "open" | "committed";
}

/** A TempCertificate: what one session's uploads are signed with. */
export interface Certificate {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
  readonly session: UploadSession;
  /** Epoch milliseconds. */
  expiresAt: number;
}

/** Path without leading slash → everything before its last slash, with it; "" at the top. */
export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/") + 1);
}

/** VOD's own account, whose buckets hold everybody's media. */
const serviceAppId = 10_022_853;

/** How names of buckets and folders call a region, as far as that was seen; others by what follows `ap-`. */
const regionCodes: Readonly<Record<string, string>> = {
  "ap-beijing": "bj",
  "ap-chongqing": "cq",
  "ap-guangzhou": "gzp",
  "ap-shanghai": "sh",
  "ap-singapore": "sgp",
};

/** The folder of an account's media in a region: `<8 hexadecimal digits>vod<region><appid>`, always the same. */
export function storageName(region: string, { appId }: Pick<Settings, "appId">): string {
  const digits = createHash("sha256").update(`${region}/${appId}`).digest("hex").slice(0, 8);
  return `${digits}vod${regionCodes[region] ?? region.replace(/^ap-/, "").replaceAll("-", "")}${appId}`;
}

/** The bucket of a region. */
export function bucketName(region: string, settings: Pick<Settings, "appId">): string {
  return `${storageName(region, settings)}-${serviceAppId}`;
}

/** The open and committed upload sessions and their certificates. */
export class Sessions {
  readonly #settings: Settings;
  readonly #ids: Identifiers;
  readonly #byKey = new Map<string, UploadSession>();
  readonly #certificates = new Map<string, Certificate>();

  constructor(settings: Settings, ids: Identifiers) {
    this.#settings = settings;
    this.#ids = ids;
  }

  open(session: Omit<UploadSession, "vodSessionKey" | "state">): UploadSession {
    const opened: UploadSession = { ...session, vodSessionKey: this.#sessionKey(), state: "open" };
    this.#byKey.set(opened.vodSessionKey, opened);
    return opened;
  }

  /** Issues a further certificate; earlier ones live on until they expire. */
  certify(session: UploadSession, now: number): Certificate {
    // The wire has whole seconds: the promise is kept to the end of the last one.
    const expiresAt = (Math.floor(now / 1000) + this.#settings.certificateLifeSeconds) * 1000;
    const certificate: Certificate = {
      secretId: `AKID${this.#ids.word(64)}`,
      secretKey: this.#ids.word(44),
      token: `${this.#ids.word(40)}${this.#ids.bytes(180).toString("base64")}`,
      session,
      expiresAt,
    };
    this.#certificates.set(certificate.secretId, certificate);
    return certificate;
  }

  byKey(vodSessionKey: string): UploadSession | undefined {
    return this.#byKey.get(vodSessionKey);
  }

  certificate(secretId: string): Certificate | undefined {
    return this.#certificates.get(secretId);
  }

  list(): readonly UploadSession[] {
    return [...this.#byKey.values()];
  }

  certificates(): readonly Certificate[] {
    return [...this.#certificates.values()];
  }

  /** 432 characters of base64, with all that need escaping somewhere: clients must pass it on unchanged. */
  #sessionKey(): string {
    const key = `${this.#ids.bytes(321).toString("base64")}+/=`;
    return key.replace(/={1,2}$/, "==");
  }
}

/** Whether a session's certificate may write `key` (wire §12.3). */
export function mayWrite(session: UploadSession, key: string): boolean {
  if (session.state !== "open") return false;
  if (key === session.mediaKey || key === session.coverKey) return true;
  return session.hasSegments && key.startsWith(folderOf(session.mediaKey)) && !key.endsWith("/");
}
