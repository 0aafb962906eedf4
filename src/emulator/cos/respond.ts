import { createHash } from "node:crypto";
import { encodeErrorDocument } from "../../xml/cos-documents.ts";
import type { Answer, Exchange } from "../exchange.ts";
import type { SignatureMismatch } from "../signatures/mismatch.ts";
import type { Identifiers } from "../random.ts";
import { noteFailure } from "../request-log.ts";

/** An error answer of COS (436/7730; wire §6.10). */
export class CosFailure extends Error {
  override readonly name = "CosFailure";
  readonly status: number;
  readonly code: string;
  readonly extra: CosFailureDetail;

  constructor(status: number, code: string, message: string, extra: CosFailureDetail = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.extra = extra;
  }
}

export interface CosFailureDetail {
  readonly stringToSign?: string | undefined;
  readonly formatString?: string | undefined;
  /** Tell the client our time. */
  readonly withServerTime?: boolean | undefined;
  /** For the request log only. */
  readonly mismatch?: SignatureMismatch | undefined;
}

/** COS's request ids are base64 of four hexadecimal groups. */
function requestId(exchange: Exchange, ids: Identifiers): string {
  const time = Math.floor(exchange.now / 1000).toString(16);
  return Buffer.from(`${time}_${ids.hex(8)}_${ids.hex(4)}_${ids.hex(6)}`).toString("base64");
}

function commonHeaders(exchange: Exchange, ids: Identifiers): Record<string, string> {
  return { Server: "tencent-cos", "x-cos-request-id": requestId(exchange, ids) };
}

export interface CosResult {
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly xml?: string | undefined;
  /** Whether it comes in chunks, as what is begun before its length is known. */
  readonly chunked?: boolean | undefined;
  readonly body?: AsyncIterable<Uint8Array> | undefined;
}

export function answer(exchange: Exchange, ids: Identifiers, result: CosResult): Answer {
  const xml: Record<string, string> = result.xml === undefined ? {} : { "Content-Type": "application/xml" };
  return {
    status: result.status ?? 200,
    headers: { ...commonHeaders(exchange, ids), ...xml, ...result.headers },
    body: result.body ?? Buffer.from(result.xml ?? ""),
    chunked: result.chunked,
  };
}

/** The resource as the real server prints it: host without scheme, spaces as `+`. */
function resource(exchange: Exchange): string {
  return `${exchange.host}${(exchange.target.path ?? exchange.target.rawPath).replaceAll(" ", "+")}`;
}

/** 128 hexadecimal digits in base64. It names the cause, not the request; its first half is always the same. */
function traceIdOf({ code, message }: CosFailure): string {
  const halves = ["vodup", `${code} ${message}`].map((text) => createHash("sha256").update(text).digest("hex"));
  return Buffer.from(halves.join("")).toString("base64");
}

export function refuse(exchange: Exchange, ids: Identifiers, failure: CosFailure): Answer {
  const headers = commonHeaders(exchange, ids);
  const traceId = traceIdOf(failure);
  const xml = encodeErrorDocument({
    code: failure.code,
    message: failure.message,
    stringToSign: failure.extra.stringToSign,
    formatString: failure.extra.formatString,
    serverTime:
      failure.extra.withServerTime === true ? `${new Date(exchange.now).toISOString().slice(0, 19)}Z` : undefined,
    resource: resource(exchange),
    requestId: headers["x-cos-request-id"] ?? "",
    traceId,
  });
  noteFailure(exchange.entry, failure.message, failure.extra.mismatch);
  return {
    status: failure.status,
    headers: { ...headers, "x-cos-trace-id": traceId, "Content-Type": "application/xml" },
    // A HEAD has no body to say it in: the status is all the client gets.
    body: exchange.method === "HEAD" ? Buffer.alloc(0) : Buffer.from(xml),
    code: failure.code,
  };
}
