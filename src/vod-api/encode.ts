/**
 * Request parameters as JSON text, serialised once: the bytes that are signed are the bytes that are sent. Unlike
 * `JSON.stringify`, a bigint becomes a bare integer (SubAppId is a uint64 on the wire), and null members are left out,
 * as the vendor's clients do (wire §2.5, §3.3).
 */
export function encodeParameters(value: unknown): string {
  return encode(value) ?? "{}";
}

function encode(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map((item) => encode(item) ?? "null").join(",")}]`;
  if (typeof value === "object" && !("toJSON" in value)) {
    const members = Object.entries(value).flatMap(([name, member]) => {
      const text = encode(member);
      return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`];
    });
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}
