import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { playUpload } from "../support/play-upload.ts";

const folder = fileURLToPath(new URL("../../fixtures/cassettes/upload/", import.meta.url));
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ""));

describe("the contract suite against the cassettes", () => {
  test("there are some", () => {
    expect(names.length).toBeGreaterThanOrEqual(5);
  });

  test.each(names)("%s is uploaded exactly as recorded, nothing unmatched and nothing left over", async (name) => {
    const { outcome, expected, report } = await playUpload(name);
    expect(report).toEqual({ unmatched: [], leftover: [], mismatches: [] });
    expect(outcome).toMatchObject(expected);
  });

  test("lockdown: what is sent otherwise, or not at all, is reported", async () => {
    const otherParts = await playUpload("three-parts", { partSize: 2 ** 20 + 1 });
    expect(otherParts.report.mismatches).not.toEqual([]);
    const otherName = await playUpload("simple-put", { mediaName: "other" });
    expect(otherName.report.mismatches.map(({ field }) => field)).toContain("body/MediaName");
    const otherAction = await playUpload("simple-put", { mediaType: "" });
    expect(otherAction.report.leftover).toHaveLength(3);
    const noPart = await playUpload("simple-put", {
      partSize: 2 ** 20,
      body: { gen: "repeat", text: "x", length: 2 ** 21 },
    });
    expect(noPart.report.unmatched).not.toEqual([]);
  });
});
