import { readFileSync } from "node:fs";
import { Ajv2020, type AnySchema, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";

const folder = new URL("../../fixtures/schema/", import.meta.url);
const compiled = new Map<string, ValidateFunction>();

/** Those that others refer to. */
export const shared: readonly string[] = [
  "provenance",
  "vector-file",
  "cassette",
  "cli-error",
  "cli-outage",
  "cli-upload",
];

/** Checks a value against `fixtures/schema/<name>.schema.json`, which may refer to the schemas all fixtures share. */
export function schemaErrors(name: string, value: unknown): ErrorObject[] {
  // Compiling costs far more than checking, and some tests check hundreds of values.
  const validate = compiled.get(name) ?? compile(name);
  compiled.set(name, validate);
  return validate(value) ? [] : (validate.errors ?? []);
}

function compile(name: string): ValidateFunction {
  // The two switched-off checks are about style: they refuse a `then` that requires what its neighbour defines.
  const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
  for (const other of shared.filter((one) => one !== name)) ajv.addSchema(readSchema(other));
  return ajv.compile(readSchema(name));
}

function readSchema(name: string): AnySchema {
  return JSON.parse(readFileSync(new URL(`${name}.schema.json`, folder), "utf8")) as AnySchema;
}
