/**
 * From the file form of a cassette to {@link Cassette}. Checks what fixtures/schema/cassette.schema.json checks, and
 * beyond it what a schema cannot say (references between interactions, lengths that must agree).
 */
import { readFile } from "node:fs/promises";
import type {
  Cassette,
  CassetteCall,
  CassetteKeys,
  CassetteSource,
  Expectation,
  ExpectedError,
  ExpectedRequest,
  Interaction,
  Reply,
} from "./cassette.ts";
import { readReply } from "./load-reply.ts";
import { readRequest } from "./load-request.ts";
import {
  CassetteError,
  Fields,
  flag,
  integer,
  list,
  nonEmptyText,
  oneOf,
  pattern,
  plainObject,
  text,
} from "./shape.ts";

const identifier = pattern(/^[a-z0-9][a-z0-9-]*$/, "a name of lower-case letters, digits and hyphens");

function readKeys(value: unknown, path: string): CassetteKeys {
  const fields = new Fields(value, path, ["secretId", "secretKey", "token"]);
  return {
    secretId: fields.required("secretId", nonEmptyText),
    secretKey: fields.required("secretKey", nonEmptyText),
    token: fields.optional("token", nonEmptyText),
  };
}

const dateForm = pattern(/^\d{4}-\d{2}-\d{2}$/, "a date YYYY-MM-DD");
const recordingFields = ["host", "date", "requestId"] as const;
const publishedFields = ["seen", "date", "level"] as const;
const publishedDate = pattern(
  /^(unknown|\d{4}(-\d{2}){0,2}~?(\/(\.\.|\d{4}(-\d{2}){0,2}))?)$/,
  "a date, a period, or unknown",
);

function readSource(value: unknown, path: string): CassetteSource {
  const fields = new Fields(value, path, ["kind", "text", ...recordingFields, "seen", "level"]);
  const kind = fields.required(
    "kind",
    oneOf(["documented", "vendor-sdk", "server-echo", "published", "emulator", "constructed", "recorded"]),
  );
  const provenance = fields.required("text", nonEmptyText);
  if (kind === "recorded") {
    return {
      kind,
      text: provenance,
      host: fields.required("host", nonEmptyText),
      date: fields.required("date", dateForm),
      requestId: fields.required("requestId", nonEmptyText),
    };
  }
  if (kind === "published") {
    return {
      kind,
      text: provenance,
      seen: fields.required("seen", list(nonEmptyText)),
      date: fields.required("date", publishedDate),
      level: fields.required("level", oneOf(["server-bytes", "vendor-output", "matched-by-programs"])),
    };
  }
  const [stray] = fields.present([...recordingFields, ...publishedFields]);
  if (stray !== undefined) throw new CassetteError(fields.at(stray), "belongs to what was recorded or published");
  return { kind, text: provenance };
}

function readCall(value: unknown, path: string): CassetteCall {
  const fields = new Fields(value, path, ["api", "op", "input", "attempts"]);
  return {
    api: fields.required("api", oneOf(["vod", "cos", "upload"])),
    op: fields.required("op", nonEmptyText),
    input: fields.required("input", plainObject),
    attempts: fields.optional("attempts", integer(1, 100)) ?? 1,
  };
}

function readExpectedError(value: unknown, path: string): ExpectedError {
  const fields = new Fields(value, path, ["kind", "code", "status", "requestId", "message", "retryable", "details"]);
  return {
    kind: fields.required("kind", oneOf(["service", "gateway", "malformed", "connection"])),
    code: fields.optional("code", nonEmptyText),
    status: fields.optional("status", integer(100, 599)),
    requestId: fields.optional("requestId", text),
    message: fields.optional("message", nonEmptyText),
    retryable: fields.optional("retryable", flag),
    details: fields.optional("details", plainObject),
  };
}

function readExpectation(value: unknown, path: string): Expectation {
  const fields = new Fields(value, path, ["result", "error"]);
  if (fields.present(["result", "error"]).length !== 1) {
    throw new CassetteError(path, "expected exactly one of result, error");
  }
  if (fields.has("error")) return { error: fields.required("error", readExpectedError) };
  return { result: fields.required("result", plainObject) };
}

/** Node computes both; a wrong value here would hang the client instead of telling it something. */
function checkFraming(request: ExpectedRequest, reply: Reply, path: string): void {
  if (reply.kind !== "answer") return;
  for (const [name, value] of reply.headers) {
    const header = name.toLowerCase();
    if (header === "transfer-encoding") throw new CassetteError(path, "Transfer-Encoding follows from chunks");
    if (header !== "content-length" || request.method === "HEAD") continue;
    if (reply.chunks !== undefined || value !== String(reply.body.length)) {
      throw new CassetteError(path, `Content-Length ${value} does not fit the body (${reply.body.length} bytes)`);
    }
  }
}

function readInteraction(value: unknown, path: string): Interaction {
  const fields = new Fields(value, path, ["id", "group", "after", "request", "response", "replies"]);
  if (fields.present(["response", "replies"]).length !== 1) {
    throw new CassetteError(path, "expected exactly one of response, replies");
  }
  const replies = fields.has("response")
    ? [fields.required("response", readReply)]
    : fields.required("replies", list(readReply));
  if (replies.length === 0) throw new CassetteError(fields.at("replies"), "expected at least one reply");
  const request = fields.required("request", readRequest);
  for (const reply of replies) checkFraming(request, reply, path);
  return {
    id: fields.required("id", identifier),
    group: fields.optional("group", identifier),
    after: fields.optional("after", list(nonEmptyText)),
    request,
    replies,
  };
}

function checkReferences(interactions: readonly Interaction[]): void {
  const ids = new Set<string>();
  for (const [index, { id }] of interactions.entries()) {
    if (ids.has(id)) throw new CassetteError(`interactions[${index}].id`, `"${id}" is used twice`);
    ids.add(id);
  }
  const known = new Set<string>();
  for (const [index, { id, group, after }] of interactions.entries()) {
    for (const name of after ?? []) {
      // Only backwards: so the file reads in a possible order, and no cycle can be written.
      if (!known.has(name)) {
        throw new CassetteError(`interactions[${index}].after`, `"${name}" is not an earlier interaction or group`);
      }
    }
    known.add(id);
    if (group !== undefined) known.add(group);
  }
}

/** Checks and normalises a parsed cassette. Throws {@link CassetteError}. */
export function parseCassette(value: unknown): Cassette {
  const fields = new Fields(value, "", [
    "format",
    "scenario",
    "description",
    "source",
    "clock",
    "credentials",
    "certificates",
    "call",
    "interactions",
    "expect",
  ]);
  const format = fields.required("format", oneOf([1]));
  const clock = new Fields(fields.raw("clock"), "clock", ["start", "stepMs"]);
  const interactions = fields.required("interactions", list(readInteraction));
  if (interactions.length === 0) throw new CassetteError("interactions", "expected at least one interaction");
  checkReferences(interactions);
  return {
    format,
    scenario: fields.required("scenario", identifier),
    description: fields.required("description", nonEmptyText),
    source: fields.required("source", readSource),
    clock: {
      start: clock.required("start", integer(0, 253_402_300_799)),
      stepMs: clock.required("stepMs", integer(0, 86_400_000)),
    },
    credentials: fields.required("credentials", readKeys),
    certificates: fields.optional("certificates", list(readKeys)) ?? [],
    call: fields.required("call", readCall),
    interactions,
    expect: fields.required("expect", readExpectation),
  };
}

/** Reads a cassette file. Throws {@link CassetteError} for its content, the system's error for the file. */
export async function loadCassette(path: string | URL): Promise<Cassette> {
  const content = await readFile(path, "utf8");
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new CassetteError("", `not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseCassette(value);
}
