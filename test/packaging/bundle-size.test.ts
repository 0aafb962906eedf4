import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, inject, test } from "vitest";

const { project } = inject("packed");

/** What a bundler makes of one import, in bytes: a program that embeds it has no more of the package. */
const budgets = [
  { code: 'export { VodClient } from "vodup";', minified: 585_000, gzip: 198_000 },
  { code: 'export * from "vodup/signing";', minified: 11_000, gzip: 5_000 },
  { code: 'export { signTc3 } from "vodup/signing";', minified: 5_000, gzip: 2_500 },
  { code: 'export { parseEvent } from "vodup/events";', minified: 8_000, gzip: 3_500 },
  { code: 'export { createListener } from "vodup/events";', minified: 18_200, gzip: 7_000 },
];

/** Kilobytes of each when this was last written down: VODUP_BUNDLE_SIZES=write npm run test:packaging. */
const record = join(import.meta.dirname, "bundle-size.json");
type Parts = Readonly<Record<string, number>>;

interface Bundled {
  readonly minified: number;
  readonly gzip: number;
  /** Kilobytes by package, and of this one by room. */
  readonly parts: Parts;
}

async function bundle(code: string): Promise<Bundled> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: project },
    absWorkingDir: project,
    bundle: true,
    platform: "node",
    format: "esm",
    minify: true,
    write: false,
    metafile: true,
  });
  const [file] = outputFiles;
  const parts: Record<string, number> = {};
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const [, name = path] = /node_modules\/(?:vodup\/dist\/(?:joined\/)?)?((?:@[^/]+\/)?[^/.]+)/.exec(path) ?? [];
      if (bytesInOutput > 0) parts[name] = Math.round((parts[name] ?? 0) * 1_000 + bytesInOutput) / 1_000;
    }
  }
  const contents = file?.contents ?? new Uint8Array();
  return { minified: contents.length, gzip: gzipSync(contents, { level: 9 }).length, parts };
}

/** What is larger than it was, or new. */
function growth(parts: Parts, before: Parts): string {
  const grown = Object.entries(parts).flatMap(([name, kilobytes]) => {
    const was = before[name] ?? 0;
    return kilobytes - was < 0.05 ? [] : [`${name} ${was.toFixed(1)} → ${kilobytes.toFixed(1)} kB`];
  });
  return grown.length === 0 ? "nothing of it grew" : `grew: ${grown.join(", ")}`;
}

describe("a bundle of", () => {
  test.each(budgets)("$code stays within its budget", async ({ code, minified, gzip }) => {
    const recorded = JSON.parse(await readFile(record, "utf8")) as Record<string, Parts>;
    const made = await bundle(code);
    const told = growth(made.parts, recorded[code] ?? {});
    expect(made.minified, told).toBeLessThanOrEqual(minified);
    expect(made.gzip, told).toBeLessThanOrEqual(gzip);
    expect(made.minified).toBeGreaterThan(1_000);
  });

  const writeDown = async (): Promise<void> => {
    const sizes: Record<string, Parts> = {};
    for (const { code } of budgets) sizes[code] = (await bundle(code)).parts;
    await writeFile(record, `${JSON.stringify(sizes, undefined, 2)}\n`);
  };
  if (process.env["VODUP_BUNDLE_SIZES"] === "write") test("each is written down", writeDown);
});
