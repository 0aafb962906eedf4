import { readFileSync, readdirSync } from "node:fs";
import { fieldsOf, loadVodSpec, type SpecField, type VodSpec } from "../../support/spec-check.ts";

const folder = new URL("../../../fixtures/vod/", import.meta.url);

/** One documented exchange of `fixtures/vod`. */
export interface VodSample {
  readonly name: string;
  readonly action: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The member `Response` of the body. */
  readonly response: Readonly<Record<string, unknown>>;
}

export function readVodFixture(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8"));
}

export function loadVodSamples(spec: VodSpec = loadVodSpec()): VodSample[] {
  return readdirSync(folder)
    .filter((file) => /^api3-.+\.request\.http$/.test(file))
    .map((file) => {
      const name = file.slice(0, -".request.http".length);
      const { action, params } = parseSampleRequest(readFileSync(new URL(file, folder), "utf8"), spec);
      const body = readVodFixture(`${name}.response.json`) as { Response: Record<string, unknown> };
      return { name, action, params, response: body.Response };
    });
}

/**
 * Reads a request as the documentation prints it: either the head and JSON of a POST, or the older GET with one
 * parameter a line, not encoded, and nested ones flattened (`DeleteParts.0.Type=`). The latter has no types, so the spec
 * lends its own. A line in angle brackets stands for the common parameters.
 */
export function parseSampleRequest(
  text: string,
  spec: VodSpec,
): { readonly action: string; readonly params: Readonly<Record<string, unknown>> } {
  if (text.startsWith("POST ")) {
    const action = /^X-TC-Action: (\w+)$/m.exec(text)?.[1];
    if (action === undefined) throw new Error("a POST without X-TC-Action");
    const params: unknown = JSON.parse(text.slice(text.indexOf("\n\n")));
    return { action, params: params as Record<string, unknown> };
  }
  const [first = "", ...lines] = text.trimEnd().split("\n");
  const action = /^https:\/\/[^/]+\/\?Action=(\w+)$/.exec(first)?.[1];
  if (action === undefined) throw new Error(`neither POST nor GET: ${first}`);
  const params: Record<string, unknown> = {};
  for (const line of lines) {
    const [, path, value] = /^&([\w.]+)=(.*)$/.exec(line) ?? [];
    if (path === undefined || value === undefined) {
      if (/^&<.*>$/.test(line)) continue;
      throw new Error(`not a parameter: ${line}`);
    }
    put(params, path.split("."), value, fieldsOf(spec, `${action}Request`), spec);
  }
  return { action, params };
}

function put(
  into: Record<string, unknown>,
  path: readonly string[],
  text: string,
  fields: readonly SpecField[],
  spec: VodSpec,
): void {
  const [name = "", ...rest] = path;
  const field = fields.find((candidate) => candidate.name === name);
  if (field?.list !== true) {
    into[name] = scalar(field?.type, text);
    return;
  }
  const list = (into[name] ??= []) as unknown[];
  const [index = "", ...inner] = rest;
  if (inner.length === 0) {
    list[Number(index)] = scalar(field.type, text);
  } else {
    const item = (list[Number(index)] ??= {}) as Record<string, unknown>;
    put(item, inner, text, spec.objects[field.type] ?? [], spec);
  }
}

function scalar(type: string | undefined, text: string): unknown {
  return type === "int64" || type === "uint64" || type === "float" ? Number(text) : text;
}
