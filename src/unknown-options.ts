import { invalidArgument } from "./errors.ts";
import { misspelt } from "./misspelt.ts";
import { closest } from "./suggest.ts";

/**
 * Refuses a misspelt option instead of ignoring it. A name whose value is undefined is as good as not given.
 *
 * Each kind of options has one table of its names, a `Record<keyof Options, true>` beside its type: a new option does
 * not compile until it stands there, and then it is known here, in the command line and in manifests that use the
 * table.
 *
 * @param of what the options belong to, such as `retry`; "" for those of the call itself
 * @throws TypeError `ERR_INVALID_ARG_VALUE` that suggests the name that was probably meant
 */
export function refuseUnknown(of: string, options: object | undefined, known: object): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidArgument(of === "" ? "options" : of, "must be an object", options);
  }
  // What is known is not read here: a getter may say something else each time.
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name) || (options as Record<string, unknown>)[name] === undefined) continue;
    throw unknownName(of === "" ? name : `${of}.${name}`, "is not an option", likelyName(name, Object.keys(known)));
  }
}

/**
 * Options as they are at this moment, each read once: those of a class or a prototype too, and whatever the caller
 * makes of the object afterwards. What they must not hold, `refuseUnknown` says.
 */
export function readOptions<T extends object>(options: T, known: Readonly<Record<keyof T, true>>): T {
  const read: Partial<T> = {};
  if (typeof options !== "object" || options === null) return read as T;
  for (const name of Object.keys(known) as (keyof T)[]) {
    const value = options[name];
    if (value !== undefined) read[name] = value;
  }
  return read as T;
}

/** @param likely the name that was probably meant */
export function unknownName(field: string, what: string, likely: string | undefined): TypeError & { code: string } {
  return invalidArgument(field, likely === undefined ? what : `${what}; did you mean ${likely}?`);
}

/** `media_name`, `Media-Name` and `mediaNam` are `mediaName`. */
export function likelyName(name: string, known: readonly string[]): string | undefined {
  const bare = (text: string): string => text.replaceAll(/[^a-z0-9]/gi, "").toLowerCase();
  return known.find((one) => bare(one) === bare(name)) ?? closest(name, known);
}

/**
 * For objects that may hold what is not ours: refuses what is one of these names misspelt, and nothing else.
 * @throws TypeError `ERR_INVALID_ARG_VALUE` that suggests the right name
 */
export function refuseMisspelt(of: string, given: object, known: readonly string[]): void {
  const found = misspelt(given, known);
  if (found !== undefined) throw unknownName(`${of}.${found.name}`, "is not an option", found.likely);
}
