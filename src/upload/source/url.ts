import type { Download, OpenDownload } from "../../http/download.ts";
import type { PartAttempt, PartBody } from "./part-body.ts";
import type { SourceIdentity, OpenedSource, RangedSource } from "./source.ts";
import { posix } from "node:path";
import { NetworkError, SourceError } from "../../errors.ts";
import { Crc64 } from "../../cos/crc64.ts";
import { checkDownloadUrl, shownUrl } from "../../http/download.ts";
import { streamSource } from "./source.ts";

/**
 * Opens what a URL gives. A server that knows ranges, and names its content by an ETag or a date, is read like a file:
 * parts in parallel, again after a failure, and on from where a crashed run stopped. Any other is read once, as a
 * stream.
 * @throws SourceError `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`
 * @throws NetworkError, or the signal's own reason
 */
export async function openUrl(field: string, url: URL, open: OpenDownload, signal: AbortSignal): Promise<OpenedSource> {
  checkDownloadUrl(field, url);
  const probe = await open({ url, headers: { ...plain, range: "bytes=0-0" }, signal });
  const label = shownUrl(url);
  const fileName = nameOf(url);
  const version = versionOf(probe);
  const size = totalOf(probe.headers["content-range"]);
  const encoding = probe.headers["content-encoding"] ?? "identity";
  if (probe.status === 206 && size !== undefined && version !== undefined && encoding === "identity") {
    probe.discard();
    return new UrlSource({ url, label, fileName, size, version, open });
  }
  probe.discard();
  // An empty object has no first byte (416), and a server without ranges answers 200: both are read from the start.
  const whole = await open({ url, headers: plain, signal });
  if (whole.status !== 200) {
    whole.discard();
    throw refused(label, url.host, whole);
  }
  if ((whole.headers["content-encoding"] ?? "identity") !== "identity") {
    whole.discard();
    throw new SourceError(
      "SOURCE_UNREADABLE",
      `${label} was served compressed (Content-Encoding) although identity was requested; cannot upload it`,
    );
  }
  const length = Number(whole.headers["content-length"] ?? Number.NaN);
  return streamSource(whole.chunks(), label, fileName, Number.isSafeInteger(length) ? length : undefined, () =>
    whole.discard(),
  );
}

/** Compressed, the ranges would be those of another body. */
const plain = { "accept-encoding": "identity" };

/** What a server said of a URL that it serves in ranges. */
interface FoundUrl {
  readonly url: URL;
  readonly label: string;
  readonly fileName: string | undefined;
  readonly size: number;
  /** ETag or date. */
  readonly version: string;
  readonly open: OpenDownload;
}

class UrlSource implements RangedSource {
  readonly kind = "ranged";
  readonly label: string;
  readonly fileName: string | undefined;
  readonly size: number;
  readonly identity: SourceIdentity;
  readonly #url: URL;
  readonly #open: OpenDownload;

  constructor({ url, label, fileName, size, version, open }: FoundUrl) {
    this.#url = url;
    this.label = label;
    this.fileName = fileName;
    this.size = size;
    this.identity = { kind: "url", size, modified: version };
    this.#open = open;
  }

  body(offset: number, size: number): PartBody {
    return {
      size,
      begin: async (signal) => new UrlAttempt(size, (counted) => this.#read(offset, size, signal, counted)),
    };
  }

  /** Every range was compared with the first answer already. */
  async verify(): Promise<void> {}
  async close(): Promise<void> {}

  async *#read(offset: number, size: number, signal: AbortSignal, counted: Crc64): AsyncGenerator<Uint8Array> {
    if (size === 0) return;
    const range = `bytes=${offset}-${offset + size - 1}`;
    const answer = await this.#open({ url: this.#url, headers: { ...plain, range }, signal });
    try {
      this.#check(answer, offset);
      let read = 0;
      for await (const chunk of answer.chunks()) {
        read += chunk.byteLength;
        counted.update(chunk);
        yield chunk;
      }
      if (read !== size) throw this.#changed(`a range of ${size} bytes had ${read}`);
    } finally {
      answer.discard();
    }
  }

  #check(answer: Download, offset: number): void {
    if (answer.status >= 500 || answer.status === 429) throw refused(this.label, this.#url.host, answer);
    const version = versionOf(answer);
    if (answer.status !== 206) throw this.#changed(`it answered ${answer.status} to a range`);
    if (version !== this.identity.modified) throw this.#changed("its ETag or date is another one");
    const { "content-range": contentRange } = answer.headers;
    if (totalOf(contentRange) !== this.size) throw this.#changed("its size is another one");
    if (!(contentRange ?? "").startsWith(`bytes ${offset}-`)) throw this.#changed("it answered with another range");
  }

  #changed(how: string): SourceError {
    return new SourceError("SOURCE_CHANGED", `${this.label} changed while it was being uploaded: ${how}`);
  }
}

class UrlAttempt implements PartAttempt {
  readonly size: number;
  readonly #read: (counted: Crc64) => AsyncIterable<Uint8Array>;
  #crc = new Crc64();

  constructor(size: number, read: (counted: Crc64) => AsyncIterable<Uint8Array>) {
    this.size = size;
    this.#read = read;
  }

  open(): AsyncIterable<Uint8Array> {
    this.#crc = new Crc64();
    return this.#read(this.#crc);
  }

  crc64(): bigint {
    return this.#crc.digest();
  }

  md5(): undefined {
    return undefined;
  }

  async end(): Promise<void> {}
}

/** A weak ETag does not promise the same bytes, so a date is better than that. */
function versionOf({ headers }: Download): string | undefined {
  const etag = headers["etag"];
  return etag !== undefined && !etag.startsWith("W/") ? etag : headers["last-modified"];
}

function totalOf(contentRange: string | undefined): number | undefined {
  const total = /^bytes \d+-\d+\/(\d+)$/.exec(contentRange ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}

function nameOf(url: URL): string | undefined {
  const name = posix.basename(url.pathname);
  try {
    return name === "" ? undefined : decodeURIComponent(name);
  } catch {
    return name;
  }
}

function refused(label: string, host: string, { status }: Download): SourceError | NetworkError {
  if (status === 404 || status === 410)
    return new SourceError("SOURCE_NOT_FOUND", `${label} does not exist (${status})`);
  if (status >= 500 || status === 429) {
    const where = { host, phase: "headers", status } as const;
    return new NetworkError("BAD_ANSWER", `${label} answered ${status}`, where, { retryable: true });
  }
  return new SourceError("SOURCE_UNREADABLE", `${label} cannot be read: the server answered ${status}`);
}
