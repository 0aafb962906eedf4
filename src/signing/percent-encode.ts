import { requireRecord, requireText } from "./argument.ts";

/** What `encodeURIComponent` keeps although RFC 3986 reserves it. Both services escape these five. */
const keptByJavascript = /[!'()*]/g;

/**
 * Percent-encodes text by the one rule that COS (signature and wire) and TC3 (GET query) share: the bytes of its
 * UTF-8 form, `A-Z a-z 0-9 - _ . ~` kept, every other byte as `%XX` in upper case. A space is `%20`, never `+`.
 * wire §1.2.
 *
 * Not idempotent: `%` is a character like any other, so an already encoded text is encoded again.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when the text is no string or holds a lone surrogate
 * @see cos 436/7778 (UrlEncode), RFC 3986 §2.3
 */
export function percentEncode(text: string): string {
  requireText("text", text);
  return encodeURIComponent(text).replace(
    keptByJavascript,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Encodes a decoded object path for the request line: each segment by {@link percentEncode}, every slash kept, also
 * leading, trailing and repeated ones (wire §5.9).
 *
 * Dot segments come out as they are; the sender of the path must refuse them ({@link hasDotSegment}).
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when the path is no string or holds a lone surrogate
 */
export function encodeKeyPath(path: string): string {
  requireText("path", path);
  return path.split("/").map(percentEncode).join("/");
}

/**
 * Whether a decoded path has a `.` or `..` segment. Browsers, `fetch` and proxies resolve such segments, in escaped
 * form too, so the service would see another path than the one that was signed (wire §4.3).
 */
export function hasDotSegment(path: string): boolean {
  return path.split("/").some((segment) => segment === "." || segment === "..");
}

/**
 * Encodes a query as sent: `name=value` joined by `&`, names and values by {@link percentEncode}, in the given order.
 * A null or undefined value is the empty one, so `{ uploads: null }` is `uploads=` (wire §1.6).
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` naming the parameter at fault
 */
export function encodeQuery(query: Readonly<Record<string, string | null | undefined>>): string {
  requireRecord("query", query);
  return Object.entries(query)
    .map(([name, value]) => {
      const text: unknown = value ?? "";
      requireText(`query[${JSON.stringify(name)}]`, text);
      return `${percentEncode(name)}=${percentEncode(text)}`;
    })
    .join("&");
}
