import { outOfRange } from "../errors.ts";
import { refuseUnknown } from "../unknown-options.ts";

/** Milliseconds without progress after which an attempt is given up; none bounds the whole duration. */
export interface IdleLimits {
  /**
   * Until a connection stands. Ignored with a dispatcher of the caller's own, which has limits of its own.
   * @defaultValue 10000
   */
  readonly connectMs: number;
  /**
   * Without a byte of the request leaving this machine (as far as the system tells: on Linux all, elsewhere until the
   * kernel has taken it), and from the last one to the answer's headers. @defaultValue 30000
   */
  readonly headersMs: number;
  /** Between two chunks of the answer's body. @defaultValue 30000 */
  readonly bodyMs: number;
  /**
   * In place of the two before for CompleteMultipartUpload: merging parts may take minutes, and the white space that
   * is sent meanwhile keeps the connection alive (cos 436/7742). @defaultValue 120000
   */
  readonly completeMs: number;
}

export type LimitOptions = { readonly [Field in keyof IdleLimits]?: IdleLimits[Field] | undefined };

export const defaultLimits: IdleLimits = { connectMs: 10_000, headersMs: 30_000, bodyMs: 30_000, completeMs: 120_000 };

/** Fills in the defaults. @throws RangeError `ERR_INVALID_ARG_VALUE` for anything but 1 ms to 1 hour */
export function idleLimits(options: LimitOptions = {}): IdleLimits {
  refuseUnknown("limits", options, defaultLimits);
  const limits: Record<keyof IdleLimits, number> = { ...defaultLimits };
  for (const field of Object.keys(defaultLimits) as (keyof IdleLimits)[]) {
    const value = options[field];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < 1 || value > 3_600_000) {
      throw outOfRange(`limits.${field}`, "must be a number of milliseconds from 1 to 3600000", value);
    }
    limits[field] = value;
  }
  return limits;
}
