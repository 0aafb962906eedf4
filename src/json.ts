/** An object of parsed JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member's own value: a body may well have members called `constructor`. */
export function member(object: unknown, name: string): unknown {
  return isJsonObject(object) && Object.hasOwn(object, name) ? object[name] : undefined;
}

/**
 * A text that says something. The service writes nothing in three ways, `""`, null and absence, and not always in the
 * same one for the same member (wire §3.12): read here, they are one.
 */
export function givenText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The first of these members that is a text with something in it. */
export function textMember(object: unknown, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = givenText(member(object, name));
    if (value !== undefined) return value;
  }
  return undefined;
}
