import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { actionTraits } from "../../src/vod-api/actions.ts";
import { schemaErrors } from "../support/schema-errors.ts";
import { SpecChecker, fieldsOf, loadVodSpec, type SpecField, type VodSpec } from "../support/spec-check.ts";
import { agreement, assignment, compileTypeChecks, type TypeCheck } from "./support/type-agreement.ts";
import { typeDocs } from "./support/type-docs.ts";
import { loadVodSamples, readVodFixture } from "./support/vod-samples.ts";

const spec = loadVodSpec();
const samples = loadVodSamples(spec);
const actions = Object.keys(spec.actions);

/** Every named list of fields with the TypeScript type that must agree with it. */
const types: readonly { readonly name: string; readonly type: string; readonly fields: readonly SpecField[] }[] = [
  ...actions.flatMap((action) =>
    (["request", "response"] as const).map((part) => ({
      name: `${action} ${part}`,
      type: `W.VodActions["${action}"]["${part}"]`,
      fields: spec.actions[action]?.[part] ?? [],
    })),
  ),
  ...Object.entries(spec.objects).map(([name, fields]) => ({ name, type: `W.${name}`, fields })),
];

/** The ways in which a field can be got wrong. */
const mistakes: Readonly<Record<string, (field: SpecField) => SpecField | undefined>> = {
  missing: () => undefined,
  misspelt: (field) => ({ ...field, name: `${field.name}s` }),
  "of the wrong presence": (field) => ({ ...field, required: !field.required }),
  "of the wrong nullability": (field) => ({ ...field, nullable: !field.nullable }),
  "a list or not, wrongly": ({ list, ...field }) => (list === true ? field : { ...field, list: true }),
  "of the wrong type": ({ values: _values, ...field }) => ({
    ...field,
    type: field.type === "bool" ? "string" : "bool",
  }),
};

describe("the spec", () => {
  test("fits its schema", () => {
    expect(schemaErrors("vod-actions", spec)).toEqual([]);
  });

  test("defines every type it names, and names every type it defines", () => {
    const scalars = ["string", "datetime_iso", "int64", "uint64", "float", "bool"];
    const named = new Set(types.flatMap(({ fields }) => fields.map((field) => field.type)));
    const defined = [...Object.keys(spec.objects), ...Object.keys(spec.open)];
    expect([...named].filter((name) => !scalars.includes(name)).sort()).toEqual(defined.sort());
  });

  test("names no field twice", () => {
    for (const { name, fields } of types) {
      expect(new Set(fields.map((field) => field.name)).size, name).toBe(fields.length);
    }
  });
});

describe("the types", () => {
  test("agree with the spec, and would not if any field were wrong; documented samples are of them", async () => {
    const correct: TypeCheck[] = [
      ...types.map(({ name, type, fields }) => agreement(name, type, fields, spec)),
      ...samples.flatMap(({ name, action, params, response }) => [
        assignment(`${name} request`, `W.VodActions["${action}"]["request"]`, params),
        assignment(`${name} response`, `W.VodActions["${action}"]["response"] & { RequestId: string }`, response),
      ]),
    ];
    const wrong = types.flatMap(({ name, type, fields }) =>
      fields.flatMap((field) =>
        Object.entries(mistakes).map(([mistake, make]) => {
          const changed = make(field);
          const others = fields.filter((other) => other !== field);
          const label = `${name}: ${field.name} ${mistake}`;
          const check = agreement(label, type, changed === undefined ? others : [...others, changed], spec);
          return { ...check, names: mistake === "misspelt" ? [field.name, `${field.name}s`] : [field.name] };
        }),
      ),
    );
    const misspeltSample = assignment("sample", `W.VodActions["ApplyUpload"]["request"]`, {
      MediaType: "a",
      Mediatype: "b",
    });

    const refusals = await compileTypeChecks([...correct, ...wrong, misspeltSample]);

    const said = new Map(refusals.map(({ label, says }) => [label, says]));
    expect(refusals.filter(({ label }) => correct.some((check) => check.label === label))).toEqual([]);
    expect(wrong.filter(({ label, names }) => !sameNames(said.get(label), names)).map(({ label }) => label)).toEqual(
      [],
    );
    expect(said.get("sample")).toMatch(/Mediatype.* does not exist/);
  }, 120_000);

  test("are all exported from the entry point", () => {
    const index = readFileSync(new URL("../../src/vod-api/index.ts", import.meta.url), "utf8");
    const files = readdirSync(new URL("../../src/vod-api/", import.meta.url)).filter((file) =>
      file.startsWith("types-"),
    );
    for (const file of files) expect(index).toContain(`export type * from "./${file}";`);
  });
});

describe("what is written at the types", () => {
  const docs = typeDocs();
  const named = types.flatMap(({ name, fields }) => {
    const type = name.replace(/ (r)(?=equest$|esponse$)/, () => "R");
    return fields.map((field) => ({ at: `${type}.${field.name}`, field }));
  });

  test("marks as deprecated what the spec does, and nothing else", () => {
    const marked = [...docs].filter(([, text]) => text.includes("@deprecated")).map(([at]) => at);
    const ofSpec = named.filter(({ field }) => field.deprecated === true).map(({ at }) => at);
    expect(ofSpec.length).toBeGreaterThan(6);
    expect(marked.sort()).toEqual([...new Set(ofSpec)].sort());
  });

  test("names what the international API lacks, and nothing else", () => {
    const marked = [...docs].filter(([, text]) => text.includes("Not in the international API")).map(([at]) => at);
    const lacking = spec.international.lacks.map((name) => (name.includes(".") ? name : `${name}Request`));
    expect(marked.sort()).toEqual([...lacking].sort());
  });

  test.each(["EventContent.EventType", "DescribeTaskDetailResponse.TaskType", "MediaDeleteItem.Type"])(
    "lists the values known of %s",
    (at) => {
      const known = named.find((each) => each.at === at)?.field.known ?? [];
      expect(known.length).toBeGreaterThan(5);
      expect(known.filter((value) => docs.get(at)?.includes(`\`${value}\``) !== true)).toEqual([]);
    },
  );
});

describe("the action table", () => {
  test("has the actions of the spec and knows which take a SubAppId", () => {
    const ofSpec = actions.map((action) => [
      action,
      fieldsOf(spec, `${action}Request`).some((f) => f.name === "SubAppId"),
    ]);
    const ofTable = Object.entries(actionTraits).map(([action, traits]) => [action, traits.subAppId]);
    expect(Object.fromEntries(ofTable)).toEqual(Object.fromEntries(ofSpec));
  });

  test("never repeats what starts a task or makes a media, an application or a template", () => {
    const once = Object.entries(actionTraits).flatMap(([action, traits]) => (traits.idempotent ? [] : [action]));
    expect(once.sort()).toEqual([
      "CommitUpload",
      "CreateProcedureTemplate",
      "CreateStorageRegion",
      "CreateSubAppId",
      "DescribeFileAttributes",
      "ModifyMediaInfo",
      "ProcessMediaByProcedure",
      "PullUpload",
    ]);
    const makesATask = actions.filter((action) => {
      const fields = fieldsOf(spec, `${action}Response`);
      return fields.some((field) => field.name === "TaskId");
    });
    expect(makesATask.filter((action) => !once.includes(action))).toEqual([]);
  });
});

describe("documented samples", () => {
  const checker = new SpecChecker(spec);

  test("are there for all actions but two", () => {
    const without = actions.filter((action) => !samples.some((sample) => sample.action === action));
    expect(without).toEqual(["ModifyMediaInfo", "DescribeFileAttributes"]);
  });

  test.each(samples)("$name: request and response fit the spec", ({ action, params, response }) => {
    expect(checker.request(action, params)).toEqual([]);
    expect(checker.response(action, response)).toEqual([]);
  });

  test("of events fit the spec, but for handles that callbacks lack and two names of 2019", () => {
    const problems = eventSamples.flatMap((file) =>
      eventsIn(readVodFixture(file)).flatMap((event) =>
        checker.object("EventContent", event).map((problem) => `${file}${problem}`),
      ),
    );
    expect(problems).toEqual([
      "event-v3-2019-NewFileUpload-normal-with-nulls.json/EditMediaComplete: unknown",
      "event-v3-2019-NewFileUpload-normal-with-nulls.json/WechatPublishComplete: unknown",
      "event-v3-2019-NewFileUpload-normal-with-nulls.json/EventHandle: missing",
      "event-v3-2019-NewFileUpload-reliable-with-nulls.json/EditMediaComplete: unknown",
      "event-v3-2019-NewFileUpload-reliable-with-nulls.json/WechatPublishComplete: unknown",
      "event-v3-NewFileUpload-normal.json/EventHandle: missing",
      "event-v3-PullComplete-normal.json/EventHandle: missing",
    ]);
  });

  test.each(spec.amendments.filter(({ evidence }) => evidence.endsWith(".json")))(
    "$evidence contradicts the vendor's model of $object in $field",
    ({ object, field, evidence }) => {
      const unamended = new SpecChecker(
        withField(spec, object, field, (old) => ({ ...old, required: true, nullable: false })),
      );
      const body = readVodFixture(evidence);
      const action = /^api3-(\w+?)(?:-\d+)?\.response\.json$/.exec(evidence)?.[1];
      const problems =
        action === undefined
          ? eventsIn(body).flatMap((event) => unamended.object("EventContent", event))
          : unamended.response(action, (body as { Response: unknown }).Response);
      expect(problems.some((problem) => new RegExp(`/${field}: (missing|null)$`).test(problem))).toBe(true);
    },
  );
});

describe("the checker", () => {
  const checker = new SpecChecker(spec);

  test.each([
    { params: { MediaType: "mp4" }, problems: [] },
    { params: { MediaType: "mp4", SubAppId: 1500000001n, ClassId: -1 }, problems: [] },
    { params: {}, problems: ["/MediaType: missing"] },
    { params: { MediaType: null }, problems: ["/MediaType: null"] },
    { params: { MediaType: "mp4", mediaName: "a" }, problems: ["/mediaName: unknown"] },
    { params: { MediaType: "mp4", SubAppId: "1500000001" }, problems: ["/SubAppId: not a uint64"] },
    { params: { MediaType: "mp4", SubAppId: -1 }, problems: ["/SubAppId: not a uint64"] },
    { params: { MediaType: "mp4", ClassId: 1.5 }, problems: ["/ClassId: not an int64"] },
    { params: { MediaType: "mp4", ExpireTime: "tomorrow" }, problems: ["/ExpireTime: not a datetime_iso"] },
    { params: [], problems: [": not an object"] },
  ])("reports $problems in an ApplyUpload", ({ params, problems }) => {
    expect(checker.request("ApplyUpload", params)).toEqual(problems);
  });

  test.each([
    { action: "DescribeMediaInfos", params: { FileIds: "1" }, problems: ["/FileIds: not a list"] },
    { action: "DescribeMediaInfos", params: { FileIds: ["1", 2] }, problems: ["/FileIds/1: not a string"] },
    { action: "ModifyEventConfig", params: { Mode: "push" }, problems: ["/Mode: not a known value"] },
    { action: "DescribeTasks", params: { CreateTime: { after: "x" } }, problems: ["/CreateTime/after: unknown"] },
    {
      action: "CreateProcedureTemplate",
      params: { Name: "a", AiAnalysisTask: 10 },
      problems: ["/AiAnalysisTask: not an AiAnalysisTaskInput"],
    },
  ])("reports $problems in a $action", ({ action, params, problems }) => {
    expect(checker.request(action, params)).toEqual(problems);
  });

  test("wants a RequestId in a response", () => {
    expect(checker.response("ConfirmEvents", {})).toEqual(["/RequestId: missing"]);
  });
});

const eventSamples = [
  "event-v3-2019-NewFileUpload-normal-with-nulls.json",
  "event-v3-2019-NewFileUpload-reliable-with-nulls.json",
  "event-v3-FileDeleted-reliable.json",
  "event-v3-NewFileUpload-normal.json",
  "event-v3-PullComplete-normal.json",
];

/** The events of a callback body or of an answer of PullEvents. */
function eventsIn(body: unknown): unknown[] {
  const answer = body as { Response?: { EventSet: unknown[] } };
  return answer.Response?.EventSet ?? [body];
}

function withField(from: VodSpec, object: string, name: string, change: (field: SpecField) => SpecField): VodSpec {
  const changed = fieldsOf(from, object).map((field) => (field.name === name ? change(field) : field));
  return { ...from, objects: { ...from.objects, [object]: changed } };
}

function sameNames(says: string | undefined, names: readonly string[]): boolean {
  return says !== undefined && says.split(" | ").sort().join() === [...names].sort().join();
}
