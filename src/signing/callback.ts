import { timingSafeEqual } from "node:crypto";
import { InvalidArgumentError, requireObject, requireText } from "./argument.ts";
import { md5Hex } from "./hash.ts";

/** A notification says it expires 10 minutes after it was sent; one that claims to live longer was not sent by VOD. */
const longestLifeSeconds = 900;

export interface VerifyCallbackOptions {
  /** The time of the check in Unix seconds. @defaultValue the machine's clock */
  readonly now?: number | undefined;
  /** By how many seconds the two clocks may differ, 0 or more. @defaultValue 0 */
  readonly toleranceSeconds?: number | undefined;
}

/**
 * Why a callback is not to be believed:
 * - `malformed`: the body is no object, or `Sign` is not 32 hexadecimal digits, or `T` is not a whole number
 * - `sign-mismatch`: `Sign` was made with another key or for another `T`
 * - `expired`: `T` is past
 * - `too-far-ahead`: `T` is more than 15 minutes ahead, longer than any callback lives
 */
export type CallbackRejection = "malformed" | "sign-mismatch" | "expired" | "too-far-ahead";

export type CallbackVerdict = { readonly valid: true } | { readonly valid: false; readonly reason: CallbackRejection };

/**
 * Checks that an event notification was sent by somebody who knows the SignKey, recently. Takes the parsed body, or
 * just its `Sign` and `T`; any other value is an invalid callback, never an exception (wire §14.1).
 *
 * `Sign` = MD5(SignKey + T) covers neither the event nor the rest of the body: who has seen one callback can sign
 * any other with it until `T`. Confirm what matters by DescribeMediaInfos, or pull events instead.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when the key is empty, or `now` or `toleranceSeconds` is not a number of
 * seconds
 * @see vod ModifyEventConfig, SignKey
 */
export function verifyCallback(body: unknown, signKey: string, options: VerifyCallbackOptions = {}): CallbackVerdict {
  requireText("signKey", signKey);
  // An empty key would make everybody a sender.
  if (signKey === "") throw new InvalidArgumentError("signKey", "must not be empty");
  requireObject("options", options);
  for (const name of Object.keys(options))
    if (name !== "now" && name !== "toleranceSeconds")
      throw new InvalidArgumentError(name, "is not an option; there are now and toleranceSeconds");
  const { now = Date.now() / 1000, toleranceSeconds = 0 } = options;
  requireNumber("now", now);
  requireNumber("toleranceSeconds", toleranceSeconds);

  if (typeof body !== "object" || body === null) return { valid: false, reason: "malformed" };
  const sign = "Sign" in body ? hexDigest(body.Sign) : undefined;
  const expiry = "T" in body ? decimal(body.T) : undefined;
  if (sign === undefined || expiry === undefined) return { valid: false, reason: "malformed" };

  const expected = md5Hex(signKey + expiry);
  if (!timingSafeEqual(Buffer.from(sign), Buffer.from(expected))) return { valid: false, reason: "sign-mismatch" };
  if (now > Number(expiry) + toleranceSeconds) return { valid: false, reason: "expired" };
  if (Number(expiry) > now + longestLifeSeconds + toleranceSeconds) return { valid: false, reason: "too-far-ahead" };
  return { valid: true };
}

function hexDigest(value: unknown): string | undefined {
  return typeof value === "string" && /^[0-9a-f]{32}$/i.test(value) ? value.toLowerCase() : undefined;
}

/** The one decimal spelling of a whole number, which is what was signed. */
function decimal(value: unknown): string | undefined {
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  const text = String(value);
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? text : undefined;
}

function requireNumber(argument: string, value: unknown): asserts value is number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError(argument, "must be a number of seconds, 0 or more");
  }
}
