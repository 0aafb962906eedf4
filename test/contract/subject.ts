/** The service under examination, whichever it is: the emulator, a double of the real one, or the real one. */
import { setTimeout as sleep } from "node:timers/promises";
import type { VodClientOptions } from "../../src/client.ts";
import type { Exchange, Pairs, Recorder, Upstream } from "./recorder.ts";
import { VodClient } from "../../src/client.ts";
import type { Tc3Signature } from "../../src/signing/index.ts";
import { deriveTc3Keys, sha256Hex, signTc3, tc3SignatureHex, tc3StringToSign } from "../../src/signing/index.ts";
import { connectTo } from "../support/replay-connection.ts";
import { startRecorder, valueOf } from "./recorder.ts";

/** Of no account. */
export const wrongToken = "vodup-wrong-token";
/** Of the form of one, and nobody's. */
export const noSuchFileId = "1000000000000000001";

/** What the suite itself makes up and sends: nobody else's, so it may be kept as it is. */
export const ownWords: ReadonlySet<string> = new Set(["contract", "vodup-no-such-handle", wrongToken, noSuchFileId]);

export interface SubjectKeys {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string | undefined;
}

export interface SubjectOptions {
  readonly name: string;
  readonly upstream: Upstream;
  readonly keys: SubjectKeys;
  readonly subAppId?: number | undefined;
  readonly host?: string | undefined;
  /** Milliseconds after which an event that was not confirmed counts as late, and comes again. */
  readonly confirmWindowMs: number;
  /** Largest number of PullEvents one scenario may spend on finding its event. */
  readonly pulls: number;
  /** Epoch milliseconds. @defaultValue Date.now */
  readonly clock?: (() => number) | undefined;
  /** Lets the time pass that a scenario must wait, in milliseconds. @defaultValue waits */
  readonly pause?: ((ms: number) => Promise<void>) | undefined;
}

export interface RawCall {
  readonly action: string;
  readonly params: object;
  readonly keys?: SubjectKeys | undefined;
  /** Replaces or, with undefined, leaves out a header; after signing. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signedHeaders?: readonly string[] | undefined;
  /** Signs the headers in the reverse of their order, and names them so. */
  readonly reversed?: boolean | undefined;
  /** Seconds by which the signature's time differs from now. */
  readonly skew?: number | undefined;
  /** Changes the finished value. */
  readonly authorization?: ((value: string) => string) | undefined;
  readonly contentType?: string | undefined;
  readonly region?: string | undefined;
  /** Signed in place of the body. */
  readonly payloadHash?: string | undefined;
  readonly host?: string | undefined;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Pairs;
  /** The Response, empty when there is none. */
  readonly response: Readonly<Record<string, unknown>>;
  /** The error's code, or undefined. */
  readonly code: string | undefined;
}

export class Subject {
  readonly options: SubjectOptions;
  readonly host: string;
  readonly #recorder: Recorder;
  readonly #dispatcher: ReturnType<typeof connectTo>;
  readonly #clients: VodClient[] = [];
  /** FileIds of what must not stay behind. */
  readonly toDelete: Set<string> = new Set();

  constructor(options: SubjectOptions, recorder: Recorder) {
    this.options = options;
    this.host = options.host ?? "vod.intl.tencentcloudapi.com";
    this.#recorder = recorder;
    this.#dispatcher = connectTo(recorder.origin);
  }

  get recorderOrigin(): string {
    return this.#recorder.origin;
  }

  get exchanges(): readonly Exchange[] {
    return this.#recorder.exchanges;
  }

  /** Epoch milliseconds. */
  now(): number {
    return (this.options.clock ?? Date.now)();
  }

  async pause(ms: number): Promise<void> {
    await (this.options.pause ?? sleep)(ms);
  }

  client(more: Partial<VodClientOptions> = {}): VodClient {
    const { keys, subAppId } = this.options;
    const clock = (): number => this.now();
    const client = new VodClient({ credentials: keys, subAppId, clock, dispatcher: this.#dispatcher, ...more });
    this.#clients.push(client);
    return client;
  }

  /** One call exactly as asked, right or wrong. */
  async raw(call: RawCall): Promise<RawAnswer> {
    const { keys: own, subAppId } = this.options;
    const keys = call.keys ?? own;
    const host = call.host ?? this.host;
    const params = subAppId === undefined ? call.params : { SubAppId: subAppId, ...call.params };
    const body = JSON.stringify(params);
    const timestamp = Math.floor(this.now() / 1000) + (call.skew ?? 0);
    const headers: Record<string, string> = {
      "content-type": call.contentType ?? "application/json",
      "x-tc-action": call.action,
      "x-tc-version": "2018-07-17",
      "x-tc-timestamp": String(timestamp),
      ...(call.region === "" ? {} : { "x-tc-region": call.region ?? "ap-singapore" }),
      ...(keys.token === undefined ? {} : { "x-tc-token": keys.token }),
    };
    const signed = signTc3(
      {
        method: "POST",
        host,
        headers,
        body: call.payloadHash ?? body,
        service: "vod",
        timestamp,
        signedHeaders: call.signedHeaders,
      },
      keys,
    );
    const made = call.reversed === true ? reversedAuthorization(signed, timestamp, keys) : signed.authorization;
    const sent = { ...headers, authorization: (call.authorization ?? String)(made), ...call.headers };
    const answer = await this.#dispatcher.request({
      origin: `https://${host}`,
      path: "/",
      method: "POST",
      headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined)),
      body,
    });
    await answer.body.dump();
    const last = this.exchanges.at(-1);
    const parsed = parse(last?.body)["Response"];
    const response = isRecord(parsed) ? parsed : {};
    const error = response["Error"];
    const code = isRecord(error) ? String(error["Code"]) : undefined;
    return { status: answer.statusCode, headers: last?.headers ?? [], response, code };
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.#dispatcher.destroy();
    await this.#recorder.close();
  }
}

/** A signature that is right but for the order of its headers. */
function reversedAuthorization(signed: Tc3Signature, timestamp: number, keys: SubjectKeys): string {
  const { canonicalRequest, credentialScope } = signed;
  const lines = canonicalRequest.split("\n");
  const count = lines.indexOf("", 3) - 3;
  const names = (lines[3 + count + 1] ?? "").split(";").toReversed().join(";");
  const turned = [...lines.slice(0, 3), ...lines.slice(3, 3 + count).toReversed(), "", names, lines.at(-1) ?? ""];
  const text = tc3StringToSign(timestamp, credentialScope, sha256Hex(turned.join("\n")));
  const signature = tc3SignatureHex(deriveTc3Keys(keys.secretKey, timestamp, "vod").secretSigning, text);
  const id = `TC3-HMAC-SHA256 Credential=${keys.secretId}/${credentialScope}`;
  return `${id}, SignedHeaders=${names}, Signature=${signature}`;
}

export async function openSubject(options: SubjectOptions): Promise<Subject> {
  return new Subject(options, await startRecorder(options.upstream));
}

export function parse(body: Buffer | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse((body ?? Buffer.alloc(0)).toString("utf8"));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `ApplyUpload`, or the operation of the object storage. */
export function operationOf({ method, host, target, requestHeaders }: Exchange): string {
  if (!host.includes(".cos.")) return valueOf(requestHeaders, "x-tc-action") ?? "(unnamed)";
  const query = new URLSearchParams(target.split("?")[1] ?? "");
  if (query.has("uploads")) return method === "POST" ? "InitiateMultipartUpload" : "ListMultipartUploads";
  const part = query.has("uploadId");
  if (method === "PUT") return part ? "UploadPart" : "PutObject";
  if (method === "POST") return "CompleteMultipartUpload";
  if (method === "DELETE") return "AbortMultipartUpload";
  return method === "HEAD" ? "HeadObject" : part ? "ListParts" : "GetObject";
}
