import type { ServerResponse } from "node:http";
import { knownOperations } from "../fault-rules.ts";
import { faultFields } from "../faults.ts";
import type { Inspection } from "../inspection.ts";
import type { LoggedRequest } from "../request-log.ts";

/** What the page sees of an emulator. */
export type PageSource = Pick<
  Inspection,
  | "requestsAfter"
  | "requestDetail"
  | "fileIdOf"
  | "sessions"
  | "uploads"
  | "media"
  | "events"
  | "faults"
  | "now"
  | "secrets"
  | "account"
>;

const tickMs = 100;
/** The rest of the state is compared with what was sent last, which costs more than a look at the log. */
const stateTicks = 3;
/** Requests in one message: a browser takes it in within a frame. */
const mostAtOnce = 500;
/** Sessions, media and events shown: the last ones. */
const mostShown = 500;

/** One listener's stream of server-sent events: requests as they come and change, and the state when it changes. */
export class Feed {
  readonly #source: PageSource;
  readonly #response: ServerResponse;
  readonly #closing: AbortSignal;
  readonly #sent = new Map<string, string>();
  readonly #running = new Map<number, string>();
  #lastId = 0;
  #ticks = 0;

  constructor(source: PageSource, response: ServerResponse, closing: AbortSignal) {
    this.#source = source;
    this.#response = response;
    this.#closing = closing;
  }

  start(headers: Readonly<Record<string, string>>): void {
    const response = this.#response;
    response.writeHead(200, { ...headers, "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    const { secretId } = this.#source.account;
    this.#send("hello", { secretId, faultFields, operations: knownOperations });
    const timer = setInterval(() => this.#tick(), tickMs);
    this.#tick();
    const end = (): void => {
      clearInterval(timer);
      this.#closing.removeEventListener("abort", end);
      response.end();
    };
    response.once("close", end);
    this.#closing.addEventListener("abort", end, { once: true });
  }

  #tick(): void {
    // A listener that does not read is not written to: it gets the newest when it does.
    if (this.#response.writableNeedDrain) return;
    this.#sendRequests();
    if (this.#ticks % stateTicks === 0) this.#sendState();
    this.#ticks += 1;
  }

  #sendRequests(): void {
    const changed: unknown[] = [];
    const tell = (request: LoggedRequest): void => {
      const row = this.#rowOf(request);
      const text = `${row.status} ${row.bodyBytes} ${row.durationMs} ${row.fileId}`;
      if (this.#running.get(request.id) === text) return;
      if (request.durationMs === undefined && request.operation !== "Malformed") this.#running.set(request.id, text);
      else this.#running.delete(request.id);
      changed.push(row);
    };
    // The newest is never dropped to make room: when it is gone, the log was cleared.
    if (this.#lastId > 0 && this.#source.requestsAfter(this.#lastId - 1)[0]?.id !== this.#lastId) {
      this.#lastId = 0;
      this.#running.clear();
      this.#send("cleared", null);
    }
    for (const id of this.#running.keys()) {
      const [request] = this.#source.requestsAfter(id - 1);
      if (request?.id === id) tell(request);
      else this.#running.delete(id);
    }
    for (const request of this.#source.requestsAfter(this.#lastId)) {
      this.#lastId = request.id;
      tell(request);
    }
    for (let at = 0; at < changed.length; at += mostAtOnce) this.#send("requests", changed.slice(at, at + mostAtOnce));
  }

  /** What a list shows of a request: the rest is asked for when it is opened. */
  #rowOf(request: LoggedRequest): Row {
    const { id, time, api, operation, method, path, status, code, verified, fault, bodyBytes, durationMs } = request;
    const { partNumber, uploadId, key, diagnosis } = request;
    const length = Number(request.headers["content-length"] ?? 0);
    const fileId = this.#source.fileIdOf(request);
    const known = { id, time, api, operation, method, path, status, code, verified, fault, bodyBytes, durationMs };
    return { ...known, partNumber, uploadId, key, diagnosis, length, fileId };
  }

  #sendState(): void {
    const source = this.#source;
    const sessions = source.sessions();
    this.#sendIfChanged("sessions", { all: sessions.length, shown: sessions.slice(-mostShown) });
    const uploads = source.uploads().map(({ uploadId, key, parts }) => ({ uploadId, key, parts: parts.length }));
    this.#sendIfChanged("uploads", uploads.slice(-mostShown));
    this.#sendIfChanged("media", source.media().slice(-mostShown));
    this.#sendIfChanged("events", source.events().slice(-mostShown));
    this.#sendIfChanged("faults", source.faults());
    // Second by second the page counts by itself: only a clock that was moved is told.
    this.#sendIfChanged("clock", Math.round((source.now() - Date.now()) / 1000) * 1000);
  }

  #sendIfChanged(event: string, value: unknown): void {
    const text = JSON.stringify(value);
    if (this.#sent.get(event) === text) return;
    this.#sent.set(event, text);
    this.#response.write(`event: ${event}\ndata: ${text}\n\n`);
  }

  #send(event: string, value: unknown): void {
    this.#response.write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
  }
}

type Row = Pick<
  LoggedRequest,
  | "id"
  | "time"
  | "api"
  | "operation"
  | "method"
  | "path"
  | "status"
  | "code"
  | "verified"
  | "fault"
  | "bodyBytes"
  | "durationMs"
  | "partNumber"
  | "uploadId"
  | "key"
  | "diagnosis"
> & { readonly length: number; readonly fileId: string | undefined };
