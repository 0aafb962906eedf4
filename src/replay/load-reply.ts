/** The answering half of an interaction, from its file form. */
import { generateBody } from "./body.ts";
import type { Answer, InterimStatus, Reply } from "./cassette.ts";
import { readGenerated } from "./load-request.ts";
import { CassetteError, Fields, fail, integer, list, oneOf, pattern, text } from "./shape.ts";

/** A fixture that sleeps longer than a minute is a mistake, not a test. */
const longestDelayMs = 60_000;
const largestAnswer = 16_777_216;

const bodyFields = ["json", "text", "base64", "body"] as const;
const answerFields = ["status", "headers", ...bodyFields, "interim", "chunks", "chunkDelayMs"] as const;
const faults = ["reset-before-response", "reset-after-bytes", "timeout", "truncate-body"] as const;
const interimStatuses: readonly InterimStatus[] = [100, 102, 103];

const delay = integer(0, longestDelayMs);
const headerName = pattern(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "a header name");
const headerValue = pattern(/^[\t -~]*$/, "a header value of printable ASCII");
const base64 = pattern(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "padded base64");

function readHeader(value: unknown, path: string): readonly [string, string] {
  if (!Array.isArray(value) || value.length !== 2) fail(path, "a [name, value] pair", value);
  return [headerName(value[0], `${path}[0]`), headerValue(value[1], `${path}[1]`)];
}

function readBody(fields: Fields): Uint8Array {
  const forms = fields.present(bodyFields);
  if (forms.length > 1) throw new CassetteError(fields.path, `${forms.join(" and ")} exclude one another`);
  if (fields.has("json")) return Buffer.from(JSON.stringify(fields.raw("json")), "utf8");
  if (fields.has("text")) return Buffer.from(fields.required("text", text), "utf8");
  if (fields.has("base64")) return Buffer.from(fields.required("base64", base64), "base64");
  if (!fields.has("body")) return new Uint8Array(0);
  const generated = fields.required("body", readGenerated);
  integer(0, largestAnswer)(generated.length, `${fields.at("body")}.length`);
  return generateBody(generated);
}

function readCut(fields: Fields, fault: (typeof faults)[number] | undefined, body: Uint8Array): Answer["cut"] {
  if (fault === undefined) {
    if (fields.has("at")) throw new CassetteError(fields.at("at"), "belongs to a fault");
    return undefined;
  }
  const at = fields.required("at", integer(0, body.length));
  return { at, how: fault === "truncate-body" ? "close" : "silence" };
}

function readAnswer(fields: Fields, fault: (typeof faults)[number] | undefined, delayMs: number): Answer {
  const body = readBody(fields);
  const chunks = fields.optional("chunks", list(integer(1, largestAnswer)));
  if (chunks !== undefined && chunks.reduce((sum, size) => sum + size, 0) > body.length) {
    throw new CassetteError(fields.at("chunks"), `more bytes than the body has (${body.length})`);
  }
  return {
    kind: "answer",
    status: fields.required("status", integer(200, 599)),
    headers: fields.optional("headers", list(readHeader)) ?? [],
    body,
    delayMs,
    interim: fields.optional("interim", list(oneOf(interimStatuses))),
    chunks,
    chunkDelayMs: fields.optional("chunkDelayMs", delay) ?? 0,
    cut: readCut(fields, fault, body),
  };
}

export function readReply(value: unknown, path: string): Reply {
  const fields = new Fields(value, path, ["fault", "at", "delayMs", ...answerFields]);
  const fault = fields.optional("fault", oneOf(faults));
  const delayMs = fields.optional("delayMs", delay) ?? 0;

  if (fields.has("status")) {
    if (fault === "reset-before-response" || fault === "reset-after-bytes") {
      throw new CassetteError(fields.at("fault"), `${fault} sends no answer, so status makes no sense beside it`);
    }
    return readAnswer(fields, fault, delayMs);
  }

  const stray = fields.present(answerFields);
  if (stray.length > 0) throw new CassetteError(fields.at("status"), `is missing beside ${stray.join(", ")}`);
  switch (fault) {
    case "reset-after-bytes":
      return { kind: fault, at: fields.required("at", integer(0, largestAnswer)), delayMs };
    case "reset-before-response":
    case "timeout":
      if (fields.has("at")) throw new CassetteError(fields.at("at"), `needs an answer to count bytes of`);
      return { kind: fault, delayMs };
    case "truncate-body":
      throw new CassetteError(fields.at("status"), "truncate-body needs an answer to cut");
    case undefined:
      throw new CassetteError(path, "expected an answer (status) or a fault");
    default:
      return fault satisfies never;
  }
}
