import { isEncrypted, storedBytes, type CosAnswer, type StoredBytes } from "./stored-bytes.ts";
import type { ReplayableBody } from "../http/request-body.ts";
import type { CompletedPart, ListedPart } from "../xml/cos-documents.ts";
import type { ListedUpload } from "../xml/uploads-document.ts";
import type { CosOptions, CosPlace } from "./options.ts";
import type { CosCallOptions, CosOperation, CosRequestOptions } from "./request.ts";
import { NetworkError, invalidArgument, outOfRange } from "../errors.ts";
import { CredentialSource } from "../credentials/source.ts";
import { withOwnSignal } from "../http/abort.ts";
import { hostOf } from "../http/endpoint.ts";
import { hideAll, hider } from "../http/redact.ts";
import { Wire } from "../http/wire.ts";
import { refuseUnknown } from "../unknown-options.ts";
import { signCos } from "../signing/cos-v5.ts";
import { encodeKeyPath } from "../signing/percent-encode.ts";
import { answerError, isFromCos, notCos } from "./answer-error.ts";
import { backupOrigin } from "./backup-origin.ts";
import { parseCosEndpoint } from "./endpoint.ts";
import { toKey } from "./key.ts";
import { cosLimits } from "./limits.ts";
import { cosOptionNames } from "./options.ts";
import { learn, queryText, requestOptionNames, sizeOf } from "./request.ts";

export interface ObjectInfo extends StoredBytes {
  /** Bytes. */
  readonly size: number;
}

const maxXmlBytes = 4 * 2 ** 20;
/** Those of COS have some 70 characters; it goes into every request's URL. */
const longestUploadId = 1_024;
/** Of 1,000 uploads each; one key has one or two. */
const mostPagesOfUploads = 10;
/** Signatures start a minute in the past and are made for every attempt: neither a slow nor a fast clock hurts. */
const signatureLeadSeconds = 60;
const signatureLifeSeconds = 900;

/**
 * One bucket through the COS XML API: one method an operation, one request a call. What to retry, verify or abort is
 * the upload engine's business (wire §6).
 * @see https://www.tencentcloud.com/document/product/436/7741
 */
export class CosClient {
  readonly #wire: Wire;
  readonly #origin: string;
  /** Undefined where every call brings its own. */
  readonly #credentials: CredentialSource | undefined;

  /** @throws TypeError `ERR_INVALID_ARG_VALUE` naming the option */
  constructor(options: CosOptions);
  /** @param wire what several clients share: then every call names the `credentials` that sign it */
  constructor(place: CosPlace, wire: Wire);
  constructor(options: CosOptions | CosPlace, wire?: Wire) {
    // With a wire of its own the caller has checked them.
    if (wire === undefined) refuseUnknown("", options, cosOptionNames);
    this.#origin = parseCosEndpoint(options.cosEndpoint)(options.bucket, options.region);
    this.#wire = wire ?? new Wire(options as CosOptions);
    if (wire !== undefined) return;
    this.#credentials = new CredentialSource((options as CosOptions).credentials, () => this.#wire.clock.now());
  }

  /** `scheme://host` that the requests go to, as long as it answers. */
  get origin(): string {
    return this.#origin;
  }

  /**
   * PUT Object: the whole object in one request, at most 5 GiB.
   * @throws CosError, NetworkError
   * @see cos 436/7749
   */
  async putObject(
    key: string,
    body: Uint8Array | ReplayableBody,
    options: CosCallOptions & { readonly contentType?: string | undefined } = {},
  ): Promise<StoredBytes> {
    const answer = await this.#send({ operation: "PutObject", method: "PUT", key }, { ...options, body });
    return storedBytes("PutObject", answer);
  }

  /** HEAD Object. A missing object is a CosError with status 404. @see cos 436/7745 */
  async headObject(key: string, options: CosCallOptions = {}): Promise<ObjectInfo> {
    const answer = await this.#send({ operation: "HeadObject", method: "HEAD", key }, options);
    const size = Number(answer.headers["content-length"]);
    if (!Number.isSafeInteger(size)) throw notCos(answer, { operation: "HeadObject", host: answer.host });
    return { ...storedBytes("HeadObject", answer), size };
  }

  /** Initiate Multipart Upload. The object's Content-Type belongs here, not on the parts. @see cos 436/7746 */
  async initiateMultipartUpload(
    key: string,
    options: CosCallOptions & { readonly contentType?: string | undefined } = {},
  ): Promise<{ readonly uploadId: string }> {
    const empty = { ...options, body: new Uint8Array(0), hasDocument: true };
    const operation = "InitiateMultipartUpload";
    const answer = await this.#send({ operation, method: "POST", key, query: { uploads: "" } }, empty);
    const { decodeInitiateResult } = await import("../xml/cos-documents.ts");
    const result = this.#decode(operation, answer, decodeInitiateResult);
    if (result.uploadId.length <= longestUploadId) return result;
    throw this.#unusable(operation, answer, `its UploadId is longer than ${longestUploadId} characters`);
  }

  /** Upload Part: 1 MiB to 5 GiB, the last one less; the same number again replaces it. @see cos 436/7750 */
  async uploadPart(
    key: string,
    part: { readonly uploadId: string; readonly partNumber: number; readonly body: Uint8Array | ReplayableBody },
    options: CosCallOptions = {},
  ): Promise<StoredBytes> {
    const { partNumber, uploadId, body } = part;
    if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > cosLimits.maxParts) {
      throw outOfRange("partNumber", `must be an integer from 1 to ${cosLimits.maxParts}`, partNumber);
    }
    const query = { partNumber: String(partNumber), uploadId };
    const answer = await this.#send({ operation: "UploadPart", method: "PUT", key, query }, { ...options, body });
    return storedBytes("UploadPart", answer);
  }

  /** List Parts, all pages. @see cos 436/7747 */
  async listParts(key: string, uploadId: string, options: CosCallOptions = {}): Promise<ListedPart[]> {
    const { decodeListPartsResult } = await import("../xml/cos-documents.ts");
    const parts: ListedPart[] = [];
    let marker = 0;
    for (;;) {
      const page = marker === 0 ? {} : { "part-number-marker": String(marker) };
      const query = { uploadId, "max-parts": "1000", ...page };
      const answer = await this.#send(
        { operation: "ListParts", method: "GET", key, query },
        { ...options, hasDocument: true },
      );
      const result = this.#decode("ListParts", answer, decodeListPartsResult);
      parts.push(...result.parts);
      if (!result.isTruncated) return parts;
      const next = result.nextPartNumberMarker ?? 0;
      // A marker that stands still would page forever.
      if (next <= marker) throw this.#unusable("ListParts", answer, "the page marker does not advance");
      marker = next;
    }
  }

  /**
   * Complete Multipart Upload. HTTP 200 proves nothing here: it is sent before the merge, and the body decides.
   * @throws CosError also when the body of a 200 is an `<Error>`
   * @throws NetworkError `BAD_ANSWER` when the body is no document: whether the object exists is then unknown
   * @see cos 436/7742
   */
  async completeMultipartUpload(
    key: string,
    uploadId: string,
    parts: readonly CompletedPart[],
    options: CosCallOptions = {},
  ): Promise<StoredBytes> {
    const { decodeCompleteResult, encodeCompleteRequest } = await import("../xml/cos-documents.ts");
    const body = Buffer.from(encodeCompleteRequest(parts), "utf8");
    if (body.byteLength > cosLimits.maxCompleteBytes) {
      throw outOfRange("parts", `make a request of more than ${cosLimits.maxCompleteBytes} bytes`);
    }
    const { completeMs } = this.#wire.limits;
    const answer = await this.#send(
      { operation: "CompleteMultipartUpload", method: "POST", key, query: { uploadId } },
      {
        ...options,
        body,
        contentType: "application/xml",
        hasDocument: true,
        limits: { headersMs: completeMs, bodyMs: completeMs },
      },
    );
    const { etag } = this.#decode("CompleteMultipartUpload", answer, decodeCompleteResult);
    return { etag, crc64: answer.headers["x-cos-hash-crc64ecma"], encrypted: isEncrypted(answer) };
  }

  /**
   * List Multipart Uploads: those of exactly this key that were opened and neither completed nor aborted, whose ids
   * nobody may know any more. Whether the keys may ask for it is a matter of their policy.
   * @throws CosError, NetworkError `BAD_ANSWER` for a page that leads nowhere, or for more than 10,000 uploads
   * @see cos 436/7736
   */
  async listMultipartUploads(key: string, options: CosCallOptions = {}): Promise<ListedUpload[]> {
    const { decodeListUploadsResult } = await import("../xml/uploads-document.ts");
    const operation = "ListMultipartUploads";
    const prefix = toKey(key);
    const found: ListedUpload[] = [];
    let markers: Readonly<Record<string, string>> = {};
    for (let page = 1; ; page += 1) {
      const query = { uploads: "", prefix, ...markers };
      const request: CosOperation = { operation, method: "GET", key: undefined, query };
      const answer = await this.#send(request, { ...options, hasDocument: true });
      const { uploads, isTruncated, nextKeyMarker, nextUploadIdMarker } = this.#decode(
        operation,
        answer,
        decodeListUploadsResult,
      );
      const own = uploads.filter((upload) => upload.key === prefix);
      if (own.some(({ uploadId }) => uploadId.length > longestUploadId)) {
        throw this.#unusable(operation, answer, `an UploadId is longer than ${longestUploadId} characters`);
      }
      found.push(...own);
      // A key comes before all that only begin like it.
      if (!isTruncated || nextKeyMarker !== prefix) return found;
      if (page === mostPagesOfUploads) throw this.#unusable(operation, answer, `it continues after ${page} pages`);
      const next = nextUploadIdMarker ?? "";
      if (next === "" || next === markers["upload-id-marker"]) {
        throw this.#unusable(operation, answer, "the page marker does not advance");
      }
      markers = { "key-marker": nextKeyMarker, "upload-id-marker": next };
    }
  }

  /** Abort Multipart Upload. An upload that is gone counts as aborted. @see cos 436/7740 */
  async abortMultipartUpload(key: string, uploadId: string, options: CosCallOptions = {}): Promise<void> {
    const operation = "AbortMultipartUpload";
    await this.#send({ operation, method: "DELETE", key, query: { uploadId } }, { ...options, alsoFine: 404 });
  }

  async #send(request: CosOperation, options: CosRequestOptions): Promise<CosAnswer> {
    refuseUnknown("", options, requestOptionNames);
    return withOwnSignal(options.signal, (signal) => this.#exchange(request, { ...options, signal }));
  }

  async #exchange(
    { operation, method, key: rawKey, query = {} }: CosOperation,
    options: CosRequestOptions,
  ): Promise<CosAnswer> {
    const key = rawKey === undefined ? "" : toKey(rawKey);
    for (const [name, value] of Object.entries(query)) {
      if (name !== "uploads" && value === "") throw invalidArgument(name, "must not be empty");
    }
    const credentials = options.credentials ?? (await this.#credentials?.get(options.signal));
    if (credentials === undefined) throw invalidArgument("credentials", "must be given with each call of this client");
    const route = this.#wire.origins.route(this.#origin, backupOrigin(this.#origin));
    const host = hostOf(route.origin);
    const headers: Record<string, string> = { host };
    if (options.body !== undefined) {
      headers["content-length"] = String(sizeOf(options.body));
      if (options.contentType !== undefined) headers["content-type"] = options.contentType;
    }
    if (credentials.token !== undefined) headers["x-cos-security-token"] = credentials.token;
    const startTime = this.#wire.storageClock.seconds() - signatureLeadSeconds;
    const signed = signCos(
      {
        method,
        path: `/${key}`,
        query,
        headers,
        startTime,
        endTime: startTime + signatureLeadSeconds + signatureLifeSeconds,
      },
      credentials,
    );
    const secrets = { lasting: [credentials.token], others: [credentials.secretKey, signed.signature] };
    const sending = this.#wire.transport.send({
      operation,
      origin: route.origin,
      method,
      path: `/${encodeKeyPath(key)}${queryText(query)}`,
      headers: { ...headers, authorization: signed.authorization },
      body: options.body,
      limits: options.limits,
      maxAnswerBytes: maxXmlBytes,
      signal: options.signal,
      secrets,
      requestIdOf: (reply) => reply.headers["x-cos-request-id"],
    });
    const received = await sending.catch((error: unknown) => {
      if (error instanceof NetworkError && error.retryable) route.unanswered();
      throw error;
    });
    const answer: CosAnswer = { ...received, host, hide: hider(...secrets.lasting, ...secrets.others) };
    const elsewhere = learn(route, answer);
    // A 200 with an <Error> is how COS reports what went wrong after it had begun to answer.
    const isSuccess = answer.status >= 200 && answer.status < 300 && !answer.body.includes("<Error");
    // A document is judged by what it says; of everything else the body is empty, or a captive portal's page.
    if (isSuccess && (isFromCos(answer) || answer.body.byteLength === 0 || options.hasDocument === true)) return answer;
    const error = await answerError(answer, { operation, host, signed, hide: answer.hide, elsewhere });
    if (answer.status === options.alsoFine && !(error instanceof NetworkError)) return answer;
    throw error;
  }

  /** The root element decides: an `<Error>` in a 200 is an error, anything else is an answer that cannot be used. */
  #decode<T>(operation: string, answer: CosAnswer, decode: (body: Buffer) => T): T {
    try {
      return hideAll(decode(answer.body), answer.hide);
    } catch (error) {
      if (!isFromCos(answer)) throw notCos(answer, { operation, host: answer.host });
      throw this.#unusable(operation, answer, error instanceof Error ? error.message : String(error));
    }
  }

  #unusable(operation: string, answer: CosAnswer, why: string): NetworkError {
    const { host } = answer;
    const request = answer.headers["x-cos-request-id"] ?? "unknown";
    const about = `${operation}: the answer of ${host} (status ${answer.status})`;
    const message = `${about} cannot be used: ${why} (request ${request})`;
    const where = { host, phase: "body", status: answer.status } as const;
    return new NetworkError("BAD_ANSWER", message, where, { retryable: true, stage: "transfer" });
  }

  /** Ends idle connections; not needed when the sockets are shared with a VodClient. */
  async close(): Promise<void> {
    await this.#wire.transport.close();
  }
}
