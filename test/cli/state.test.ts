import { describe, expect, test } from "vitest";
import { stateDirectory, stateId } from "../../src/cli/state/directory.ts";
import { summarize } from "../../src/cli/state/summary.ts";

const entry = (source: string, checkpoint: unknown) => ({ version: 1, source, flags: [], checkpoint }) as const;

describe("what is told of a state", () => {
  test("adds up media and cover", () => {
    const checkpoint = {
      state: "uploading",
      source: { size: 100 },
      cover: { size: 10 },
      fields: { MediaType: "mp4" },
      objects: { a: { parts: [{ size: 40 }, { size: 20 }] }, b: { parts: [], done: { size: 10 } } },
    };
    expect(summarize("id", entry("/film.mp4", checkpoint))).toMatchObject({ bytes: 110, sentBytes: 70 });
  });

  test("knows no total of a manifest's tree", () => {
    const checkpoint = { source: { size: 100 }, fields: { MediaType: "m3u8" }, objects: {} };
    expect(summarize("id", entry("/film.m3u8", checkpoint)).bytes).toBeUndefined();
  });

  test.each([undefined, null, 7, "x", [], { state: 1, objects: { a: null, b: { parts: 3 } }, savedAt: {} }])(
    "survives %j as a checkpoint",
    (checkpoint) => {
      expect(summarize("id", entry("/film.mp4", checkpoint))).toMatchObject({ state: "unreadable", sentBytes: 0 });
    },
  );

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
