import type { RetryClass, RetryEvent } from "../http/retry.ts";
import type { CredentialProvider, Credentials } from "../credentials/source.ts";
import type { WireOptions } from "../http/wire.ts";
import type { VodAction, VodActions } from "./actions.ts";
import type { Site } from "./endpoint.ts";
import { NetworkError, VodApiError, invalidArgument, outOfRange } from "../errors.ts";
import { CredentialSource } from "../credentials/source.ts";
import { withOwnSignal } from "../http/abort.ts";
import { SigningTime } from "../http/clock.ts";
import { hostOf } from "../http/endpoint.ts";
import { RateGate } from "../http/rate-gate.ts";
import { hider } from "../http/redact.ts";
import { retrying } from "../http/retry.ts";
import { Wire, wireOptionNames } from "../http/wire.ts";
import { refuseUnknown } from "../unknown-options.ts";
import { signTc3 } from "../signing/tc3.ts";
import { actionTraits } from "./actions.ts";
import { encodeParameters } from "./encode.ts";
import { refuseOtherSitesAction, vodOrigin } from "./endpoint.ts";
import { openEnvelope, requestIdOf } from "./envelope.ts";
import { classifyApiCode } from "./error-codes.ts";

/** The version of the VOD API that every action here belongs to. */
const apiVersion = "2018-07-17";

/** Answers are small but for DescribeMediaInfos and PullEvents; this bounds a gateway gone wild. */
const maxAnswerBytes = 16 * 2 ** 20;

export interface VodApiOptions extends WireOptions {
  /** The account's keys, or a function that is asked for them. */
  readonly credentials: Credentials | CredentialProvider;
  /** @defaultValue "intl" */
  readonly site?: Site | undefined;
  /** `X-TC-Region`: which access point serves the call, not where media is stored. @defaultValue "ap-singapore" */
  readonly region?: string | undefined;
  /**
   * The application of the account; accounts opened since 2023-12-25 must name one. Sent with every action that knows
   * it.
   */
  readonly subAppId?: number | bigint | string | undefined;
  /** Overrides `site`: a regional, internal or local endpoint. */
  readonly vodEndpoint?: string | undefined;
  /** Which headers TC3 signs: `"action"` also binds the signature to its action. @defaultValue "action" */
  readonly signedHeaders?: "action" | "minimal" | undefined;
  /**
   * ApplyUpload requests a second, and as many of CommitUpload, 1 and up. The service allows an account 100 of each
   * (vod 266/34120, 266/34119), over all its clients; what it refuses is sent again later. @defaultValue unlimited
   */
  readonly apiRate?: number | undefined;
}

/** By name, see refuseUnknown. */
export const vodApiOptionNames: Readonly<Record<keyof VodApiOptions, true>> = {
  ...wireOptionNames,
  credentials: true,
  site: true,
  region: true,
  subAppId: true,
  vodEndpoint: true,
  signedHeaders: true,
  apiRate: true,
};

export interface CallOptions {
  /** Stops the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether a repetition is harmless even if the first one took effect. @defaultValue by action */
  readonly idempotent?: boolean | undefined;
  /** Milliseconds without a sign of life, for long polls. @defaultValue 30000 */
  readonly headersMs?: number | undefined;
  /** Called before each repetition. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

const callOptionNames = {
  signal: true,
  idempotent: true,
  headersMs: true,
  onRetry: true,
} satisfies Record<keyof CallOptions, true>;

/** Any action that is not among the typed ones. */
export type UntypedParams = Readonly<Record<string, unknown>>;

/**
 * The VOD server API (2018-07-17): one call, any action (wire §3).
 * @see https://www.tencentcloud.com/document/product/266/34103
 */
export class VodApi {
  readonly #wire: Wire;
  readonly #credentials: CredentialSource;
  readonly #origin: string;
  readonly #region: string;
  readonly #subAppId: bigint | undefined;
  readonly #signedHeaders: readonly string[];
  /** Of the actions that come once for each upload: of all others there are never many. */
  readonly #gates: ReadonlyMap<string, RateGate>;

  /**
   * @param wire what several clients share; made from the options when left out
   * @param credentials shared as well, so that they are asked for once
   * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE` naming the option
   */
  constructor(options: VodApiOptions, wire?: Wire, credentials?: CredentialSource) {
    // With a wire of its own a client has checked them, and has some more.
    if (wire === undefined) refuseUnknown("", options, vodApiOptionNames);
    this.#wire = wire ?? new Wire(options);
    this.#credentials = credentials ?? new CredentialSource(options.credentials, () => this.#wire.clock.now());
    this.#origin = vodOrigin(options.site, options.vodEndpoint);
    this.#region = checkRegion(options.region ?? "ap-singapore");
    this.#subAppId = parseSubAppId("subAppId", options.subAppId);
    this.#signedHeaders = signedHeaderNames(options.signedHeaders ?? "action");
    this.#gates = gatesOf(options.apiRate);
  }

  /**
   * Sends one action and answers its `Response`. Passing faults are retried where a repetition is harmless; a clock
   * that is off is corrected once.
   *
   * @param params wire names, PascalCase; `SubAppId` is added from the client's options where the action knows it
   * @throws TypeError `ERR_INVALID_ARG_VALUE`, before anything is sent: not an action's name, or one that the
   * international API does not have (DescribeEventsState) where that is the endpoint
   * @throws VodApiError the service's error, with `apiCode` and `requestId`
   * @throws NetworkError no usable answer
   */
  call<A extends VodAction>(
    action: A,
    params: VodActions[A]["request"],
    options?: CallOptions,
  ): Promise<VodActions[A]["response"] & { readonly RequestId: string }>;
  call<A extends string>(
    action: A extends VodAction ? never : A,
    params?: UntypedParams,
    options?: CallOptions,
  ): Promise<Record<string, unknown>>;
  async call(action: string, params: object = {}, options: CallOptions = {}): Promise<Record<string, unknown>> {
    if (!/^[A-Z][A-Za-z0-9]*$/.test(action)) throw invalidArgument("action", "must be an API action's name", action);
    refuseOtherSitesAction(action, this.#origin);
    refuseUnknown("", options, callOptionNames);
    return withOwnSignal(options.signal, (signal) => this.#call(action, params, { ...options, signal }));
  }

  async #call(action: string, params: object, options: CallOptions): Promise<Record<string, unknown>> {
    const traits = Object.hasOwn(actionTraits, action) ? actionTraits[action as VodAction] : untypedTraits(action);
    const withSubApp =
      traits.subAppId && this.#subAppId !== undefined ? { SubAppId: this.#subAppId, ...dropUndefined(params) } : params;
    const body = Buffer.from(encodeParameters(withSubApp), "utf8");
    const idempotent = options.idempotent ?? traits.idempotent;
    let used: Credentials | undefined;
    let date: string | undefined;
    const signingTime = new SigningTime(this.#wire.clock);
    let usedOffsetMs = this.#wire.clock.offsetMs;
    return retrying(
      {
        policy: this.#wire.policy,
        operation: action,
        classify: (error) => classify(error, idempotent),
        recover: async (kind) =>
          kind === "resync-clock"
            ? signingTime.isCured(date, usedOffsetMs)
            : used !== undefined && this.#credentials.invalidate(used),
        onRetry: options.onRetry,
        peer: this.#wire.peer(this.#origin),
        signal: options.signal,
      },
      async () => {
        await this.#gates.get(action)?.pass(options.signal);
        used = await this.#credentials.get(options.signal);
        usedOffsetMs = this.#wire.clock.offsetMs;
        const { headers, signature } = this.#sign(action, body, used);
        const sessionKey = sessionKeyOf(params);
        const others = [used.secretKey, signature];
        const hide = hider(used.token, ...others, sessionKey);
        const answer = await this.#wire.transport.send({
          operation: action,
          origin: this.#origin,
          method: "POST",
          path: "/",
          headers,
          body,
          limits: options.headersMs === undefined ? undefined : { headersMs: options.headersMs },
          maxAnswerBytes,
          signal: options.signal,
          // ApplyUpload gives back the session that it was asked for, and CommitUpload ends it.
          secrets: {
            lasting: [used.token],
            others: action === "ApplyUpload" ? others : [...others, sessionKey],
          },
          requestIdOf: ({ body: received }) => requestIdOf(received, hide),
        });
        date = answer.headers["date"];
        // The API answers 200 whatever it has to say; others come from something in between, which has its own clock.
        if (answer.status === 200) this.#wire.clock.observe(date);
        const hides = { refusal: hide, success: hider(used.token, sessionKey) };
        return openEnvelope(action, hostOf(this.#origin), answer, hides);
      },
    );
  }

  /**
   * Milliseconds by which this machine's clock is behind the service's, by the last answer (negative: ahead), give or
   * take a second; undefined before an answer. Beyond 300,000 the service refuses signatures; vodup then corrects
   * itself.
   */
  get clockSkewMs(): number | undefined {
    return this.#wire.clock.skewMs;
  }

  /** The host that is asked. */
  get host(): string {
    return hostOf(this.#origin);
  }

  #sign(
    action: string,
    body: Uint8Array,
    credentials: Credentials,
  ): { headers: Record<string, string>; signature: string } {
    const timestamp = this.#wire.clock.seconds();
    const host = hostOf(this.#origin);
    const headers: Record<string, string> = {
      "content-type": "application/json",
      host,
      "x-tc-action": action,
      "x-tc-version": apiVersion,
      "x-tc-timestamp": String(timestamp),
      "x-tc-region": this.#region,
      "x-tc-language": "en-US",
    };
    if (credentials.token !== undefined) headers["x-tc-token"] = credentials.token;
    const { authorization, signature } = signTc3(
      { method: "POST", host, headers, body, service: "vod", timestamp, signedHeaders: this.#signedHeaders },
      credentials,
    );
    return { headers: { ...headers, authorization }, signature };
  }

  /** Ends idle connections; not needed when the sockets are shared with a VodClient. */
  async close(): Promise<void> {
    await this.#wire.transport.close();
  }
}

/** A secret: it is enough to commit the upload. */
function sessionKeyOf(params: object): string | undefined {
  return "VodSessionKey" in params && typeof params.VodSessionKey === "string" ? params.VodSessionKey : undefined;
}

/** An action this version has no model of: read-only ones are known by their names. */
function untypedTraits(action: string): { subAppId: boolean; idempotent: boolean } {
  return { subAppId: true, idempotent: /^(Describe|List|Get|Parse|Search)/.test(action) };
}

/**
 * What may be repeated when. An action with an effect is only sent again when it certainly had none: the connection
 * was never made, or the service refused it for its rate.
 */
function classify(error: unknown, idempotent: boolean): RetryClass {
  if (error instanceof NetworkError) {
    if (!error.retryable) return "never";
    if (error.phase === "connect") return "backoff";
    if (!idempotent) return "never";
    return error.reusedSocket ? "now" : "backoff";
  }
  if (!(error instanceof VodApiError)) return "never";
  switch (classifyApiCode(error.apiCode)) {
    case "backoff":
      if (error.apiCode.startsWith("RequestLimitExceeded")) return "throttle";
      return idempotent ? "backoff" : "never";
    case "resync-clock-once":
      return "resync-clock";
    case "refresh-credentials-once":
      return "refresh-credentials";
    case "caller":
    case "never":
    default:
      // Only a code that nobody listed can be retryable here: its HTTP status said so.
      return error.retryable && idempotent ? "backoff" : "never";
  }
}

function signedHeaderNames(option: "action" | "minimal"): readonly string[] {
  if (option === "action") return ["content-type", "host", "x-tc-action"];
  if (option === "minimal") return ["content-type", "host"];
  throw invalidArgument("signedHeaders", 'must be "action" or "minimal"', option);
}

function checkRegion(region: string): string {
  if (typeof region !== "string" || !/^[a-z0-9-]{1,40}$/.test(region)) {
    throw invalidArgument("region", "must be a region's short name such as ap-singapore", region);
  }
  return region;
}

function gatesOf(rate: number | undefined): ReadonlyMap<string, RateGate> {
  if (rate === undefined) return new Map();
  if (!Number.isSafeInteger(rate) || rate < 1) {
    throw outOfRange("apiRate", "must be a whole number of requests a second from 1 up", rate);
  }
  return new Map(["ApplyUpload", "CommitUpload"].map((action) => [action, new RateGate(rate, Math.ceil(rate / 20))]));
}

const largestSubAppId = 2n ** 64n - 1n;

/** A SubAppId as the uint64 it is on the wire, whatever form it was given in (wire §3.3). */
export function parseSubAppId(field: string, value: number | bigint | string | undefined): bigint | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === "number" && !Number.isSafeInteger(value) ? "" : String(value);
  if (!/^\d{1,20}$/.test(text) || BigInt(text) === 0n || BigInt(text) > largestSubAppId) {
    throw invalidArgument(field, "must be the application's number, such as 1500000001", value);
  }
  return BigInt(text);
}

function dropUndefined(params: object): object {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined && value !== null));
}
