import { misspelt } from "../misspelt.ts";

/**
 * A caller's mistake, found before anything is signed: a `TypeError` with Node's own code. The message names the
 * argument and what it must be, and never repeats the value, which may be a secret.
 */
export class InvalidArgumentError extends TypeError {
  readonly code = "ERR_INVALID_ARG_VALUE" as const;
  /** The argument at fault, such as `timestamp` or `headers["host"]`. */
  readonly argument: string;

  constructor(argument: string, requirement: string) {
    super(`${argument} ${requirement}`);
    this.argument = argument;
  }
}

/** An argument's name; of a header, say, a function that makes it, since nearly none of them is at fault. */
type Name = string | (() => string);

function flaw(argument: Name, requirement: string): InvalidArgumentError {
  return new InvalidArgumentError(typeof argument === "string" ? argument : argument(), requirement);
}

/**
 * Refuses a misspelt name: what it stands for would be left out of the signature in silence. Names that resemble none
 * are not looked at, since a request or credentials may be part of a larger object.
 */
export function requireSpelling(given: object, known: readonly string[]): void {
  const found = misspelt(given, known);
  if (found !== undefined) throw new InvalidArgumentError(found.name, `is not known; did you mean ${found.likely}?`);
}

/**
 * With the `u` flag a surrogate matches only when it stands alone. Such a string has no UTF-8 form: an encoder
 * replaces it by U+FFFD, so two different inputs would be signed alike.
 */
const loneSurrogate = /\p{Surrogate}/u;

/** A line break in a piece that stands on a line of its own would let it pose as the next line. */
const lineBreak = /[\r\n]/;

export function requireText(argument: Name, value: unknown): asserts value is string {
  if (typeof value !== "string") throw flaw(argument, "must be a string");
  if (loneSurrogate.test(value)) throw flaw(argument, "must not hold a lone surrogate");
}

export function requireLine(argument: Name, value: unknown): asserts value is string {
  requireText(argument, value);
  if (lineBreak.test(value)) throw flaw(argument, "must not hold a line break");
}

export function requireMatch(
  argument: Name,
  value: unknown,
  pattern: RegExp,
  requirement: string,
): asserts value is string {
  requireText(argument, value);
  if (!pattern.test(value)) throw flaw(argument, requirement);
}

export function requireMethod(value: unknown): asserts value is string {
  requireMatch("method", value, /^[A-Za-z]+$/, "must be an HTTP method");
}

/** The last second that still has a date of four digits, 9999-12-31T23:59:59Z. */
const lastSecond = 253_402_300_799;

export function requireSeconds(argument: string, value: unknown): asserts value is number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > lastSecond) {
    throw new InvalidArgumentError(argument, `must be a whole number of Unix seconds from 0 to ${lastSecond}`);
  }
}

export function requireObject(argument: string, value: unknown): asserts value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError(argument, "must be an object");
  }
}

/** Names and values. A Map, Headers or URLSearchParams has no entries of its own and would be signed as empty. */
export function requireRecord(argument: string, value: unknown): asserts value is object {
  requireObject(argument, value);
  if (Symbol.iterator in value) throw new InvalidArgumentError(argument, "must be a plain object of names and values");
}

export function requireCredentials(value: unknown): asserts value is { secretId: string; secretKey: string } {
  requireObject("credentials", value);
  requireSpelling(value, ["secretId", "secretKey", "token"]);
  requireText("secretId", "secretId" in value ? value.secretId : undefined);
  requireText("secretKey", "secretKey" in value ? value.secretKey : undefined);
}

export function requireNames(argument: string, value: unknown): asserts value is readonly string[] {
  if (!Array.isArray(value)) throw new InvalidArgumentError(argument, "must be an array of names");
  for (const name of value) requireText(argument, name);
}
