import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL("../../fixtures/media/", import.meta.url));
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== "README.md")
  .map((entry) => join(entry.parentPath, entry.name).slice(folder.length));

const documented = [
  ...readFileSync(join(folder, "README.md"), "utf8").matchAll(/^\| `(\S+)` \| (\d+) \| `([0-9a-f]{64})`/gm),
].map(([, path, bytes, sha256]) => ({ path, bytes: Number(bytes), sha256 }));

describe("sample media", () => {
  it("are exactly the files the README lists, with their sizes and SHA-256", () => {
    const actual = files.map((path) => {
      const bytes = readFileSync(join(folder, path));
      return { path, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    });
    const byPath = (a: { path?: string | undefined }, b: { path?: string | undefined }): number =>
      String(a.path) < String(b.path) ? -1 : 1;
    expect(actual.sort(byPath)).toEqual(documented.sort(byPath));
  });

  it("stay under 300 KB together", () => {
    const total = documented.reduce((sum, file) => sum + file.bytes, 0);
    expect(total).toBeGreaterThan(50_000);
    expect(total).toBeLessThan(300_000);
  });

  it("begin with the signatures of their formats", () => {
    expect(readFileSync(join(folder, "sample.mp4")).subarray(4, 8).toString("latin1")).toBe("ftyp");
    expect([...readFileSync(join(folder, "cover.jpg")).subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    for (const segment of files.filter((path) => path.endsWith(".ts"))) {
      const bytes = readFileSync(join(folder, segment));
      expect(bytes.length % 188).toBe(0);
      expect(bytes[0]).toBe(0x47);
    }
  });

  it("name every HLS segment by a path relative to the variant playlist", () => {
    const listed = readFileSync(join(folder, "hls/180p.m3u8"), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(listed.map((path) => `hls/${path}`).sort()).toEqual(files.filter((path) => path.endsWith(".ts")).sort());
    expect(readFileSync(join(folder, "hls/master.m3u8"), "utf8")).toContain("\n180p.m3u8\n");
  });
});
