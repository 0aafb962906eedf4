import { invalidArgument, outOfRange } from "../errors.ts";

/** @throws TypeError `ERR_INVALID_ARG_VALUE` */
export function requireName(field: string, value: string, what: string): void {
  if (typeof value !== "string" || value.trim() === "") throw invalidArgument(field, `must be ${what}`, value);
}

/** Counts Unicode code points. @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE` */
export function checkLength(field: string, value: string | undefined, most: number): void {
  if (value === undefined) return;
  if (typeof value !== "string") throw invalidArgument(field, "must be a string", value);
  const length = Array.from(value).length;
  if (length > most) throw outOfRange(field, `must have at most ${most} characters, this has ${length}`);
}

/** −10 to 10, larger goes first. @throws RangeError `ERR_INVALID_ARG_VALUE` */
export function checkPriority(field: string, value: number | undefined): void {
  if (value === undefined || (Number.isInteger(value) && value >= -10 && value <= 10)) return;
  throw outOfRange(field, "must be an integer from -10 to 10", value);
}
