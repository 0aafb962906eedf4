import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadCassette, parseCassette } from "../../src/replay/load.ts";
import { CassetteError } from "../../src/replay/shape.ts";
import { schemaErrors } from "../support/schema-errors.ts";
import type { Json } from "./sample-cassette.ts";
import { cassetteFile, single } from "./sample-cassette.ts";

const recorded = {
  kind: "recorded",
  text: "the contract suite",
  host: "vod.intl.tencentcloudapi.com",
  date: "2025-01-01",
  requestId: "r",
};

const published = {
  kind: "published",
  text: "an answer that a user posted",
  seen: ["https://example.com/thread"],
  date: "2019-11",
  level: "server-bytes",
};

/** A whole cassette with one thing changed. */
function changed(change: (file: Json, interaction: Json, request: Json, reply: Json) => void): Json {
  const file = structuredClone(cassetteFile([single({ headers: {} }, { text: "0123456789" })]));
  const [interaction] = file["interactions"] as Json[];
  if (interaction === undefined) throw new Error("the sample has one interaction");
  change(file, interaction, interaction["request"] as Json, interaction["response"] as Json);
  return file;
}

const accepted: [string, Json][] = [
  ["the plain sample", changed(() => {})],
  ["a recording that states host, date and request id", changed((file) => (file["source"] = recorded))],
  ["a published exchange", changed((file) => (file["source"] = published))],
  ["a published exchange of no known date", changed((file) => (file["source"] = { ...published, date: "unknown" }))],
  [
    "every kind of reply",
    changed((_, interaction) => {
      delete interaction["response"];
      interaction["replies"] = [
        { fault: "reset-before-response" },
        { fault: "reset-after-bytes", at: 5, delayMs: 3 },
        { fault: "timeout" },
        { status: 200, text: "abc", fault: "timeout", at: 1 },
        { status: 200, json: { a: 1 }, fault: "truncate-body", at: 2, chunks: [1, 1], chunkDelayMs: 1, interim: [100] },
        { status: 200, base64: "AAECAw==" },
        { status: 200, body: { gen: "repeat", text: "x", length: 4 } },
      ];
    }),
  ],
  ["a null JSON body", changed((_f, _i, request) => (request["json"] = null))],
];

/** Wrong in a way that the schema and the loader both see, and where the loader says so. */
const refused: [string, Json, string, RegExp][] = [
  ["another format", changed((file) => (file["format"] = 2)), "format", /expected one of 1, found 2/],
  ["a field nobody knows", changed((file) => (file["recordedAt"] = "x")), "recordedAt", /unknown field/],
  ["a missing field", changed((file) => delete file["clock"]), "clock", /expected an object, found nothing/],
  [
    "another source",
    changed((file) => (file["source"] = { kind: "synthetic", text: "x" })),
    "source.kind",
    /documented, vendor-sdk.*found "synthetic"/,
  ],
  [
    "recorded without request id",
    changed((file) => (file["source"] = { ...recorded, requestId: "" })),
    "source.requestId",
    /non-empty/,
  ],
  [
    "published nowhere",
    changed((file) => (file["source"] = { kind: "published", text: "x", date: "2019", level: "server-bytes" })),
    "source.seen",
    /found nothing/,
  ],
  [
    "published on no day",
    changed((file) => (file["source"] = { ...published, date: "long ago" })),
    "source.date",
    /a date, a period, or unknown/,
  ],
  [
    "published without a level that is known",
    changed((file) => (file["source"] = { ...published, level: "hearsay" })),
    "source.level",
    /server-bytes/,
  ],
  [
    "recorded on no day",
    changed((file) => (file["source"] = { ...recorded, date: "today" })),
    "source.date",
    /YYYY-MM-DD/,
  ],
  [
    "a source that says nothing",
    changed((file) => (file["source"] = { kind: "documented" })),
    "source.text",
    /found nothing/,
  ],
  [
    "a clock with fractions",
    changed((file) => (file["clock"] = { start: 1.5, stepMs: 0 })),
    "clock.start",
    /whole number/,
  ],
  ["neither result nor error", changed((file) => (file["expect"] = {})), "expect", /exactly one/],
  [
    "an unknown kind of error",
    changed((file) => (file["expect"] = { error: { kind: "api" } })),
    "expect.error.kind",
    /service, gateway/,
  ],
  ["no interaction", changed((file) => (file["interactions"] = [])), "interactions", /at least one/],
  [
    "an id with spaces",
    changed((_, interaction) => (interaction["id"] = "part 1")),
    "interactions[0].id",
    /lower-case/,
  ],
  [
    "response and replies",
    changed((_, interaction) => (interaction["replies"] = [])),
    "interactions[0]",
    /exactly one of response, replies/,
  ],
  [
    "an unknown method",
    changed((_f, _i, request) => (request["method"] = "PATCH")),
    "interactions[0].request.method",
    /found "PATCH"/,
  ],
  [
    "a relative URL",
    changed((_f, _i, request) => (request["url"] = "/clip.mp4")),
    "interactions[0].request.url",
    /absolute/,
  ],
  [
    "an upper-case header name",
    changed((_f, _i, request) => (request["headers"] = { ETag: "x" })),
    "interactions[0].request.headers.ETag",
    /lower-case/,
  ],
  [
    "a host header",
    changed((_f, _i, request) => (request["headers"] = { host: "x" })),
    "interactions[0].request.headers.host",
    /url/,
  ],
  [
    "two bodies",
    changed((_f, _i, request) => Object.assign(request, { json: 1, text: "" })),
    "interactions[0].request",
    /exclude/,
  ],
  [
    "a body and its length",
    changed((_f, _i, request) => Object.assign(request, { text: "", bodyLength: 0 })),
    "interactions[0].request",
    /say nothing/,
  ],
  [
    "a generator without seed",
    changed((_f, _i, request) => (request["body"] = { gen: "xorshift32", length: 1 })),
    "interactions[0].request.body.seed",
    /found nothing/,
  ],
  [
    "a generator with seed 0",
    changed((_f, _i, request) => (request["body"] = { gen: "xorshift32", seed: 0, length: 1 })),
    "interactions[0].request.body.seed",
    /found 0/,
  ],
  [
    "a field of the other generator",
    changed((_f, _i, request) => (request["body"] = { gen: "repeat", text: "a", seed: 1, length: 1 })),
    "interactions[0].request.body.seed",
    /belongs to/,
  ],
  [
    "an interim answer as answer",
    changed((_f, _i, _r, reply) => (reply["status"] = 100)),
    "interactions[0].response.status",
    /from 200/,
  ],
  [
    "a header as an object",
    changed((_f, _i, _r, reply) => (reply["headers"] = [{ a: "b" }])),
    "interactions[0].response.headers[0]",
    /pair/,
  ],
  [
    "a reply that is nothing",
    changed((_f, interaction) => (interaction["response"] = { delayMs: 1 })),
    "interactions[0].response",
    /answer .status. or a fault/,
  ],
  [
    "an unknown fault",
    changed((_f, _i, _r, reply) => (reply["fault"] = "drop")),
    "interactions[0].response.fault",
    /found "drop"/,
  ],
  [
    "a reset beside an answer",
    changed((_f, _i, _r, reply) => (reply["fault"] = "reset-before-response")),
    "interactions[0].response.fault",
    /no answer/,
  ],
  [
    "truncate-body without at",
    changed((_f, _i, _r, reply) => (reply["fault"] = "truncate-body")),
    "interactions[0].response.at",
    /found nothing/,
  ],
  [
    "at without a fault",
    changed((_f, _i, _r, reply) => (reply["at"] = 1)),
    "interactions[0].response.at",
    /belongs to a fault/,
  ],
  [
    "broken base64",
    changed((_f, interaction) => (interaction["response"] = { status: 200, base64: "abc" })),
    "interactions[0].response.base64",
    /base64/,
  ],
];

/** Wrong in a way that only the loader can see. */
const refusedBeyondSchema: [string, Json, string, RegExp][] = [
  [
    "what was not recorded states a host",
    changed((file) => (file["source"] = { ...recorded, kind: "emulator" })),
    "source.host",
    /belongs to what was recorded/,
  ],
  ["an id used twice", cassetteFile([single(), single()]), "interactions[1].id", /twice/],
  [
    "after something unknown or later",
    changed((_, interaction) => (interaction["after"] = ["only"])),
    "interactions[0].after",
    /not an earlier/,
  ],
  [
    "a generated body with another digest",
    changed((_f, _i, request) => (request["body"] = { gen: "repeat", text: "a", length: 1, sha256: "0".repeat(64) })),
    "interactions[0].request.body.sha256",
    /ca978112ca1bbdca/,
  ],
  [
    "chunks longer than the body",
    changed((_f, _i, _r, reply) => (reply["chunks"] = [11])),
    "interactions[0].response.chunks",
    /more bytes/,
  ],
  [
    "a cut behind the body's end",
    changed((_f, _i, _r, reply) => Object.assign(reply, { fault: "truncate-body", at: 11 })),
    "interactions[0].response.at",
    /0 to 10/,
  ],
  [
    "a Content-Length that is not the body's",
    changed((_f, _i, _r, reply) => (reply["headers"] = [["content-length", "9"]])),
    "interactions[0]",
    /does not fit/,
  ],
];

describe("a cassette file", () => {
  it.each(accepted)("is accepted by loader and schema: %s", (_, file) => {
    expect(parseCassette(file).format).toBe(1);
    expect(schemaErrors("cassette", file)).toEqual([]);
  });

  it.each(refused)("is refused by loader and schema: %s", (_, file, path, message) => {
    expect(() => parseCassette(file)).toThrow(CassetteError);
    expect(() => parseCassette(file)).toThrow(
      expect.objectContaining({ path, message: expect.stringMatching(message) }),
    );
    expect(schemaErrors("cassette", file)).not.toEqual([]);
  });

  it.each(refusedBeyondSchema)("is refused by the loader: %s", (_, file, path, message) => {
    expect(() => parseCassette(file)).toThrow(
      expect.objectContaining({ path, message: expect.stringMatching(message) }),
    );
  });

  it("is read from a path; what is not JSON says so", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vodup-cassette-"));
    try {
      await writeFile(join(folder, "good.json"), JSON.stringify(changed(() => {})));
      await writeFile(join(folder, "bad.json"), "{");
      expect((await loadCassette(join(folder, "good.json"))).scenario).toBe("sample");
      await expect(loadCassette(join(folder, "bad.json"))).rejects.toThrow(/^cassette: not JSON/);
      await expect(loadCassette(join(folder, "none.json"))).rejects.toMatchObject({ code: "ENOENT" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
