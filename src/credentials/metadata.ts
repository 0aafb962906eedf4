import type { CredentialProvider, ExpiringCredentials } from "./source.ts";
import type { WireAnswer } from "../http/transport.ts";
import { VodupError, outOfRange } from "../errors.ts";
import { parseOrigin } from "../http/endpoint.ts";
import { Transport } from "../http/transport.ts";
import { CredentialsAbsent } from "./absent.ts";
import { isJsonObject } from "../json.ts";
import { refuseUnknown } from "../unknown-options.ts";

export interface MetadataOptions {
  /** Another origin of the metadata service, for tests. @defaultValue "http://metadata.tencentyun.com" */
  readonly origin?: string | undefined;
  /** Milliseconds for the whole exchange, 1 to 60000. @defaultValue 2000 */
  readonly limitMs?: number | undefined;
}

/** Plain HTTP by nature: a link-local service of the instance's host, reached without any network in between. */
const instanceOrigin = "http://metadata.tencentyun.com";
const rolePath = "/latest/meta-data/cam/security-credentials/";
const maxAnswerBytes = 64 * 1024;

/**
 * Temporary credentials of the role that is bound to this instance (CVM, Lighthouse, TKE node), from its metadata
 * service. They carry their expiration, so they are renewed in time.
 *
 * Unlike the vendor's clients it gives up after 2 s, since anywhere else than on an instance nobody answers, and it
 * never goes through a proxy, which would answer with the role of its own instance.
 *
 * @returns a provider that rejects with VodupError `CREDENTIALS`: not on an instance, no role bound, not answered in
 * time
 */
export function fromMetadata(options: MetadataOptions = {}): CredentialProvider {
  refuseUnknown("", options, { origin: true, limitMs: true } satisfies Record<keyof MetadataOptions, true>);
  const { origin, limitMs = 2_000 } = options;
  if (!Number.isInteger(limitMs) || limitMs < 1 || limitMs > 60_000) {
    throw outOfRange("limitMs", "must be an integer from 1 to 60000", limitMs);
  }
  const target = origin === undefined ? instanceOrigin : parseOrigin("origin", origin);
  return async () => {
    const signal = AbortSignal.timeout(limitMs);
    // The connect limit ends an attempt that the abort only stops waiting for: it would keep the process alive.
    const transport = new Transport({ connect: { timeout: limitMs } });
    try {
      const role = readRole(await get(transport, target, rolePath, signal), target);
      return readCredentials(await get(transport, target, rolePath + encodeURIComponent(role), signal), role);
    } catch (cause) {
      if (cause instanceof VodupError && cause.code === "CREDENTIALS") throw cause;
      const why = signal.aborted ? `no answer within ${limitMs / 1000} s` : messageOf(cause);
      throw absent(`${why}; it is only there on a Tencent Cloud instance`, cause);
    } finally {
      await transport.close();
    }
  };
}

function get(transport: Transport, origin: string, path: string, signal: AbortSignal): Promise<WireAnswer> {
  const headers = { host: new URL(origin).host, accept: "*/*" };
  return transport.send({ operation: "InstanceRole", origin, method: "GET", path, headers, maxAnswerBytes, signal });
}

function readRole(answer: WireAnswer, origin: string): string {
  if (answer.status === 404) {
    throw absent("no role is bound to this instance; bind one in the console, or use other credentials");
  }
  if (answer.status !== 200) throw failure(`it answered ${answer.status}`, { retryable: answer.status >= 500 });
  const role = answer.body.toString("utf8").trim().split(/\s+/)[0] ?? "";
  if (!/^[\w.@+=,-]{1,128}$/.test(role)) throw failure(`what ${origin} gives is no role's name`);
  return role;
}

function readCredentials(answer: WireAnswer, role: string): ExpiringCredentials {
  if (answer.status !== 200) throw failure(`it answered ${answer.status} for the role ${role}`, { retryable: true });
  const fields = parse(answer.body);
  const { Code: code, TmpSecretId: secretId, TmpSecretKey: secretKey, Token: token } = fields;
  if (code !== "Success") throw failure(`it gives no credentials for the role ${role} (Code is not Success)`);
  if (typeof secretId !== "string" || typeof secretKey !== "string" || typeof token !== "string") {
    throw failure(`its answer for the role ${role} lacks TmpSecretId, TmpSecretKey or Token`);
  }
  const source = `the role ${role} of this instance`;
  return { source, secretId, secretKey, token, expiration: expirationOf(fields, role) };
}

/** `ExpiredTime` in epoch seconds; `Expiration` is the same moment as text. */
function expirationOf(fields: Readonly<Record<string, unknown>>, role: string): Date {
  const { ExpiredTime: seconds, Expiration: text } = fields;
  const ms = typeof seconds === "number" ? seconds * 1000 : typeof text === "string" ? Date.parse(text) : Number.NaN;
  const expiration = new Date(ms);
  // Without it they would never be renewed.
  if (Number.isNaN(expiration.getTime())) throw failure(`its answer for the role ${role} does not say when it expires`);
  return expiration;
}

function parse(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (isJsonObject(value)) return value;
  } catch {
    // Told below: the parser's own message would repeat the text, which holds a key.
  }
  throw failure("its answer is not JSON");
}

const subject = "the instance metadata service gave no credentials";

function absent(why: string, cause?: unknown): CredentialsAbsent {
  return new CredentialsAbsent(`${subject}: ${why}`, cause);
}

function failure(why: string, options?: { retryable: boolean }): VodupError {
  return new VodupError("CREDENTIALS", `${subject}: ${why}`, options);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
