import { VodFailure } from "./envelope.ts";

const dayMs = 86_400_000;

interface Claim {
  readonly action: string;
  readonly subAppId: number;
  readonly sessionId: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** How long the same one is refused. */
  readonly windowMs: number;
}

/** SessionIds of the actions that take one: the same id again within its days is refused, so a retry does no harm. */
export class SessionIds {
  static readonly threeDaysMs: number = 3 * dayMs;
  static readonly sevenDaysMs: number = 7 * dayMs;
  readonly #claimed = new Map<string, number>();

  /** @throws {VodFailure} InvalidParameterValue.SessionId when the id was used within `windowMs` */
  claim({ action, subAppId, sessionId, now, windowMs }: Claim): void {
    if (sessionId === "") return;
    const name = `${action}/${subAppId}/${sessionId}`;
    const earlier = this.#claimed.get(name);
    if (earlier !== undefined && now - earlier < windowMs) {
      throw new VodFailure("InvalidParameterValue.SessionId", "A request with this SessionId was accepted before.");
    }
    this.#claimed.set(name, now);
  }
}
