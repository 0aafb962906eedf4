import type { Target } from "./request-target.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { createHash } from "node:crypto";
import type { Fault } from "./faults.ts";
import type { Entry, Trace } from "./request-log.ts";

/** An answer as it is meant, before a fault touches it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in chunks, although the length is known. */
  readonly chunked?: boolean | undefined;
  /** A stream needs a Content-Length among the headers. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** The error code in the body, for the log. */
  readonly code?: string | undefined;
}

/** The peer has gone, was sent away, or the emulator is closing: nobody waits for an answer. */
export class Disconnected extends Error {
  override readonly name = "Disconnected";
}

/** The request body is larger than the operation reads. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

/** Header bytes arrive as latin1; what was signed is their UTF-8 text. */
function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

export function readHeaders(request: IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = (request.rawHeaders[index] ?? "").toLowerCase();
    const value = utf8(request.rawHeaders[index + 1] ?? "");
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return headers;
}

/** Lower-case header name → the name as it was first sent. */
export function namesAsSent(request: IncomingMessage): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? "";
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  return names;
}

export interface ExchangeParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly entry: Entry;
  readonly headers: ReadonlyMap<string, string>;
  readonly target: Target;
  /** Epoch milliseconds by the server's clock, a fault's skew included. */
  readonly now: number;
  readonly fault: Fault | undefined;
  /** Aborted when the emulator closes. */
  readonly closing: AbortSignal;
}

/** One request and everything the two APIs need to know of it. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly entry: Entry;
  readonly method: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly target: Target;
  readonly now: number;
  readonly fault: Fault | undefined;
  readonly trace: Trace = {};
  readonly #closing: AbortSignal;

  constructor(parts: ExchangeParts) {
    this.request = parts.request;
    this.response = parts.response;
    this.entry = parts.entry;
    this.method = parts.request.method ?? "GET";
    this.headers = parts.headers;
    this.target = parts.target;
    this.now = parts.now;
    this.fault = parts.fault;
    this.#closing = parts.closing;
  }

  /** The Host header as sent. */
  get host(): string {
    return this.headers.get("host") ?? "";
  }

  get query(): ReadonlyMap<string, string> {
    return this.target.query;
  }

  /** Waits real time. @throws {Disconnected} when the emulator closes meanwhile. */
  async pause(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.#closing });
    } catch {
      throw new Disconnected("closing");
    }
  }

  /** Waits until the emulator closes or the peer leaves, then throws {@link Disconnected}. */
  async hang(): Promise<never> {
    await new Promise<void>((resolve) => {
      if (this.#closing.aborted || this.request.socket.destroyed) resolve();
      this.#closing.addEventListener("abort", () => resolve(), { once: true });
      this.response.once("close", () => resolve());
    });
    throw new Disconnected("hung up");
  }

  /** Ends the connection with a TCP reset, where the socket allows one. */
  reset(): Disconnected {
    const { socket } = this.request;
    if (socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
    return new Disconnected("reset");
  }

  /**
   * The request body as it arrives, with the faults that concern it.
   *
   * @throws {Disconnected} when the peer leaves in the middle.
   */
  async *body(): AsyncGenerator<Buffer, void, undefined> {
    const { fault } = this;
    try {
      // What one reader leaves is drained by the next: leaving early must not cost the connection.
      for await (const piece of this.request.iterator({ destroyOnReturn: false })) {
        const chunk: unknown = piece;
        if (!Buffer.isBuffer(chunk)) continue;
        const first = this.entry.bodyBytes === 0;
        this.entry.bodyBytes += chunk.length;
        if (fault?.kind === "reset-after-bytes" && this.entry.bodyBytes >= fault.bytes) throw this.reset();
        if (fault?.kind === "slow-read") await this.pause((chunk.length / fault.bytesPerSecond) * 1000);
        if (fault?.kind === "corrupt-body" && first) chunk[0] = (chunk[0] ?? 0) ^ 1;
        yield chunk;
      }
    } catch (error) {
      if (error instanceof Disconnected) throw error;
      throw new Disconnected("the peer left", { cause: error });
    }
    // A body shorter than the point of reset still meets its fate.
    if (fault?.kind === "reset-after-bytes") throw this.reset();
  }

  /** Reads the whole body. @throws {BodyTooLarge} beyond `limit` bytes. */
  async readBody(limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.body()) {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
    }
    if (size > limit) throw new BodyTooLarge(`more than ${limit} bytes`);
    const body = Buffer.concat(chunks);
    if (body.length > 0) this.entry.bodySha256 = createHash("sha256").update(body).digest("hex");
    return body;
  }

  /** Reads what is left of the body and forgets it, so that the connection can be used again. */
  async drain(): Promise<void> {
    if (this.request.readableEnded || this.request.destroyed) return;
    for await (const chunk of this.body()) void chunk;
  }
}
