// npm run build:sea [-- FOLDER]: the command as one program for machines without Node (build/sea by default): this very Node
// with the command inside it, V8's code cache included, and the emulator's page. What it is made for is the system that
// makes it. Beside it are the licences of what is in it.
import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve, sep } from "node:path";
import { build } from "esbuild";
import { inject } from "postject";
import { licencesOf } from "./command.mjs";
import { freshBuild } from "./fresh-build.mjs";

const root = join(import.meta.dirname, "..");
const page = join(root, "dist/emulator/page/static");
const isWindows = process.platform === "win32";

/** What the sources read from the folder of their package is inside the program. */
const replacements = {
  "src/cli/main.ts": (text, { manifest }) => [
    [/readFileSync\(new URL\("[^"]+package\.json", import\.meta\.url\), "utf8"\)/, JSON.stringify(manifest)],
  ],
  // The code cache is part of the program.
  "src/cli/compile-cache.ts": () => [[/^[^]*$/, "export function keepCompiled() {}"]],
  "src/emulator/page/page.ts": () => [
    [/const files = new URL\([^)]+\);/, 'import { getRawAsset } from "node:sea";'],
    [/readFile\(new URL\(path, files\)\)\.catch\(\(\) => undefined\)/, "Promise.resolve(assetOf(path))"],
    [/$/, "function assetOf(path) { try { return Buffer.from(getRawAsset(path)); } catch { return undefined; } }\n"],
  ],
};

function inside(values) {
  const files = Object.keys(replacements).map((path) => path.slice(path.lastIndexOf("/") + 1).replace(".", "\\."));
  return {
    name: "inside",
    setup: ({ onLoad }) =>
      onLoad({ filter: new RegExp(`[\\\\/](?:${files.join("|")})$`) }, async ({ path }) => {
        const replace = replacements[relative(root, path).split(sep).join("/")];
        if (replace === undefined) return undefined;
        let contents = await readFile(path, "utf8");
        for (const [pattern, text] of replace(contents, values)) {
          if (!pattern.test(contents)) throw new Error(`${path} no longer has ${pattern}`);
          contents = contents.replace(pattern, () => text);
        }
        return { contents, loader: "ts" };
      }),
  };
}

async function assets() {
  const names = (await readdir(page, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [relative(page, path).split(sep).join("/"), path]));
}

function run(program, args) {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stderr}`);
}

await freshBuild();
const folder = resolve(process.argv[2] ?? join(root, "build/sea"));
const work = await mkdtemp(join(tmpdir(), "vodup-sea-"));
try {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const main = join(work, "vodup.cjs");
  const { metafile } = await build({
    entryPoints: [join(root, "src/cli/main.ts")],
    outfile: main,
    bundle: true,
    platform: "node",
    target: `node${process.versions.node}`,
    format: "cjs",
    conditions: ["vodup-source"],
    // The code cache knows no import().
    supported: { "dynamic-import": false },
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    plugins: [inside({ manifest: JSON.stringify({ version }) })],
  });
  const [config, blob] = [join(work, "sea.json"), join(work, "sea.blob")];
  const settings = {
    main,
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    assets: await assets(),
  };
  await writeFile(config, JSON.stringify(settings));
  run(process.execPath, ["--experimental-sea-config", config]);

  await mkdir(folder, { recursive: true });
  const program = join(folder, isWindows ? "vodup.exe" : "vodup");
  await copyFile(process.execPath, program);
  await chmod(program, 0o755);
  const isMac = process.platform === "darwin";
  // A changed program needs a signature of its own there.
  if (isMac) run("codesign", ["--remove-signature", program]);
  await inject(program, "NODE_SEA_BLOB", await readFile(blob), {
    sentinelFuse: "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2",
    machoSegmentName: isMac ? "NODE_SEA" : undefined,
  });
  if (isMac) run("codesign", ["--sign", "-", program]);
  const own = await readFile(join(root, "LICENSE"), "utf8");
  const others = await licencesOf(metafile, join(root, "src"));
  await writeFile(join(folder, "LICENSES.txt"), `vodup ${version}\n\n${own}\n${"-".repeat(80)}\n\n${others}`);
  process.stdout.write(`${program}\n`);
} finally {
  await rm(work, { recursive: true, force: true });
}
