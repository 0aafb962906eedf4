import type { Settings } from "../options.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";

/**
 * How a member that says nothing is written. The service has been seen to do it in three ways, and not always in the
 * same one for the same member (wire §3.12).
 */
type NothingForm = Settings["nothing"];

/** Members that are texts: where their value is null, the other members of this answer are not. */
const isText = (name: string): boolean => /(Path|Url|Id|Context|Name|Description)$/.test(name);

/** An answer or an event with its empty members in another form. */
export function writeNothing(content: JsonObject, form: NothingForm): JsonObject {
  return form === "as-seen" ? content : rewriteMembers(content, form);
}

function rewriteMembers(object: JsonObject, form: NothingForm): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]): [string, Json][] => {
      if (value !== "" && value !== null) return [[name, rewrite(value, form)]];
      if (form === "left-out") return [];
      if (form === "null") return [[name, null]];
      return [[name, isText(name) ? "" : value]];
    }),
  );
}

function rewrite(value: Json, form: NothingForm): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((one) => rewrite(one, form));
  return isJsonObject(value) ? rewriteMembers(value, form) : value;
}
