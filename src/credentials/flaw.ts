/** What goes into a header as it is: printable ASCII without blanks. */
const headerSafe = /^[\x21-\x7e]+$/;
/** White space, control characters, and those that a web page hides in what is copied from it. */
const hasForeign = /[\s\p{Cc}\p{Cf}]/u;

/**
 * Says what is wrong with the form of a secret id, a secret key or a token, without ever naming the value; undefined
 * when nothing is. Such a value would only give a puzzling signature failure later, or could not be sent at all.
 */
export function flawOf(field: "secretId" | "secretKey" | "token", value: unknown): string | undefined {
  if (typeof value !== "string") return "must be a non-empty string";
  if (value === "") return "is empty: it must be a non-empty string";
  if (/^(["']).*\1$/s.test(value)) {
    return "is in quotes, which became part of it (docker --env-file keeps them); remove the quotes";
  }
  if (value !== value.trim()) return "has blanks or line ends around it; remove them";
  const sendable = field === "secretKey" ? !hasForeign.test(value) : headerSafe.test(value);
  return sendable ? undefined : "holds a blank, a line end or another character that none can have; copy it again";
}
