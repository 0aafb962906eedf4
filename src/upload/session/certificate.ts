import type { Credentials } from "../../credentials/source.ts";
import { reasonOf } from "../../reason-of.ts";
import { VodupError } from "../../errors.ts";

/** The temporary key of one upload, as ApplyUpload gives it. */
export interface Certificate extends Credentials {
  readonly token: string;
  /** Epoch seconds at which it stops working (`ExpiredTime`). */
  readonly expiredTime: number;
}

/** Gets a new certificate for the same keys; rejects when there is no way to. */
export type Renew = () => Promise<Certificate>;

/** Where an upload's COS requests get their keys from. */
export type KeySource = Pick<CertificateKeeper, "get" | "refused" | "isOld">;

/** What time it is at the service, in epoch milliseconds. */
export interface CertificateClock {
  /** By this machine's clock, which may be set at any time: good enough to renew early by. */
  readonly now: () => number;
  /** As the service told it; undefined before it did. By nothing else a certificate is over. */
  readonly told: () => number | undefined;
}

/** A certificate is renewed when this much of its life, counted from its receipt, is over. */
const usedShare = 0.9;

/** From here on an "access denied" is taken for an expired certificate: clocks differ. */
const oldShare = 0.8;

/**
 * Keeps a valid certificate at hand for everything that is in flight. It is renewed ahead of time, and when the service
 * says it has expired; either way once, however many parts ask (wire §12.1).
 *
 * There is no fixed margin: the life of a certificate is not published, and one of seconds must work too.
 */
export class CertificateKeeper {
  readonly #clock: CertificateClock;
  readonly #renew: Renew;
  #current: Certificate;
  #receivedAt: number;
  /** The same moment by this machine's clock. */
  #receivedNow: number;
  #pending: Promise<void> | undefined;
  /** Why renewal is impossible; then the current certificate is used to its end. */
  #impossible: unknown;

  /** @param receivedAt epoch milliseconds by the service's clock */
  constructor(certificate: Certificate, receivedAt: number, clock: CertificateClock, renew: Renew) {
    this.#current = certificate;
    this.#receivedAt = receivedAt;
    this.#clock = clock;
    this.#renew = renew;
    const told = clock.told();
    this.#receivedNow = told === undefined ? receivedAt : clock.now() - (told - receivedAt);
  }

  get current(): Certificate {
    return this.#current;
  }

  /** Epoch milliseconds at which `current` was received. */
  get receivedAt(): number {
    return this.#receivedAt;
  }

  /** @throws VodupError `CERTIFICATE_EXPIRED` */
  async get(): Promise<Credentials> {
    if (this.#isDue() && this.#impossible === undefined)
      await this.#renewOnce().catch((error: unknown) => this.#noteFailure(error));
    if (this.#isOver()) throw this.#expired();
    return this.#current;
  }

  /**
   * Called when the service refused a certificate.
   * @param refused the one that was used: if another is current by now, that one is simply tried
   * @returns whether trying again makes sense
   */
  async refused(refused: Credentials): Promise<boolean> {
    if (this.#current !== refused) return true;
    if (this.#impossible !== undefined) throw this.#expired();
    await this.#renewOnce().catch((error: unknown) => {
      this.#noteFailure(error);
      throw this.#expired(error);
    });
    return true;
  }

  /** Whether so much of the certificate's life is over that a refusal may mean its end. */
  isOld(): boolean {
    const life = this.#lifeMs();
    return life <= 0 || this.#ageMs() >= life * oldShare;
  }

  #lifeMs(): number {
    return this.#current.expiredTime * 1000 - this.#receivedAt;
  }

  /**
   * A certificate that seems to have ended before it came tells of a clock that is off; it is used until it is refused.
   */
  #isDue(): boolean {
    const life = this.#lifeMs();
    return life > 0 && this.#ageMs() >= life * usedShare;
  }

  /** By the older of two clocks: the one that nobody sets may have stood still with the machine. */
  #ageMs(): number {
    const { now, told } = this.#clock;
    return Math.max(now() - this.#receivedNow, (told() ?? -Infinity) - this.#receivedAt);
  }

  /** A clock that was set forward ends no certificate: only the service says so, by its time or by refusing it. */
  #isOver(): boolean {
    const told = this.#clock.told();
    return told !== undefined && this.#lifeMs() > 0 && told >= this.#current.expiredTime * 1000;
  }

  #renewOnce(): Promise<void> {
    this.#pending ??= this.#replace().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #replace(): Promise<void> {
    const fresh = await this.#renew();
    this.#current = fresh;
    this.#receivedNow = this.#clock.now();
    this.#receivedAt = this.#clock.told() ?? this.#receivedNow;
  }

  /** A passing failure is tried again with the next request; a final one is remembered. */
  #noteFailure(error: unknown): void {
    if (!(error instanceof VodupError && error.retryable)) this.#impossible = error;
  }

  #expired(cause: unknown = this.#impossible): VodupError {
    const why = cause === undefined ? "" : `: ${reasonOf(cause)}`;
    return new VodupError(
      "CERTIFICATE_EXPIRED",
      `the upload's temporary certificate has expired and could not be renewed${why}; run the upload again: ` +
        "a checkpoint can be resumed only with a renewed certificate, otherwise all is sent again",
      { stage: "transfer", retryable: true, cause },
    );
  }
}
