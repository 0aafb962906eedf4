import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { root } from "./commands.ts";

const packed = inject("packed");
const unpackedBudget = 1_750_000;

async function expectedFiles(): Promise<string[]> {
  const lines = (await readFile(join(import.meta.dirname, "files.txt"), "utf8")).split("\n");
  const named = lines.filter((line) => line !== "" && !line.startsWith("#"));
  const sources = (await readdir(join(root, "src"), { recursive: true }))
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => `dist/${name.split(sep).join("/").replace(/\.ts$/, "")}`);
  return named
    .flatMap((line) => (line === "src/**/*.ts" ? sources.flatMap((stem) => [`${stem}.js`, `${stem}.d.ts`]) : [line]))
    .sort();
}

describe("the tarball", () => {
  test("holds exactly the files of files.txt", async () => {
    expect(packed.files.map(({ path }) => path).sort()).toEqual(await expectedFiles());
  });

  test(`takes at most ${unpackedBudget} bytes unpacked`, () => {
    expect(packed.unpackedSize).toBeGreaterThan(100_000);
    expect(packed.unpackedSize).toBeLessThanOrEqual(unpackedBudget);
  });

  test("names no file of this machine and holds no secret-looking text", async () => {
    const installed = join(packed.project, "node_modules/vodup");
    for (const { path } of packed.files) {
      const text = await readFile(join(installed, path), "utf8");
      expect(text, path).not.toContain(root);
      expect(text, path).not.toMatch(/AKID[0-9A-Za-z]{32}/);
    }
  });
});
