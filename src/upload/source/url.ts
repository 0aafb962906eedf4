import type { Download, OpenDownload } from "../../http/download.ts";
import type { PartAttempt, PartBody } from "./part-body.ts";
import type { SourceAccess } from "./access.ts";
import type { SourceIdentity, OpenedSource, RangedSource, StreamSource } from "./source.ts";
import { posix } from "node:path";
import { NetworkError, SourceError } from "../../errors.ts";
import { Crc64 } from "../../cos/crc64.ts";
import { classifyCosFailure } from "../../cos/error-codes.ts";
import { retryAfterMs } from "../../http/answer.ts";
import { retrying } from "../../http/retry.ts";
import { checkDownloadUrl, shownUrl } from "../../http/download.ts";
import { extensionOf } from "./media-type.ts";
import { isManifest, manifestOfText, manifestOfType, refuseManifest, refusePage } from "./remote-manifest.ts";
import { streamSource } from "./source.ts";

/**
 * Opens what a URL gives. A server that knows ranges, and names its content by an ETag or a date, is read like a file:
 * parts in parallel, again after a failure, and on from where a crashed run stopped. Any other is read once, as a
 * stream. Opening is retried as every other request is.
 * @throws SourceError `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`
 * @throws NetworkError, or the signal's own reason
 */
export async function openUrl(
  field: string,
  url: URL,
  { wire, signal, mediaType, onRetry }: Omit<SourceAccess, "lanes">,
): Promise<OpenedSource> {
  checkDownloadUrl(field, url);
  const label = shownUrl(url);
  refuseManifest(label, [mediaType?.toLowerCase(), extensionOf(url.pathname)].find(isManifest));
  const open: OpenDownload = (request) => wire.download(request);
  const series = { policy: wire.policy, operation: "GetSource", peer: wire.peer(url.origin), signal, onRetry };
  return retrying({ ...series, classify: classifyCosFailure }, async () => {
    const probe = await open({ url, headers: { ...plain, range: `bytes=0-${headSize - 1}` }, signal });
    const version = versionOf(probe);
    const size = totalOf(probe.headers["content-range"]);
    if (probe.status === 206 && size !== undefined && version !== undefined && !isEncoded(probe)) {
      const { head } = await peek(probe);
      probe.discard();
      refuseWrong(label, probe, head);
      return new UrlSource({ url, label, fileName: nameOf(url), size, version, open });
    }
    // Read whatever it is, and not asked for a second time: a link may work once.
    if (probe.status === 200 || saysWhy(probe.status)) return whole(probe, url, label);
    // An empty object has no first byte (416), and what answers 403 or 501 may do so because of the range alone.
    probe.discard();
    return whole(await open({ url, headers: plain, signal }), url, label);
  });
}

/** Compressed, the ranges would be those of another body. */
const plain = { "accept-encoding": "identity" };

/** Bytes of the first answer that are looked at. */
const headSize = 256;

/** Reads an answer from its beginning, as a stream. */
async function whole(answer: Download, url: URL, label: string): Promise<StreamSource> {
  try {
    if (answer.status !== 200) throw refused(label, url.host, answer);
    if (isEncoded(answer)) {
      throw new SourceError(
        "SOURCE_UNREADABLE",
        `${label} was served compressed (Content-Encoding) although identity was requested; cannot upload it`,
      );
    }
    const { head, chunks } = await peek(answer);
    refuseWrong(label, answer, head);
    const length = Number(answer.headers["content-length"] ?? Number.NaN);
    const size = Number.isSafeInteger(length) ? length : undefined;
    return streamSource(chunks, label, nameOf(url), size, () => answer.discard());
  } catch (error) {
    answer.discard();
    throw error;
  }
}

/** The first bytes of an answer, however small the pieces are that it comes in, and all of them. */
async function peek(
  download: Download,
): Promise<{ readonly head: Uint8Array; readonly chunks: AsyncIterable<Uint8Array> }> {
  const rest = download.chunks()[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  for (let size = 0; size < headSize;) {
    const next = await rest.next();
    if (next.done === true) break;
    read.push(next.value);
    size += next.value.byteLength;
  }
  const again = async function* (): AsyncGenerator<Uint8Array> {
    yield* read;
    yield* { [Symbol.asyncIterator]: () => rest };
  };
  return { head: Buffer.concat(read).subarray(0, headSize), chunks: again() };
}

function isEncoded({ headers }: Download): boolean {
  return (headers["content-encoding"] ?? "identity") !== "identity";
}

/** Refuses a manifest, by the name that redirects led to, its type or its first bytes, and a web page. */
function refuseWrong(label: string, { url, headers }: Download, head: Uint8Array): void {
  const types = [extensionOf(url.pathname), manifestOfType(headers["content-type"]), manifestOfText(head)];
  refuseManifest(label, types.find(isManifest));
  refusePage(label, head);
}

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
        // At once: it may never end.
        if (read > size) throw this.#changed(`a range of ${size} bytes had more`);
        counted.update(chunk);
        yield chunk;
      }
      if (read < size) throw this.#changed(`a range of ${size} bytes had ${read}`);
    } finally {
      answer.discard();
    }
  }

  #check(answer: Download, offset: number): void {
    // Only what serves the content, and says that it is not the one asked for, tells of a change (200, 416).
    if (![200, 206, 416].includes(answer.status)) throw refused(this.label, this.#url.host, answer);
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

/** Statuses that another request for the same URL cannot change now. */
function saysWhy(status: number): boolean {
  return status === 404 || status === 410 || isBusy(status);
}

/** Of anybody's web server that is busy, restarts or waited for too long; 501 and 505 do not change. */
function isBusy(status: number): boolean {
  return [408, 425, 429].includes(status) || (status >= 500 && status !== 501 && status !== 505);
}

function refused(label: string, host: string, { status, headers }: Download): SourceError | NetworkError {
  if (status === 404 || status === 410)
    return new SourceError("SOURCE_NOT_FOUND", `${label} does not exist (${status})`);
  if (isBusy(status)) {
    const where = { host, phase: "headers", status, retryAfterMs: retryAfterMs(headers) } as const;
    return new NetworkError("BAD_ANSWER", `${label} answered ${status}`, where, { retryable: true });
  }
  const remedy = status === 401 || status === 403 ? "; check its permission, or whether the link has expired" : "";
  return new SourceError("SOURCE_UNREADABLE", `${label} cannot be read: the server answered ${status}${remedy}`);
}
