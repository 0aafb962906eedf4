import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { requestFields } from "../../src/cli/api/request-fields.ts";
import { openBench, type Bench } from "./support/bench.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

const sent = (operation: string): unknown =>
  bench.emulator.requests().findLast((request) => request.operation === operation)?.json;

async function uploaded(name: string): Promise<string> {
  const path = await bench.file(name, "film");
  return (await bench.run(["upload", path])).stdout.trim();
}

describe("call", () => {
  test("sends what it is given, from an argument, a file or standard input, with the application", async () => {
    const fileId = await uploaded("a.mp4");
    const params = JSON.stringify({ FileIds: [fileId] });
    const path = await bench.file("params.json", params);
    const calls = [
      bench.run(["call", "DescribeMediaInfos", params]),
      bench.run(["call", "DescribeMediaInfos", "-"], { input: params }),
      bench.run(["call", "DescribeMediaInfos", `@${path}`]),
    ];
    for (const { code, stdout, stderr } of await Promise.all(calls)) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({ MediaInfoSet: [{ FileId: fileId }], RequestId: expect.any(String) });
    }
    await bench.run(["call", "DescribeTasks", "--sub-app-id", "1500000001"]);
    expect(sent("DescribeTasks")).toEqual({ SubAppId: 1500000001 });
  });

  test("an action that nobody knows is the service's to judge", async () => {
    const { code, stderr } = await bench.run(["call", "DoSomethingNew", "{}"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/InvalidAction.*DoSomethingNew|DoSomethingNew.*InvalidAction/s);
  });

  test.each([
    [["call", "describeTasks"], /must be the name of an API action/],
    [["call", "DescribeTasks", "{hunter2"], /are not JSON/],
    [["call", "DescribeTasks", "[1]"], /must be one JSON object/],
    [["call", "DescribeTasks", '{"SubAppId":9007199254740993}'], /beyond 2\^53/],
    [["call", "DescribeTasks", "@gone.json"], /cannot read gone\.json \(ENOENT\)/],
  ])("%j is wrong usage, and nothing is sent", async (args, says) => {
    const { code, stdout, stderr } = await bench.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain("hunter2");
    expect(bench.emulator.requests()).toEqual([]);
  });

  test("--help behind an action lists its fields", async () => {
    const { code, stdout } = await bench.run(["call", "PullUpload", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: vodup call PullUpload/);
    expect(stdout).toMatch(/MediaUrl +required, text/);
    expect(stdout).toMatch(/TasksPriority +integer/);
    expect((await bench.run(["call", "--help"])).stdout).toContain("PullUpload");
    // What the international API lacks is said of the action, and of a field.
    const state = await bench.run(["call", "DescribeEventsState", "--help"]);
    expect(state.stdout).toContain("The international API does not have this action: only the China site does");
    const refused = await bench.run(["call", "DescribeEventsState"], { env: { VODUP_VOD_ENDPOINT: undefined } });
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(/^vodup: action: cannot be DescribeEventsState at vod\.intl\.tencentcloudapi\.com/);
    const modify = await bench.run(["call", "ModifyMediaInfo", "--help"]);
    expect(modify.stdout).toMatch(/DeleteKnowledgeBases +list: text \(China site only\)/);
  });

  test("knows the fields of the actions as the spec has them", async () => {
    const path = join(import.meta.dirname, "../../fixtures/spec/vod-actions.json");
    const { actions } = JSON.parse(await readFile(path, "utf8")) as {
      actions: Record<string, { request: { name: string; type: string; required: boolean; list?: boolean }[] }>;
    };
    const written = ({ name, type, required, list }: (typeof actions)[string]["request"][number]): string =>
      `${name}${required ? "*" : ""} ${type}${list === true ? "[]" : ""}`;
    expect(Object.keys(requestFields)).toHaveLength(22);
    for (const [action, { request }] of Object.entries(actions)) {
      expect(requestFields[action]?.split(", ").sort(), action).toEqual(request.map(written).sort());
    }
  });
});

describe("media", () => {
  test("shows media, for people and for programs", async () => {
    const fileId = await uploaded("a.mp4");
    const shown = await bench.run(["media", fileId]);
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toMatch(new RegExp(`^${fileId}\n  name +a\n  type +mp4\n`));
    const { stdout } = await bench.run(["media", fileId, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ type: "media", fileId, media: { BasicInfo: { Name: "a" } } });
  });

  test("says which are not there, and goes on with the others", async () => {
    const fileId = await uploaded("a.mp4");
    const { code, stdout, stderr } = await bench.run(["media", "5285485487985271487", fileId, "--json"]);
    expect(code).toBe(7);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toMatchObject([
      { type: "error", code: "NOT_FOUND" },
      { type: "media", fileId },
    ]);
    expect(stderr).toContain("5285485487985271487: the application has no such media");
  });

  test("--delete deletes", async () => {
    const fileId = await uploaded("a.mp4");
    expect(await bench.run(["media", fileId, "--delete"])).toEqual({ code: 0, stdout: `${fileId}\n`, stderr: "" });
    expect(await bench.run(["media", fileId])).toMatchObject({ code: 1, stdout: "" });
  });
});

test("sub-apps lists the applications, so that nobody has to write a program for it", async () => {
  await bench.run(["call", "CreateSubAppId", '{"Name":"films"}']);
  const { code, stdout } = await bench.run(["sub-apps"]);
  expect(code).toBe(0);
  const films = stdout.split("\n").find((line) => line.endsWith("\tfilms"));
  expect(films).toMatch(/^\d+\tOn\tfilms$/);
  const json = (await bench.run(["sub-apps", "--json"])).stdout.trim().split("\n");
  expect(json.map((line) => JSON.parse(line) as unknown)).toContainEqual(
    expect.objectContaining({ type: "sub-app", subAppId: Number(films?.split("\t")[0]), name: "films" }),
  );
});

test("events --type and --file-id choose, and leave the others in the queue", async () => {
  await bench.run(["events", "config", "--pull", "--upload-events", "on"]);
  const [, second] = [await uploaded("a.mp4"), await uploaded("b.mp4")];
  const chosen = await bench.run(["events", "--file-id", second, "--type", "NewFileUpload", "--max", "1", "--confirm"]);
  expect(chosen.code).toBe(0);
  expect(JSON.parse(chosen.stdout)).toMatchObject({ fileId: second });
  const none = await bench.run(["events", "--type", "FileDeleted", "--timeout", "0.5s"]);
  expect(none).toMatchObject({ code: 5, stdout: "" });
});

describe("what an answer leaves empty prints the same, said as an empty text, as null or not at all", () => {
  const commands: readonly (readonly [string, readonly string[], (nothing: unknown) => object])[] = [
    [
      "DescribeMediaInfos",
      ["media", "1"],
      (nothing) => {
        const basic = { Name: nothing, Type: "mp4", MediaUrl: nothing, CoverUrl: nothing, Status: nothing };
        return { MediaInfoSet: [{ FileId: "1", BasicInfo: basic, MetaData: { Size: 1, Duration: nothing } }] };
      },
    ],
    ["DescribeMediaInfos", ["media", "1"], (nothing) => ({ MediaInfoSet: nothing, NotExistFileIdSet: ["1"] })],
    [
      "DescribeMediaInfos",
      ["media", "1"],
      (nothing) => ({ MediaInfoSet: [{ FileId: "1", BasicInfo: nothing, MetaData: nothing }] }),
    ],
    [
      "DescribeSubAppIds",
      ["sub-apps"],
      (nothing) => ({ SubAppIdInfoSet: [{ SubAppId: 1, SubAppIdName: nothing, Name: "b", Status: nothing }] }),
    ],
    [
      "DescribeSubAppIds",
      ["sub-apps", "--json"],
      (nothing) => ({
        SubAppIdInfoSet: [
          { SubAppId: 1, SubAppIdName: nothing, Mode: nothing, CreateTime: nothing, StorageRegions: nothing },
        ],
        TotalCount: nothing,
      }),
    ],
    ["DescribeSubAppIds", ["sub-apps"], (nothing) => ({ SubAppIdInfoSet: nothing, TotalCount: 1 })],
    ["DescribeEventConfig", ["events", "config"], (nothing) => ({ Mode: "PULL", NotificationUrl: nothing })],
  ];

  test.each(commands)("%s, %j", async (operation, args, answer) => {
    const printed = [];
    for (const nothing of ["", null, undefined]) {
      const body = JSON.stringify({ Response: { ...answer(nothing), RequestId: "r" } });
      bench.emulator.setFaults([{ operation, fault: { kind: "answer", status: 200, body } }]);
      const { code, stdout, stderr } = await bench.run(args);
      printed.push({ code, stdout, stderr });
    }
    expect(printed[0]?.stderr).not.toContain("TypeError");
    expect(printed.slice(1)).toEqual([printed[0], printed[0]]);
  });
});
