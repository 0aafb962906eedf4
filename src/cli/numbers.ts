import { UsageError } from "./args.ts";

/** The most a timer can wait. */
const longestTimerMs = 2_147_483_000;

/** @throws UsageError naming the flag */
export function parseInteger(flag: string, text: string, least: number, most: number): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const upwards = least === Number.MIN_SAFE_INTEGER ? "" : ` from ${least} up`;
  const range = most === Number.MAX_SAFE_INTEGER ? upwards : ` from ${least} to ${most}`;
  throw new UsageError(`--${flag} must be an integer${range}`);
}

/** A deadline, as {@link parseDuration}; answers milliseconds. @throws UsageError naming the flag */
export function parseDeadline(flag: string, text: string): number {
  const ms = milliseconds(text);
  if (ms > 0 && ms <= longestTimerMs) return ms;
  throw new UsageError(`--${flag} must be a duration above 0, at most 24d, such as 90s, 10m or 2h`);
}

const units: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * A duration in seconds, or a number of `s`, `m`, `h` or `d`; answers milliseconds.
 * @throws UsageError naming the flag
 */
export function parseDuration(flag: string, text: string, leastMs: number, mostMs: number): number {
  const ms = Math.round(milliseconds(text));
  if (ms >= leastMs && ms <= mostMs) return ms;
  throw new UsageError(
    `--${flag} must be a duration from ${leastMs / 1000}s to ${mostMs / 86_400_000}d, such as 90s, 10m or 2h`,
  );
}

function milliseconds(text: string): number {
  const [, digits = "", unit = "?"] = /^(\d+(?:\.\d+)?)([smhd]?)$/i.exec(text) ?? [];
  return Number(digits || Number.NaN) * (units[unit.toLowerCase()] ?? Number.NaN) * 1000;
}

/** `auto`, or what `read` makes of the text. */
export function parseAuto<T>(text: string | undefined, read: (text: string) => T): T | "auto" | undefined {
  if (text === undefined || text === "auto") return text;
  return read(text);
}
