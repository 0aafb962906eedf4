import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { always, jsonProblem, withFlag } from "../cli/support/json-lines.ts";
import { readPage } from "../support/markdown.ts";

interface Schema {
  readonly $ref?: string;
  readonly oneOf?: readonly Schema[];
  readonly properties?: { readonly type?: { readonly const?: string } };
  readonly $defs?: Readonly<Record<string, Schema>>;
}

function readSchema(name: string): Schema {
  return JSON.parse(
    readFileSync(new URL(`../../fixtures/schema/${name}.schema.json`, import.meta.url), "utf8"),
  ) as Schema;
}

/** What a line may have as its type; `none` for a line without. */
function typesOf(file: string, schema: Schema = readSchema(file)): string[] {
  if (schema.oneOf !== undefined) return schema.oneOf.flatMap((one) => typesOf(file, one));
  if (schema.$ref === undefined) return [schema.properties?.type?.const ?? "none"];
  const [name = "", inside = ""] = schema.$ref.split("#/$defs/");
  const target = name === "" ? file : name.replace(".schema.json", "");
  const whole = readSchema(target);
  return typesOf(target, inside === "" ? whole : whole.$defs?.[inside]);
}

/** The rows of the page's tables that name a schema: commands, second cell, schema. */
const { text } = await readPage("docs/cli.md");
const rows = [
  ...text.matchAll(/^\| (.+) \| (.+) \| \[([a-z0-9-]+)\]\(\.\.\/fixtures\/schema\/\3\.schema\.json\) \|$/gm),
];
const spans = (cell = ""): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span);

describe("every line of JSON has a schema, and docs/cli.md has it", () => {
  test("commands with --json, and those that print nothing else", async () => {
    const specs = await Promise.all(commands.map(async ({ load }) => (await load()).spec));
    const switches = specs.filter(({ flags }) => flags["json"] !== undefined && flags["json"].value === undefined);
    expect(switches.map(({ name }) => name).sort()).toEqual(Object.keys(withFlag).sort());
    const documented = rows.flatMap(([, commandCell, , schema]) => spans(commandCell).map((name) => [name, schema]));
    expect(Object.fromEntries(documented)).toEqual({ ...withFlag, ...always });
  });

  const typed = rows.map(([, names = "", cell = "", schema = ""]) => ({ names, cell, schema }));
  test.each(typed.filter(({ cell }) => cell.includes("`error`")))("types of $names", ({ cell, schema }) => {
    const types = cell.split(", ").map((type) => type.replaceAll("`", ""));
    expect(types.sort()).toEqual([...new Set(typesOf(schema))].sort());
  });
});

describe("what a run of the command prints is compared with it", () => {
  const setting = '{"type":"setting","name":"site","value":null,"from":"default"}\n';
  test.each([
    ["a line as it should be", setting, undefined],
    ["a type without a schema", setting.replace("setting", "novelty"), /"novelty"/],
    ["a member without a schema", setting.replace("{", '{"more":1,'), /additionalProperty":"more"/],
    ["a member that is missing", setting.replace('"value":null,', ""), /missingProperty":"value"/],
    ["what is not JSON", "site  intl\n", /SyntaxError/],
    ["half a line", setting.slice(0, 20), /no line feed/],
  ])("%s", (_what, stdout, says) => {
    const problem = jsonProblem(["config", "--json"], stdout, false);
    if (says === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatch(says);
    expect(jsonProblem(["config"], stdout, false)).toBeUndefined();
  });

  test("half a line is what a killed process leaves", () => {
    expect(jsonProblem(["config", "--json"], setting.slice(0, 20), true)).toBeUndefined();
  });
});
