import { isJsonObject as isRecord } from "../json.ts";

export { isRecord };

/** A value as JSON holds it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json;
}

/** JSON.parse with its result's type said truthfully. */
export function parseJson(text: string): Json {
  // JSON.parse without a reviver makes nothing but Json.
  return JSON.parse(text) as Json;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isRecord(value);
}
