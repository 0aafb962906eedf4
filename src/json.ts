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

/** A number, also where it comes as decimal text: not every gateway keeps the two apart. */
export function givenNumber(value: unknown): number | undefined {
  const given = typeof value === "string" && /^-?\d{1,16}(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof given === "number" && Number.isFinite(given) ? given : undefined;
}

/** The objects of a list. One that is empty may come as null, as `""` or not at all. */
export function entriesOf<T extends object>(list: readonly T[] | null | undefined): readonly T[] {
  const given: unknown = list;
  return Array.isArray(given) ? (given as readonly T[]).filter((entry) => isJsonObject(entry)) : [];
}
