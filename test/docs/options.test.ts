import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultLimits } from "../../src/http/limits.ts";
import { retryPolicy } from "../../src/http/retry.ts";
import { readPage, root } from "../support/markdown.ts";

/** The two tables of docs/options.md are those of the program. */
const { text } = await readPage("docs/options.md");

/** Rows of the n-th table that begins with "option": the names in the first cell, and the default. */
function table(n: number): { names: string[]; preset: string }[] {
  const body = text.split("\n| option |")[n + 1]?.split("\n\n")[0] ?? "";
  return body
    .split("\n")
    .slice(2)
    .map((line) => {
      const cells = line.split("|").map((cell) => cell.trim());
      return {
        names: [...(cells[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
        preset: cells[3] ?? "",
      };
    });
}

/** Fields of an interface as its source declares them. */
async function fields(path: string, name: string): Promise<string[]> {
  const source = await readFile(join(root, path), "utf8");
  const body = new RegExp(`export interface ${name} [^{]*\\{\\n(.*?)\\n\\}`, "s").exec(source)?.[1] ?? "";
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = ""]) => field);
}

describe("options of the client", () => {
  const rows = table(0);

  test("are all in the table, and nothing else is", async () => {
    const declared = await Promise.all([
      fields("src/http/wire.ts", "WireOptions"),
      fields("src/vod-api/client.ts", "VodApiOptions"),
      fields("src/client.ts", "VodClientOptions"),
    ]);
    const named = rows.flatMap(({ names }) => (names[0]?.includes(".") ? [names[0].split(".")[0]] : names));
    expect(named.length).toBeGreaterThan(12);
    expect(new Set(named)).toEqual(new Set(declared.flat()));
  });

  test.each([
    ["limits", defaultLimits],
    ["retry", retryPolicy()],
  ])("the defaults of %s are the program's", (group, presets) => {
    const told = rows
      .filter(({ names }) => names[0]?.startsWith(`${group}.`))
      .flatMap(({ names, preset }) => {
        const values = preset.split(",").map(Number);
        return names.map((name, index) => [name.replace(`${group}.`, ""), values[index]] as const);
      });
    expect(Object.fromEntries(told)).toEqual(presets);
  });
});

test("options of an upload are all in the table, and nothing else is", async () => {
  const named = table(1).flatMap(({ names }) => names);
  expect(named.length).toBeGreaterThan(20);
  expect([...named].sort()).toEqual((await fields("src/upload/options.ts", "UploadOptions")).sort());
});

/** What an editor shows of a field when the mouse is over it. */
test.each([
  ["src/upload/options.ts", "UploadOptions"],
  ["src/upload/progress.ts", "ProgressEvent"],
  ["src/upload/warning.ts", "Warning"],
  ["src/upload/state/result.ts", "UploadResult"],
  ["src/upload/session/commit.ts", "CommitResult"],
  ["src/upload/state/summary.ts", "CheckpointSummary"],
  ["src/http/wire.ts", "WireOptions"],
  ["src/http/retry.ts", "RetryPolicy"],
  ["src/http/retry.ts", "RetryEvent"],
  ["src/http/limits.ts", "IdleLimits"],
  ["src/http/peer.ts", "Outage"],
  ["src/http/diagnostics.ts", "UploadMessage"],
  ["src/http/diagnostics.ts", "RequestMessage"],
  ["src/http/diagnostics.ts", "RetryMessage"],
  ["src/client.ts", "VodClientOptions"],
  ["src/vod-api/client.ts", "VodApiOptions"],
  ["src/vod-api/client.ts", "CallOptions"],
  ["src/cos/options.ts", "CosOptions"],
  ["src/cos/request.ts", "CosCallOptions"],
  ["src/tasks/task-state.ts", "TaskState"],
  ["src/tasks/pull-upload.ts", "PullOptions"],
  ["src/tasks/pull-upload.ts", "PullResult"],
  ["src/tasks/process-by-procedure.ts", "ProcessOptions"],
  ["src/tasks/process-by-procedure.ts", "ProcessResult"],
  ["src/events/parse.ts", "VodEvent"],
  ["src/events/pull.ts", "PulledEvent"],
  ["src/events/pull.ts", "PullEventsOptions"],
  ["src/batch/upload-batch.ts", "BatchOptions"],
  ["src/batch/upload-batch.ts", "BatchSummary"],
  ["src/batch/tally.ts", "BatchProgress"],
  ["src/emulator/options.ts", "EmulatorOptions"],
  ["src/emulator/options.ts", "TaskOptions"],
])("%s: every field of %s says what it is, and nothing says it twice", async (path, name) => {
  const source = await readFile(join(root, path), "utf8");
  const body = new RegExp(`export interface ${name} [^{]*\\{\\n(.*?)\\n\\}`, "s").exec(source)?.[1] ?? "";
  expect(body).toMatch(/^ {2}readonly \w+/m);
  const lines = body.split("\n");
  const bare = lines.filter((line, index) => /^ {2}readonly /.test(line) && !lines[index - 1]?.endsWith("*/"));
  expect(bare).toEqual([]);
  expect(body).not.toMatch(/\*\/\n +\/\*\*/);
});
