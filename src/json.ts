/** An object of parsed JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member's own value: a body may well have members called `constructor`. */
export function member(object: unknown, name: string): unknown {
  return isJsonObject(object) && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The first of these members that is a string. */
export function textMember(object: unknown, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = member(object, name);
    if (typeof value === "string") return value;
  }
  return undefined;
}
