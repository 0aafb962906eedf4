import { UsageError } from "./args.ts";

/** The most a timer can wait, in seconds. */
const longestTimer = 2_147_483;

/** @throws UsageError naming the flag */
export function parseInteger(flag: string, text: string, least: number, most: number): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const upwards = least === Number.MIN_SAFE_INTEGER ? "" : ` from ${least} up`;
  const range = most === Number.MAX_SAFE_INTEGER ? upwards : ` from ${least} to ${most}`;
  throw new UsageError(`--${flag} must be an integer${range}`);
}

/** Seconds, with or without a fraction. @throws UsageError naming the flag */
export function parseSeconds(flag: string, text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= longestTimer) return value;
  throw new UsageError(`--${flag} must be a number of seconds above 0, at most ${longestTimer}`);
}

/** `auto`, or what `read` makes of the text. */
export function parseAuto<T>(text: string | undefined, read: (text: string) => T): T | "auto" | undefined {
  if (text === undefined || text === "auto") return text;
  return read(text);
}
