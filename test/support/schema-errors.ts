import { readFileSync } from "node:fs";
import { Ajv2020, type AnySchema, type ErrorObject } from "ajv/dist/2020.js";

const folder = new URL("../../fixtures/schema/", import.meta.url);

/** Checks a value against `fixtures/schema/<name>.schema.json`, which may refer to the schemas all fixtures share. */
export function schemaErrors(name: string, value: unknown): ErrorObject[] {
  // The two switched-off checks are about style: they refuse a `then` that requires what its neighbour defines.
  const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
  for (const shared of ["provenance", "vector-file"]) ajv.addSchema(readSchema(shared));
  const validate = ajv.compile(readSchema(name));
  return validate(value) === true ? [] : (validate.errors ?? []);
}

function readSchema(name: string): AnySchema {
  return JSON.parse(readFileSync(new URL(`${name}.schema.json`, folder), "utf8")) as AnySchema;
}
