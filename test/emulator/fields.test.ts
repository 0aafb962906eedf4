import { readdirSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { eventFields, objectFields, requestFields, taskFields } from "../../src/emulator/vod/fields.ts";
import { checkFields } from "../../src/emulator/vod/validate.ts";
import { fieldsOf, loadVodSpec, type SpecField } from "../support/spec-check.ts";
import { schemaErrors } from "../support/schema-errors.ts";
import type { JsonObject } from "../../src/emulator/index.ts";

const fixtures = new URL("../../fixtures/", import.meta.url);
const json = (path: string): JsonObject => JSON.parse(readFileSync(new URL(path, fixtures), "utf8")) as JsonObject;

describe("the field tables", () => {
  test("refer only to objects they hold", () => {
    const scalars = new Set(["string", "integer", "unsigned", "number", "boolean", "object"]);
    for (const table of [...Object.values(requestFields), ...Object.values(objectFields)]) {
      for (const type of Object.values(table)) {
        const name = type.replace("!", "").replace("[]", "");
        expect(scalars.has(name) || Object.hasOwn(objectFields, name), type).toBe(true);
      }
    }
  });

  test("agree with the specification, name by name", () => {
    const spec = loadVodSpec();
    const scalars: Readonly<Record<string, string>> = {
      int64: "integer",
      uint64: "unsigned",
      float: "number",
      bool: "boolean",
      datetime_iso: "string",
      string: "string",
    };
    const typeOf = ({ type, list, required }: SpecField): string =>
      `${scalars[type] ?? (Object.hasOwn(spec.objects, type) ? type : "object")}${list === true ? "[]" : ""}${required ? "!" : ""}`;
    // What the specification leaves open the tables may hold in full.
    const opened = (type: string): string =>
      type.replace(/^\w+/, (name) => (Object.hasOwn(spec.open, name) ? "object" : name));
    expect(Object.keys(requestFields).sort()).toEqual(Object.keys(spec.actions).sort());
    const tables = [
      ...Object.entries(requestFields).map(([action, table]) => [`${action}Request`, table] as const),
      ...Object.entries(objectFields).filter(([name]) => Object.hasOwn(spec.objects, name)),
    ];
    for (const [name, table] of tables) {
      const ours = Object.entries(table).map(([field, type]) => [field, opened(type)]);
      expect([name, Object.fromEntries(ours)]).toEqual([
        name,
        Object.fromEntries(fieldsOf(spec, name).map((field) => [field.name, typeOf(field)])),
      ]);
    }
  });

  test("accept every request the vendor prints as JSON", () => {
    const files = readdirSync(new URL("vod/", fixtures)).filter((file) => file.endsWith(".request.http"));
    const checked = files.flatMap((file) => {
      const text = readFileSync(new URL(`vod/${file}`, fixtures), "utf8");
      const action = /^X-TC-Action: (\w+)/m.exec(text)?.[1];
      if (action === undefined) return [];
      const params = JSON.parse(text.slice(text.indexOf("\n{"))) as JsonObject;
      expect(() => checkFields(params, requestFields[action] ?? {}), file).not.toThrow();
      return [action];
    });
    expect(checked.length).toBeGreaterThanOrEqual(19);
  });

  test("name the events and tasks of the vendor's answers", () => {
    const [event] = (json("vod/api3-PullEvents.response.json")["Response"] as unknown as { EventSet: object[] })
      .EventSet;
    const inSample = Object.keys(event ?? {}).filter(
      (name) => name.includes("Event") && !["EventHandle", "EventType"].includes(name),
    );
    expect(eventFields).toEqual(expect.arrayContaining(inSample));
    const tasks = Object.keys(json("vod/api3-DescribeTaskDetail-2.response.json")["Response"] as object).filter(
      (name) => name.endsWith("Task"),
    );
    expect(taskFields).toEqual(expect.arrayContaining(tasks));
  });
});

describe("the vendor's samples", () => {
  const index = json("vod/index.json") as unknown as { files: { file: string; bytes: number; sha256: string }[] };

  test("are all listed with their source, and unchanged", () => {
    expect(schemaErrors("vod-index", index)).toEqual([]);
    const listed = index.files.map(({ file }) => file).sort();
    const present = readdirSync(new URL("vod/", fixtures)).filter((file) => file !== "index.json");
    expect(listed).toEqual(present.sort());
    for (const { file, bytes, sha256 } of index.files) {
      const content = readFileSync(new URL(`vod/${file}`, fixtures));
      expect([file, content.length, createHash("sha256").update(content).digest("hex")]).toEqual([file, bytes, sha256]);
    }
  });
});
