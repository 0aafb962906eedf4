import { VodupError, invalidArgument } from "../errors.ts";

/** An API key of the account, or a temporary one with its token. */
export interface Credentials {
  readonly secretId: string;
  readonly secretKey: string;
  /** The session token of temporary credentials. */
  readonly token?: string | undefined;
}

/** Credentials with the moment they run out; without `expiration` they are taken to last. */
export type ExpiringCredentials = Credentials & { readonly expiration?: Date | undefined };

/** Called at first use, and again when the credentials run out or the service refuses them. */
export type CredentialProvider = () => Promise<ExpiringCredentials>;

/** Credentials that have less left than this are renewed before they are used: a request must not outlive its key. */
const renewalMarginMs = 300_000;

/**
 * The current credentials, whatever their source. Renewal is single-flight (many parts ask at once, one call is made),
 * and a failure is never kept: the next request asks the provider again.
 */
export class CredentialSource {
  readonly #provider: CredentialProvider | undefined;
  readonly #now: () => number;
  #current: ExpiringCredentials | undefined;
  #pending: Promise<ExpiringCredentials> | undefined;

  /** @throws TypeError `ERR_INVALID_ARG_VALUE` for static credentials that are empty or have stray blanks */
  constructor(credentials: Credentials | CredentialProvider, now: () => number = Date.now) {
    this.#now = now;
    if (typeof credentials === "function") {
      this.#provider = credentials;
    } else {
      checkCredentials(credentials);
      const { secretId, secretKey, token } = credentials;
      this.#current = token === undefined ? { secretId, secretKey } : { secretId, secretKey, token };
    }
  }

  /** @throws VodupError `CREDENTIALS` when the provider fails or answers with something unusable */
  async get(): Promise<Credentials> {
    if (this.#current !== undefined && !this.#isDue(this.#current)) return this.#current;
    this.#pending ??= this.#renew().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  /**
   * Forgets credentials that the service refused.
   * @param refused the ones that were used: newer ones, renewed meanwhile, are kept
   * @returns whether asking again can give others
   */
  invalidate(refused: Credentials): boolean {
    if (this.#provider === undefined) return false;
    if (this.#current === refused) this.#current = undefined;
    return true;
  }

  #isDue(credentials: ExpiringCredentials): boolean {
    if (this.#provider === undefined || credentials.expiration === undefined) return false;
    return credentials.expiration.getTime() - this.#now() <= renewalMarginMs;
  }

  async #renew(): Promise<ExpiringCredentials> {
    const provider = this.#provider;
    if (provider === undefined) throw new VodupError("CREDENTIALS", "there are no credentials");
    let fresh: ExpiringCredentials;
    try {
      fresh = await provider();
      checkCredentials(fresh);
    } catch (cause) {
      if (cause instanceof VodupError && cause.code === "CREDENTIALS") throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new VodupError("CREDENTIALS", `the credential provider failed: ${why}`, { cause });
    }
    this.#current = fresh;
    return fresh;
  }
}

/** Refuses, without ever naming a value, credentials that can only give a puzzling signature failure later. */
export function checkCredentials(credentials: unknown): asserts credentials is Credentials {
  if (typeof credentials !== "object" || credentials === null) {
    throw invalidArgument("credentials", "must be { secretId, secretKey, token? } or a function that resolves to it");
  }
  const fields = credentials as Record<string, unknown>;
  for (const name of ["secretId", "secretKey", "token"]) {
    const value = fields[name];
    if (name === "token" && value === undefined) continue;
    if (typeof value !== "string" || value === "") {
      throw invalidArgument(`credentials.${name}`, "must be a non-empty string");
    }
    if (value !== value.trim()) {
      throw invalidArgument(`credentials.${name}`, "has blanks or line ends around it; remove them");
    }
  }
}
