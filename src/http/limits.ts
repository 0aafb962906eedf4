/** Milliseconds without progress after which an attempt is given up; none bounds the whole duration. */
export interface IdleLimits {
  /** From the last byte of the request that went out to the first of the answer's headers. @defaultValue 30000 */
  readonly headersMs: number;
  /** Between two chunks of the answer's body. @defaultValue 30000 */
  readonly bodyMs: number;
}

export const defaultLimits: IdleLimits = { headersMs: 30_000, bodyMs: 30_000 };
