import { invalidArgument, outOfRange } from "../errors.ts";

/** @throws TypeError `ERR_INVALID_ARG_VALUE` */
export function requireName(field: string, value: string, what: string): void {
  if (typeof value !== "string" || value.trim() === "") throw invalidArgument(field, `must be ${what}`, value);
}

/** −10 to 10, larger goes first. @throws RangeError `ERR_INVALID_ARG_VALUE` */
export function checkPriority(field: string, value: number | undefined): void {
  if (value === undefined || (Number.isInteger(value) && value >= -10 && value <= 10)) return;
  throw outOfRange(field, "must be an integer from -10 to 10", value);
}
