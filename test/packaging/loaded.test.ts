import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { startEmulator } from "../../src/emulator/index.ts";
import { root, succeed } from "./commands.ts";

const { project } = inject("packed");

interface Loaded {
  /** Files of vodup's, below dist. */
  readonly own: readonly string[];
  /** Files of its dependencies, by package. */
  readonly others: Readonly<Record<string, number>>;
  /** Of all of them together. */
  readonly files: number;
  readonly kilobytes: number;
}

/** Runs a program of somebody else's project. V8's own coverage names every script that was loaded, whichever way. */
async function loadedBy(code: string): Promise<Loaded> {
  const folder = await mkdtemp(join(tmpdir(), "vodup-loaded-"));
  try {
    const program = join(project, "program.mjs");
    await writeFile(program, code);
    await succeed(process.execPath, [program], project, { NODE_V8_COVERAGE: folder });
    const reports = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
    const scripts = reports.flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result);
    const urls = [...new Set(scripts.map(({ url }) => url))].filter((url) => url.startsWith("file:"));
    const paths = urls.map((url) => fileURLToPath(url)).filter((path) => path !== program);
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    const below = paths.map((path) => relative(join(project, "node_modules"), path).split(sep).join("/"));
    const others: Record<string, number> = {};
    for (const path of below.filter((name) => !name.startsWith("vodup/"))) {
      const name = path.replace(/\/.*/, "");
      others[name] = (others[name] ?? 0) + 1;
    }
    const own = below.filter((name) => name.startsWith("vodup/dist/")).map((name) => name.slice("vodup/dist/".length));
    const kilobytes = Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1_000);
    return { own: own.sort(), others, files: paths.length, kilobytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function loadedByUpload(): Promise<Loaded> {
  const emulator = await startEmulator();
  const folder = await mkdtemp(join(tmpdir(), "vodup-loaded-"));
  try {
    const film = join(folder, "film.mp4");
    await writeFile(film, "");
    await truncate(film, 20 * 2 ** 20);
    const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
    const options = { credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint };
    return await loadedBy(`
      import { VodClient } from "vodup";
      const vod = new VodClient(${JSON.stringify(options)});
      const { transfer } = await vod.upload(${JSON.stringify(film)});
      await vod.close();
      if (transfer.parts !== 3) throw new Error("not in parts");
    `);
  } finally {
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

describe("what a program embeds", () => {
  let byImport: Loaded;
  let byUpload: Loaded;
  beforeAll(async () => {
    byImport = await loadedBy(`await import("vodup");`);
    byUpload = await loadedByUpload();
  });

  /** A file more is a decision: `npx vitest run --project packaging test/packaging/loaded.test.ts -u` writes it down. */
  test("the import and one upload of a file in parts load the files of loaded.txt", async () => {
    const more = byUpload.own.filter((file) => !byImport.own.includes(file));
    const text = ["By import:", ...byImport.own, "", "By one upload of a file in parts, besides:", ...more, ""].join(
      "\n",
    );
    await expect(text).toMatchFileSnapshot("loaded.txt");
  });

  test("the import loads no dependency, the upload those of package.json", () => {
    expect(byImport.others).toEqual({});
    expect(Object.keys(byUpload.others)).toEqual(expect.arrayContaining(["fast-xml-parser", "p-limit", "undici"]));
  });

  test("nothing is loaded of the emulator, the command line, or the readers of manifests", () => {
    const heavy = /^(?:emulator|conformance|cli|batch|doctor|replay)\/|^upload\/manifest\/(?:tree|read|m3u8|mpd)/;
    expect(byUpload.own.filter((file) => heavy.test(file))).toEqual([]);
  });

  /** The README takes the sentence over from docs/design.md. */
  test.each(["docs/design.md", "README.md"])("%s says how much it is, within 10 %%", async (page) => {
    const text = (await readFile(join(root, page), "utf8")).replace(/\s+/g, " ");
    const said = /loads (\d+) files \((\d+) kB\)[^.]*?, (\d+) files \((\d+) kB\)/.exec(text)?.slice(1).map(Number);
    if (page === "README.md" && said === undefined) return;
    const measured = [byImport.files, byImport.kilobytes, byUpload.files, byUpload.kilobytes];
    const isClose = measured.every((value, index) => Math.abs(value - (said?.[index] ?? 0)) <= value * 0.1);
    expect(isClose, `said ${said?.join(", ")}; measured ${measured.join(", ")}`).toBe(true);
  });
});
