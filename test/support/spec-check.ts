import { readFileSync } from "node:fs";

/** A field as `fixtures/spec/vod-actions.json` has it. */
export interface SpecField {
  readonly name: string;
  /** A scalar of the wire, or a key of `objects` or `open`. */
  readonly type: string;
  readonly list?: true;
  readonly required: boolean;
  readonly nullable: boolean;
  readonly values?: readonly string[];
  /** What the vendor's description lists of an open set. */
  readonly known?: readonly string[];
  readonly deprecated?: true;
}

export interface SpecAmendment {
  readonly object: string;
  readonly field: string;
  readonly required?: false;
  readonly nullable?: true;
  readonly evidence: string;
}

export interface VodSpec {
  readonly source: { readonly date: string };
  readonly package: { readonly name: string; readonly version: string };
  readonly version: string;
  readonly international: { readonly date: string; readonly lacks: readonly string[] };
  readonly otherActions: readonly string[];
  readonly envelope: readonly SpecField[];
  readonly amendments: readonly SpecAmendment[];
  readonly actions: Readonly<
    Record<string, { readonly request: readonly SpecField[]; readonly response: readonly SpecField[] }>
  >;
  readonly objects: Readonly<Record<string, readonly SpecField[]>>;
  readonly open: Readonly<Record<string, "task" | "object">>;
}

export function loadVodSpec(): VodSpec {
  const file = new URL("../../fixtures/spec/vod-actions.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as VodSpec;
}

/** A list of fields by the name amendments use: an object, or an action with `Request` or `Response`. */
export function fieldsOf(spec: VodSpec, name: string): readonly SpecField[] {
  const [, action, part] = /^(.+?)(Request|Response)$/.exec(name) ?? [];
  const ofAction = action === undefined ? undefined : spec.actions[action];
  const fields =
    ofAction === undefined ? spec.objects[name] : part === "Request" ? ofAction.request : ofAction.response;
  if (fields === undefined) throw new Error(`the spec has no ${name}`);
  return fields;
}

/**
 * Compares JSON with the spec. Each problem is a JSON pointer and what is wrong there: `/FileIds: missing`,
 * `/Foo: unknown`, `/Limit: not an int64`, `/FileId: null`.
 */
export class SpecChecker {
  readonly #spec: VodSpec;

  constructor(spec: VodSpec = loadVodSpec()) {
    this.#spec = spec;
  }

  request(action: string, params: unknown): string[] {
    return [...this.#fields(fieldsOf(this.#spec, `${action}Request`), params, "")];
  }

  /** @param response the member `Response` of the body, RequestId included */
  response(action: string, response: unknown): string[] {
    return [...this.#fields([...fieldsOf(this.#spec, `${action}Response`), ...this.#spec.envelope], response, "")];
  }

  object(name: string, value: unknown): string[] {
    return [...this.#fields(fieldsOf(this.#spec, name), value, "")];
  }

  *#fields(fields: readonly SpecField[], value: unknown, at: string): Generator<string> {
    if (!isObject(value)) {
      yield `${at}: not an object`;
      return;
    }
    for (const name of Object.keys(value)) {
      if (!fields.some((field) => field.name === name)) yield `${at}/${name}: unknown`;
    }
    for (const field of fields) {
      const member = value[field.name];
      const here = `${at}/${field.name}`;
      if (!Object.hasOwn(value, field.name)) {
        if (field.required) yield `${here}: missing`;
      } else if (member === null) {
        if (!field.nullable) yield `${here}: null`;
      } else if (field.list !== true) {
        yield* this.#single(field, member, here);
      } else if (Array.isArray(member)) {
        for (const [index, item] of member.entries()) yield* this.#single(field, item, `${here}/${index}`);
      } else {
        yield `${here}: not a list`;
      }
    }
  }

  *#single(field: SpecField, value: unknown, at: string): Generator<string> {
    const object = this.#spec.objects[field.type];
    if (object !== undefined) {
      yield* this.#fields(object, value, at);
      return;
    }
    if (!isOfType(field.type, value, this.#spec.open)) yield `${at}: not ${article(field.type)} ${field.type}`;
    else if (field.values !== undefined && !field.values.includes(value as string)) yield `${at}: not a known value`;
  }
}

function isOfType(type: string, value: unknown, open: VodSpec["open"]): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "datetime_iso":
      return typeof value === "string" && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/.test(value);
    case "int64":
      return typeof value === "bigint" || Number.isSafeInteger(value);
    case "uint64":
      return (typeof value === "bigint" && value >= 0n) || (Number.isSafeInteger(value) && (value as number) >= 0);
    case "float":
      return Number.isFinite(value);
    case "bool":
      return typeof value === "boolean";
    default:
      if (open[type] === undefined) throw new Error(`the spec has no type ${type}`);
      return isObject(value);
  }
}

function article(type: string): string {
  return /^[aeiouAEIO]/.test(type) && type !== "uint64" ? "an" : "a";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
