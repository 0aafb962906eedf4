import { invalidArgument, outOfRange } from "../errors.ts";
import { cosLimits } from "./limits.ts";
import { hasDotSegment } from "../signing/percent-encode.ts";

/**
 * Turns the object path of the VOD API (`/dir/name.mp4`) into a COS key: exactly one leading slash is dropped, or the
 * request path would begin with two (wire §4.3).
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for a dot segment: proxies and URL parsers rewrite those, so another
 * object than the signed one would be written
 */
export function toKey(path: string, field = "key"): string {
  const key = path.startsWith("/") ? path.slice(1) : path;
  if (key === "") throw invalidArgument(field, "must not be empty");
  if (Buffer.byteLength(key) > cosLimits.maxKeyBytes) {
    throw outOfRange(field, `must have at most ${cosLimits.maxKeyBytes} bytes`, key);
  }
  if (hasDotSegment(key)) {
    throw invalidArgument(field, 'must not contain "." or ".." segments', key);
  }
  return key;
}

/** The other way: the path that `toKey` makes this key of. A slash that the key itself begins with is kept. */
export function objectPath(key: string): string {
  return `/${key}`;
}
