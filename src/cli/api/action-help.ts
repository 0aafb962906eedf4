import { requestFields } from "./request-fields.ts";

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  int64: "integer",
  uint64: "integer, 0 or more",
  float: "number",
  bool: "true or false",
  datetime_iso: "time, ISO 8601",
};

/** Actions and fields that the international API does not have (wire §20). */
const chinaSiteOnly: ReadonlySet<string> = new Set([
  "DescribeEventsState",
  "ModifyMediaInfo DeleteKnowledgeBases",
  "ModifyMediaInfo ClearKnowledgeBases",
  "CreateProcedureTemplate ImportMediaKnowledgeTaskSet",
]);

/**
 * `vodup call ApplyUpload --help`.
 * @returns undefined when no action that is known is named
 */
export function actionHelp(words: readonly string[]): string | undefined {
  const action = words.find((word) => Object.hasOwn(requestFields, word));
  if (action === undefined) return undefined;
  const fields = (requestFields[action] ?? "").split(", ").filter((field) => field !== "");
  const rows = fields.map((field) => {
    const [name = "", type = ""] = field.split(" ");
    const note = chinaSiteOnly.has(`${action} ${name}`) ? " (China site only)" : "";
    return [name.replace("*", ""), name.endsWith("*") ? "required, " : "", typeName(type) + note] as const;
  });
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    `Usage: vodup call ${action} [JSON|@FILE|-]`,
    "",
    ...(chinaSiteOnly.has(action)
      ? ["The international API does not have this action: only the China site does (--site cn).", ""]
      : []),
    rows.length === 0 ? "The action takes no fields." : "Fields:",
    ...rows.map(([name, required, type]) => `  ${name.padEnd(width)}  ${required}${type}`),
    "",
    "SubAppId is added from --sub-app-id. What a field means: https://www.tencentcloud.com/document/product/266/34103",
  ].join("\n");
}

/** Actions that `vodup call ACTION --help` knows. */
export const knownActions: readonly string[] = Object.keys(requestFields);

function typeName(type: string): string {
  const one = type.replace(/\[\]$/, "");
  const name = typeNames[one] ?? `object ${one}`;
  return one === type ? name : `list: ${name}`;
}
