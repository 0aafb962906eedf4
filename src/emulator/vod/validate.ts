import { isJsonObject, parseJson, type Json, type JsonObject } from "../json.ts";
import { VodFailure } from "./envelope.ts";
import { objectFields, type FieldTable } from "./fields.ts";

/** Reads the body of a call. @throws {VodFailure} InvalidParameter unless it is a JSON object */
export function parseParams(body: Buffer): JsonObject {
  let value: Json | undefined;
  try {
    value = parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    value = undefined;
  }
  if (isJsonObject(value)) return value;
  throw new VodFailure("InvalidParameter", "The request body is not a JSON object in UTF-8.");
}

/**
 * Checks names, presence and types of all members, nested ones too.
 *
 * @throws {VodFailure} UnknownParameter, MissingParameter or InvalidParameter, naming the member.
 */
export function checkFields(params: JsonObject, table: FieldTable, place = ""): void {
  for (const [name, value] of Object.entries(params)) {
    const type = Object.hasOwn(table, name) ? table[name] : undefined;
    if (type === undefined)
      throw new VodFailure("UnknownParameter", `The parameter \`${place}${name}\` is not recognized.`);
    checkType(value, type.replace("!", ""), `${place}${name}`);
  }
  for (const [name, type] of Object.entries(table)) {
    if (type.endsWith("!") && !Object.hasOwn(params, name)) {
      throw new VodFailure("MissingParameter", `The request is missing a required parameter \`${place}${name}\`.`);
    }
  }
}

function checkType(value: Json, type: string, place: string): void {
  if (type.endsWith("[]")) {
    if (!Array.isArray(value)) throw wrongType(place, "a list");
    const items: readonly Json[] = value;
    for (const [index, item] of items.entries()) checkType(item, type.slice(0, -2), `${place}.${index}`);
    return;
  }
  const table = objectFields[type];
  if (table !== undefined || type === "object") {
    if (!isJsonObject(value)) throw wrongType(place, "an object");
    if (table !== undefined) checkFields(value, table, `${place}.`);
    return;
  }
  if (!isScalar(value, type)) throw wrongType(place, type);
}

function isScalar(value: Json, type: string): boolean {
  switch (type) {
    case "integer":
      return typeof value === "number" && Number.isInteger(value);
    case "unsigned":
      return typeof value === "number" && Number.isInteger(value) && value >= 0;
    default:
      return typeof value === type;
  }
}

const wrongType = (place: string, type: string): VodFailure =>
  new VodFailure("InvalidParameter", `The value type of parameter \`${place}\` is not valid: it must be ${type}.`);

/** A text member, or undefined. */
export function textOf(params: JsonObject, name: string): string | undefined {
  const value = params[name];
  return typeof value === "string" ? value : undefined;
}

export function numberOf(params: JsonObject, name: string): number | undefined {
  const value = params[name];
  return typeof value === "number" ? value : undefined;
}

export function textsOf(params: JsonObject, name: string): readonly string[] | undefined {
  const value = params[name];
  return Array.isArray(value) ? value.filter((one: Json) => typeof one === "string") : undefined;
}

export function objectsOf(params: JsonObject, name: string): readonly JsonObject[] {
  const value = params[name];
  return Array.isArray(value) ? value.filter((one: Json): one is JsonObject => isJsonObject(one)) : [];
}

/** Characters as the API counts them: code points. */
export function characters(text: string): number {
  return Array.from(text).length;
}

/** @throws {VodFailure} `code` when the member has more than `limit` characters (code points) */
export function checkLength(params: JsonObject, name: string, limit: number, code = "InvalidParameterValue"): void {
  if (characters(textOf(params, name) ?? "") > limit) {
    throw new VodFailure(code, `The parameter \`${name}\` is longer than ${limit} characters.`);
  }
}

/** ISO 8601 with a time zone, as the API's datetime parameters are. @throws {VodFailure} */
export function checkExpireTime(params: JsonObject, now: number): void {
  const text = textOf(params, "ExpireTime");
  if (text === undefined) return;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new VodFailure("InvalidParameter.ExpireTime", "The parameter `ExpireTime` is not a time.");
  if (time <= now) throw new VodFailure("InvalidParameterValue.ExpireTime", "The parameter `ExpireTime` has passed.");
}
