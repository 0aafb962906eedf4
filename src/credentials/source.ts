import { clearTimeout, setTimeout } from "node:timers";
import { VodupError, invalidArgument } from "../errors.ts";
import { untilAborted } from "../http/abort.ts";
import { flawOf } from "./flaw.ts";
import { misspelt } from "../misspelt.ts";
import { reasonOf } from "../reason-of.ts";
import { refuseMisspelt } from "../unknown-options.ts";

/** An API key of the account, or a temporary one with its token. */
export interface Credentials {
  readonly secretId: string;
  readonly secretKey: string;
  /** The session token of temporary credentials. */
  readonly token?: string | undefined;
}

/** What a provider gives. */
export interface ExpiringCredentials extends Credentials {
  /** The moment they run out; without it they are taken to last. */
  readonly expiration?: Date | undefined;
  /** Where they were found, for people: "the environment", a file's path. */
  readonly source?: string | undefined;
}

/**
 * Called at first use, again before the credentials run out, and when the service refuses them. Calls never overlap,
 * and one that gives nothing within 60 s counts as failed.
 */
export type CredentialProvider = () => Promise<ExpiringCredentials>;

/** Credentials with less left than this are renewed before they are used: a request must not outlive its key. */
const renewalMarginMs = 300_000;

/**
 * But never earlier than this share of their life, or those that live for minutes would be renewed for every request.
 */
const renewalShare = 0.5;

/** After a renewal ahead of time has failed, the next is tried when this share of what is left is over. */
const patienceShare = 0.1;

const presetProviderLimitMs = 60_000;

interface Held {
  readonly credentials: Credentials;
  /** Epoch milliseconds; undefined: never. */
  readonly expiresAt: number | undefined;
  renewAt: number;
}

/**
 * The current credentials, whatever gives them. Renewal is single-flight (many requests ask at once, one call is made).
 * A failure is never kept: the next request asks again; and one ahead of time does no harm while the credentials last.
 */
export class CredentialSource {
  readonly #provider: CredentialProvider | undefined;
  readonly #now: () => number;
  readonly #providerLimitMs: number;
  #held: Held | undefined;
  #pending: Promise<Credentials> | undefined;

  /**
   * @param now epoch milliseconds by the service's clock
   * @param providerLimitMs milliseconds that one call of the provider may take
   * @throws TypeError `ERR_INVALID_ARG_VALUE` for static credentials that are empty or have stray blanks
   */
  constructor(
    credentials: Credentials | CredentialProvider,
    now: () => number = Date.now,
    providerLimitMs: number = presetProviderLimitMs,
  ) {
    this.#now = now;
    this.#providerLimitMs = providerLimitMs;
    if (typeof credentials === "function") {
      this.#provider = credentials;
    } else {
      checkCredentials(credentials);
      this.#held = { credentials: copyOf(credentials), expiresAt: undefined, renewAt: Infinity };
    }
  }

  /**
   * @throws VodupError `CREDENTIALS` when the provider fails, hangs, or answers with something unusable
   * @throws the signal's own reason; the provider's call goes on for the others that wait for it
   */
  async get(signal?: AbortSignal): Promise<Credentials> {
    signal?.throwIfAborted();
    const held = this.#held;
    if (held !== undefined && this.#now() < held.renewAt) return held.credentials;
    this.#pending ??= this.#renew().finally(() => (this.#pending = undefined));
    return untilAborted(this.#pending, signal);
  }

  /**
   * Forgets credentials that the service refused.
   * @param refused the ones that were used: newer ones, renewed meanwhile, are kept
   * @returns whether asking again can give others
   */
  invalidate(refused: Credentials): boolean {
    if (this.#provider === undefined) return false;
    if (this.#held?.credentials === refused) this.#held = undefined;
    return true;
  }

  async #renew(): Promise<Credentials> {
    try {
      const fresh = await this.#ask();
      this.#held = this.#hold(fresh);
      return this.#held.credentials;
    } catch (error) {
      const held = this.#held;
      const leftMs = held?.expiresAt === undefined ? 0 : held.expiresAt - this.#now();
      if (held === undefined || leftMs <= 0) throw error;
      held.renewAt = this.#now() + leftMs * patienceShare;
      return held.credentials;
    }
  }

  async #ask(): Promise<ExpiringCredentials> {
    const provider = this.#provider;
    if (provider === undefined) throw new VodupError("CREDENTIALS", "there are no credentials");
    let answer: unknown;
    try {
      answer = await within(this.#providerLimitMs, provider);
    } catch (cause) {
      if (cause instanceof VodupError && cause.code === "CREDENTIALS") throw cause;
      const why = reasonOf(cause);
      throw new VodupError(
        "CREDENTIALS",
        `the credential provider failed: ${why}; fix it, or give another as credentials`,
        { cause, retryable: cause instanceof VodupError && cause.retryable },
      );
    }
    checkProvided(answer);
    return answer;
  }

  #hold(fresh: ExpiringCredentials): Held {
    const credentials = copyOf(fresh);
    if (fresh.expiration === undefined) return { credentials, expiresAt: undefined, renewAt: Infinity };
    const expiresAt = fresh.expiration.getTime();
    // What seems to have expired already is used this once: if the local clock is wrong, the service will say so.
    const lifeMs = Math.max(0, expiresAt - this.#now());
    return { credentials, expiresAt, renewAt: expiresAt - Math.min(renewalMarginMs, lifeMs * renewalShare) };
  }
}

/** What providers may say beside. */
const credentialNames = ["secretId", "secretKey", "token", "expiration", "source"];

/** Refuses, without ever naming a value, credentials that can only give a puzzling signature failure later. */
export function checkCredentials(credentials: unknown): asserts credentials is Credentials {
  if (typeof credentials !== "object" || credentials === null) {
    throw invalidArgument("credentials", "must be { secretId, secretKey, token? } or a function that resolves to it");
  }
  refuseMisspelt("credentials", credentials, credentialNames);
  const [field, flaw] = firstFlaw(credentials) ?? [];
  if (flaw !== undefined) throw invalidArgument(`credentials.${field}`, flaw);
}

function checkProvided(answer: unknown): asserts answer is ExpiringCredentials {
  if (typeof answer !== "object" || answer === null) {
    throw unusable("it must resolve to { secretId, secretKey, token?, expiration? }");
  }
  const { name, likely } = misspelt(answer, credentialNames) ?? {};
  if (name !== undefined) throw unusable(`${name} is not known; did you mean ${likely}?`);
  const [field, flaw] = firstFlaw(answer) ?? [];
  if (flaw !== undefined) throw unusable(`${field} ${flaw}`);
  const expiration = (answer as { expiration?: unknown }).expiration;
  if (expiration === undefined) return;
  if (!(expiration instanceof Date) || Number.isNaN(expiration.getTime())) {
    throw unusable("expiration must be a valid Date (for seconds since 1970: new Date(seconds * 1000))");
  }
}

function unusable(why: string): VodupError {
  return new VodupError("CREDENTIALS", `what the credential provider gave cannot be used: ${why}`);
}

function firstFlaw(credentials: object): [field: string, flaw: string] | undefined {
  const fields = credentials as Record<string, unknown>;
  for (const field of ["secretId", "secretKey", "token"] as const) {
    if (field === "token" && fields[field] === undefined) continue;
    const flaw = flawOf(field, fields[field]);
    if (flaw !== undefined) return [field, flaw];
  }
  return undefined;
}

/** Only what is needed, and out of the reach of later changes. */
function copyOf({ secretId, secretKey, token }: Credentials): Credentials {
  return token === undefined ? { secretId, secretKey } : { secretId, secretKey, token };
}

async function within(limitMs: number, provider: CredentialProvider): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `the credential provider gave nothing within ${limitMs / 1000} s; see what it waits for`;
      reject(new VodupError("CREDENTIALS", message, { retryable: true }));
    }, limitMs);
  });
  try {
    return await Promise.race([provider(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
