import type { VodEvent } from "../events/index.ts";

/**
 * An event as one line of JSON. `Sign` and `T` are left out of `raw`: until T, they are enough to post any event
 * that passes for signed.
 */
export function eventLine(event: VodEvent): string {
  const { Sign: _sign, T: _expiry, ...raw } = event.raw;
  return JSON.stringify({ ...event, raw });
}
