import { describe, expect, test } from "vitest";
import { stateDirectory, stateId } from "../../src/state/directory.ts";
import { summarize } from "../../src/cli/state/summary.ts";

const entry = (source: string, checkpoint: unknown) => ({ version: 1, source, flags: [], checkpoint }) as const;

describe("what is told of a state", () => {
  test.each([
    ["https://user:pass@host.example/a.mp4?sig=1#f", "https://host.example/a.mp4?…"],
    ["https://host.example/a.mp4", "https://host.example/a.mp4"],
    ["/a?b.mp4", "/a?b.mp4"],
  ])("shows %s as %s", (source, shown) => {
    expect(summarize("id", entry(source, {})).source).toBe(shown);
  });
});

test("the state directory follows XDG, which counts absolute paths only", () => {
  expect(stateDirectory({ XDG_STATE_HOME: "/var/state" })).toBe("/var/state/vodup");
  for (const env of [{}, { XDG_STATE_HOME: "" }, { XDG_STATE_HOME: "state" }]) {
    expect(stateDirectory(env)).toMatch(/^\/.*\/\.local\/state\/vodup$/);
  }
});

test("ids tell apart what differs in any place", () => {
  const identities = [["a", "b"], ["ab"], ["a", undefined, "b"], ["a", "b", undefined], ["b", "a"]];
  const ids = identities.map(stateId);
  expect(new Set(ids).size).toBe(identities.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
});
