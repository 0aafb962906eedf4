import type { Agent, DispatcherLike } from "./dispatcher.ts";
import type { Download, DownloadRequest } from "./download.ts";
import type { IdleLimits } from "./limits.ts";
import type { AllowRedirect } from "./reach.ts";
import type { Pacer } from "./pacer.ts";
import { performance } from "node:perf_hooks";
import { VodupError } from "../errors.ts";
import { checkDispatcher, openDispatcher, type OpenedDispatcher } from "./dispatcher.ts";
import { publishRequest } from "./diagnostics.ts";
import { defaultLimits } from "./limits.ts";
import { readAnswer } from "./answer.ts";
import { redactAnswer, type Secrets } from "./redact.ts";
import { toNetworkError } from "./network-error.ts";
import { hostOf } from "./endpoint.ts";
import { wireBody, type Meter, type ReplayableBody } from "./request-body.ts";
import { abortLimits, untilAborted } from "./abort.ts";

export interface WireRequest {
  /** The request's name in diagnostics: a VOD action or a COS operation. */
  readonly operation: string;
  /** `scheme://host[:port]` */
  readonly origin: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Path and query, already encoded: sent as it stands, since it is what was signed. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | ReplayableBody | undefined;
  /** In place of the transport's own. */
  readonly limits?: Partial<Pick<IdleLimits, "headersMs" | "bodyMs">> | undefined;
  /** Bytes of the answer's body that are read at most. */
  readonly maxAnswerBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** What no answer may repeat. */
  readonly secrets?: Secrets | undefined;
  /** Where the service's number for the request is found; only asked for diagnostics. */
  readonly requestIdOf?: ((answer: WireAnswer) => string | undefined) | undefined;
}

/**
 * Leaves out two interceptors of the caller's dispatcher. One that follows redirects would carry the security token to
 * another host; one that retries would send a body again that is spent, a signature that is old, and hide from the
 * retry loop what the service said.
 */
const asSigned = {
  maxRedirections: 0,
  retryOptions: {
    statusCodes: [],
    errorCodes: [],
    retry: (error: Error, _context: unknown, done: (error: Error) => void): void => done(error),
  },
};

const noSecrets: Secrets = { lasting: [], others: [] };

export interface WireAnswer {
  readonly status: number;
  /** Lower-case names; a repeated header's values joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * The one place that talks to undici: sends a request as it stands and answers what came back, whole.
 * It neither signs nor retries nor judges the status.
 */
export class Transport {
  readonly #option: DispatcherLike | Agent.Options | undefined;
  readonly #limits: IdleLimits;
  readonly #pacer: Pacer | undefined;
  readonly #allowRedirect: AllowRedirect | undefined;
  #opened: ReturnType<typeof openDispatcher> | undefined;
  readonly #running = new Set<Promise<unknown>>();

  constructor(
    dispatcher?: DispatcherLike | Agent.Options,
    limits: IdleLimits = defaultLimits,
    pacer?: Pacer,
    allowRedirect?: AllowRedirect,
  ) {
    checkDispatcher(dispatcher);
    this.#allowRedirect = allowRedirect;
    this.#pacer = pacer;
    this.#option = dispatcher;
    this.#limits = limits;
  }

  /**
   * @throws NetworkError when no whole answer came: `NETWORK`, `TIMEOUT`, `PROXY`, `BAD_ANSWER` (too large, not HTTP)
   * @throws the signal's own reason, when it was aborted
   * @throws whatever the body's source threw, unchanged
   */
  async send(request: WireRequest): Promise<WireAnswer> {
    request.signal?.throwIfAborted();
    const opened = await (this.#opened ??= openDispatcher(this.#option, this.#limits.connectMs));
    const started = performance.now();
    const meter: Meter = { sentBytes: 0, error: undefined, outflow: undefined };
    let status: number | undefined;
    const exchange = this.#exchange(opened, request, meter, (begun) => (status = begun));
    this.#running.add(exchange);
    try {
      const answer = await exchange;
      this.#report(request, { started, sentBytes: meter.sentBytes, status: answer.status, answer });
      return answer;
    } catch (thrown) {
      const error = this.#explain(request, status, meter.error, thrown);
      this.#report(request, { started, sentBytes: meter.sentBytes, status, error });
      throw error;
    } finally {
      this.#running.delete(exchange);
    }
  }

  async #exchange(
    { dispatcher, knowsBodies }: OpenedDispatcher,
    request: WireRequest,
    meter: Meter,
    begun: (status: number) => void,
  ): Promise<WireAnswer> {
    const limits = { ...this.#limits, ...request.limits };
    const { headersMs } = limits;
    const body = await wireBody(request, meter, { pacer: this.#pacer, knowsBodies, headersMs });
    const sending = dispatcher.request({
      origin: request.origin,
      method: request.method,
      path: request.path,
      headers: { ...request.headers },
      // undici sends any async iterable; only its types leave that out.
      body: body as Uint8Array | null,
      headersTimeout: knowsBodies && meter.outflow !== undefined ? 0 : limits.headersMs,
      bodyTimeout: limits.bodyMs,
      signal: request.signal ?? null,
      ...asSigned,
    });
    // undici heeds an abort only once the request has a connection, which may never come.
    const isReplayable = request.body !== undefined && !(request.body instanceof Uint8Array);
    const answering = untilAborted(sending, request.signal, isReplayable ? abortLimits.requestMs : 0);
    const response = await (meter.outflow === undefined ? answering : answering.finally(() => meter.outflow?.stop()));
    begun(response.statusCode);
    const headers = flatten(response.headers);
    const received = await readAnswer(response.body, request, response.statusCode);
    return redactAnswer({ status: response.statusCode, headers, body: received }, request.secrets ?? noSecrets);
  }

  #explain(
    request: WireRequest,
    status: number | undefined,
    bodyError: { thrown: unknown } | undefined,
    thrown: unknown,
  ): unknown {
    if (request.signal?.aborted === true) return request.signal.reason;
    // The socket's error is only the echo of a body that could not be produced.
    if (bodyError !== undefined) return bodyError.thrown;
    if (thrown instanceof VodupError) return thrown;
    return toNetworkError(thrown, { host: hostOf(request.origin), operation: request.operation, status });
  }

  #report(
    request: WireRequest,
    {
      started,
      sentBytes,
      status,
      answer,
      error,
    }: {
      readonly started: number;
      readonly sentBytes: number;
      readonly status: number | undefined;
      readonly answer?: WireAnswer;
      readonly error?: unknown;
    },
  ): void {
    publishRequest(() => ({
      operation: request.operation,
      method: request.method,
      host: hostOf(request.origin),
      path: request.path.replace(/\?.*$/s, ""),
      status,
      requestId: answer === undefined ? undefined : request.requestIdOf?.(answer),
      sentBytes,
      durationMs: performance.now() - started,
      error: error === undefined ? undefined : error instanceof VodupError ? error.code : "ABORTED",
    }));
  }

  /** Opens a GET whose answer is read as it comes: a source, never one of the two services. */
  async download(request: DownloadRequest): Promise<Download> {
    request.signal.throwIfAborted();
    const { openDownload } = await import("./download.ts");
    const { reach } = await (this.#opened ??= openDispatcher(this.#option, this.#limits.connectMs));
    return openDownload({ allow: this.#allowRedirect, reach }, request, this.#limits);
  }

  /** Waits for what is under way, then ends all connections; a dispatcher that the caller gave stays open. */
  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    await Promise.allSettled(this.#running);
    // Its close() would also wait for connections that nobody waits for any more.
    await opened?.close();
  }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}
