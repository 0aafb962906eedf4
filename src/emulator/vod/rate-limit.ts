import type { Settings } from "../options.ts";
import { VodFailure } from "./envelope.ts";

/** Calls a second of each action, counted in whole seconds of the emulator's clock (wire §3.7). */
export class RateLimits {
  readonly #limits: Settings["rateLimits"];
  readonly #counts = new Map<string, { second: number; calls: number }>();

  constructor(settings: Settings) {
    this.#limits = settings.rateLimits;
  }

  /** @throws {VodFailure} RequestLimitExceeded */
  count(action: string, now: number): void {
    const limit = this.#limits[action] ?? this.#limits["*"];
    if (limit === undefined) return;
    const second = Math.floor(now / 1000);
    const earlier = this.#counts.get(action);
    const calls = (earlier?.second === second ? earlier.calls : 0) + 1;
    this.#counts.set(action, { second, calls });
    if (calls > limit) {
      throw new VodFailure(
        "RequestLimitExceeded",
        `Your current request times equals to ${calls} in a second, which exceeds the frequency limit ${limit} of this action.`,
      );
    }
  }
}
