/**
 * Reading untrusted JSON field by field. Every complaint names the place, because a cassette is written by hand.
 */

/** A cassette that is not one: `path` is where, in the file's own terms (`interactions[2].request.method`). */
export class CassetteError extends Error {
  readonly code = "CASSETTE_INVALID" as const;
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path === "" ? "cassette" : path}: ${problem}`);
    this.name = "CassetteError";
    this.path = path;
  }
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return JSON.stringify(value);
}

export function fail(path: string, wanted: string, found: unknown): never {
  throw new CassetteError(path, `expected ${wanted}, found ${describe(found)}`);
}

/** One JSON object whose fields are taken by name; a name nobody knows is an error, so that no typo passes unseen. */
export class Fields {
  readonly path: string;
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(value: unknown, path: string, known: readonly string[]) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) fail(path, "an object", value);
    this.path = path;
    this.#values = new Map(Object.entries(value));
    for (const name of this.#values.keys()) {
      if (!known.includes(name)) throw new CassetteError(this.at(name), `unknown field; known are ${known.join(", ")}`);
    }
  }

  at(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  raw(name: string): unknown {
    return this.#values.get(name);
  }

  /** Which of the names are present; for fields that exclude one another. */
  present(names: readonly string[]): string[] {
    return names.filter((name) => this.has(name));
  }

  optional<T>(name: string, read: (value: unknown, path: string) => T): T | undefined {
    return this.has(name) ? read(this.raw(name), this.at(name)) : undefined;
  }

  required<T>(name: string, read: (value: unknown, path: string) => T): T {
    return read(this.raw(name), this.at(name));
  }
}

export function text(value: unknown, path: string): string {
  return typeof value === "string" ? value : fail(path, "a text", value);
}

export function nonEmptyText(value: unknown, path: string): string {
  return typeof value === "string" && value !== "" ? value : fail(path, "a non-empty text", value);
}

export function flag(value: unknown, path: string): boolean {
  return typeof value === "boolean" ? value : fail(path, "true or false", value);
}

export function integer(minimum: number, maximum: number): (value: unknown, path: string) => number {
  return (value, path) =>
    typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum
      ? value
      : fail(path, `a whole number from ${minimum} to ${maximum}`, value);
}

export function oneOf<const T extends string | number>(allowed: readonly T[]): (value: unknown, path: string) => T {
  return (value, path) =>
    allowed.find((candidate) => candidate === value) ?? fail(path, `one of ${allowed.join(", ")}`, value);
}

export function pattern(expression: RegExp, wanted: string): (value: unknown, path: string) => string {
  return (value, path) => (typeof value === "string" && expression.test(value) ? value : fail(path, wanted, value));
}

export function list<T>(read: (value: unknown, path: string) => T): (value: unknown, path: string) => T[] {
  return (value, path) =>
    Array.isArray(value) ? value.map((item, index) => read(item, `${path}[${index}]`)) : fail(path, "a list", value);
}

export function plainObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(path, "an object", value);
  return { ...value };
}
