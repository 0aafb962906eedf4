import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VodupError, eventFields, eventPayload, parseEvent } from "../../src/events/index.ts";
import { loadVodSpec } from "../support/spec-check.ts";
import { schemaErrors } from "../support/schema-errors.ts";

interface EventVector {
  readonly tcId: number;
  readonly name: string;
  readonly flags: readonly string[];
  readonly source: { readonly kind: string };
  readonly body?: unknown;
  readonly text?: string;
  readonly expected: { readonly event?: Readonly<Record<string, unknown>>; readonly error?: string };
}

interface EventVectors {
  readonly numberOfTests: number;
  readonly sources: object;
  readonly notes: object;
  readonly tests: readonly EventVector[];
}

const text = readFileSync(new URL("../../fixtures/vectors/event-parse.json", import.meta.url), "utf8");
const file = JSON.parse(text) as EventVectors;

/** What `parseEvent` makes of anything, as a vector has it. */
function outcome(body: unknown): { event?: object; error?: string } {
  try {
    const { raw, ...event } = parseEvent(body as string);
    expect(raw).toBeTypeOf("object");
    return { event };
  } catch (error) {
    expect(error).toBeInstanceOf(VodupError);
    return { error: (error as VodupError).code };
  }
}

describe("fixtures/vectors/event-parse.json", () => {
  test("follows its schema, in the one stable form", () => {
    expect(schemaErrors("event-parse", file)).toEqual([]);
    expect(text).toBe(`${JSON.stringify(file, null, 2)}\n`);
  });

  test("counts, numbers and names its tests, and explains the flags and sources they use", () => {
    expect(file.tests.map(({ tcId }) => tcId)).toEqual(Array.from({ length: file.numberOfTests }, (_, at) => at + 1));
    expect(new Set(file.tests.map(({ name }) => name)).size).toBe(file.numberOfTests);
    expect(Object.keys(file.notes).sort()).toEqual([...new Set(file.tests.flatMap(({ flags }) => flags))].sort());
    expect(Object.keys(file.sources).sort()).toEqual([...new Set(file.tests.map(({ source }) => source.kind))].sort());
  });

  test.each(file.tests.map((each) => [each.name, each] as const))("%s", (_, { body, text: given, expected }) => {
    expect(outcome(given ?? body)).toStrictEqual(expected);
    if (given === undefined && typeof body === "object") {
      // As text, too; and what came is kept as it was.
      expect(outcome(JSON.stringify(body))).toStrictEqual(expected);
      if (expected.event !== undefined) expect(parseEvent(body as object).raw).toBe(body);
    }
  });
});

test("every event member of the API model belongs to exactly one type", () => {
  const members = (loadVodSpec().objects["EventContent"] ?? [])
    .map(({ name }) => name)
    .filter((name) => name !== "EventHandle" && name !== "EventType");
  expect(Object.values(eventFields).toSorted()).toEqual(members.toSorted());
});

test("a type that nobody knows keeps its name and its members in raw", () => {
  const body = { EventType: "HologramComplete", HologramCompleteEvent: { FileId: "1" } };
  expect(parseEvent(body)).toStrictEqual({ type: "Other", format: "3.0", raw: body });
  expect(eventPayload(parseEvent(body))).toBeUndefined();
});

test("the payload is the member that goes with the type", () => {
  const payload = { FileIdSet: ["1"] };
  expect(eventPayload(parseEvent({ EventType: "FileDeleted", FileDeleteEvent: payload }))).toBe(payload);
  const data = { fileId: "1" };
  const pulled = { msgHandle: "h", eventContent: { eventType: "NewFileUpload", data } };
  expect(eventPayload(parseEvent(pulled))).toBe(data);
});

test("an error tells nothing of the text, which may be anybody's", () => {
  expect(() => parseEvent("<secret>")).toThrow(/^not a VOD event notification: it is not JSON$/);
});

const nameList =
  "EventType eventType EventHandle msgHandle eventContent data FileUploadEvent Output MediaBasicInfo SourceInfo " +
  "FileIdSet fileInfo FileId SourceType Status NewFileUpload PullCompleteEvent PullComplete FileDeleted " +
  "FileDeleteEvent __proto__ constructor";
const names = fc.constantFrom(...nameList.split(" "));
const hostile = fc.letrec((again) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom("NewFileUpload", "PullComplete", "FileDeleted", "", null, 0, true),
    fc.array(again("value"), { maxLength: 3 }),
    fc.dictionary(names, again("value"), { maxKeys: 6 }),
  ),
})).value;

test("any JSON is an event or EVENT_INVALID, and parsing is the same for text and object", () => {
  fc.assert(
    fc.property(fc.oneof(hostile, fc.jsonValue()), (value) => {
      const json = JSON.stringify(value);
      const parsed = JSON.parse(json) as unknown;
      // A JSON string is not the same thing as JSON text.
      if (typeof parsed === "string") return;
      const seen = outcome(parsed);
      expect(outcome(json)).toStrictEqual(seen);
      if (seen.error !== undefined) expect(seen.error).toBe("EVENT_INVALID");
    }),
    { numRuns: 2000 },
  );
});

test("any text is an event or EVENT_INVALID", () => {
  fc.assert(
    fc.property(fc.string(), (anything) => {
      expect([undefined, "EVENT_INVALID"]).toContain(outcome(anything).error);
    }),
  );
});
