// Makes the command of a build one file: `node scripts/command.mjs dist`. What costs a command its start is the number of
// files that are read, not compiling them (docs/decisions/0033-one-file-for-the-command.md). dist/cli then holds
//   main.js        what package.json's "bin" names: answers --version, and reads the next
//   vodup.js       the command line, the engine, undici's Agent and p-limit
//   LICENSES.txt   of what is not ours in it
// Files of a build that no entry point of package.json leads to any more are removed; scripts/join.mjs joins the others.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { minify } from "@swc/core";
import { build } from "esbuild";

const shared = {
  bundle: true,
  platform: "node",
  target: "node20.19",
  logLevel: "warning",
  legalComments: "none",
  metafile: true,
  // There is none in the file that is made; found by the build, and not by who runs it.
  logOverride: { "empty-import-meta": "error" },
};

/** What stays where it is: `undici/lib/web` and the parser without SIMD are for cases that a command meets seldom or never. */
const outside = /^(undici(\/index\.js)?|fast-xml-parser)$/;

/** @param dist the build, absolute */
function boundaries(dist) {
  const emulator = join(dist, "emulator") + sep;
  return {
    name: "boundaries",
    setup({ onResolve }) {
      onResolve({ filter: outside }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const target = resolve(resolveDir, path);
        if (target.startsWith(emulator)) return { path: `../${posix(relative(dist, target))}`, external: true };
        const inUndici = /[\\/]undici[\\/](lib[\\/](?:web[\\/].*|llhttp[\\/]llhttp-wasm\.js))$/.exec(target);
        return inUndici === null ? undefined : { path: `undici/${posix(inUndici[1])}`, external: true };
      });
    },
  };
}

/** Stack traces are read: names of functions, classes and members stay, and no function is put into another. */
const names = { keep_fnames: true, keep_classnames: true };
const shorter = {
  module: false,
  compress: { ...names, inline: 0, reduce_funcs: false },
  mangle: { ...names, keep_private_props: true, toplevel: false },
};

const posix = (path) => path.split(sep).join("/");

/** Which .js files of a build its entry points lead to, as paths below it. */
export async function reachableModules(dist, exports) {
  const entryPoints = Object.values(exports).flatMap(({ default: entry }) => entry ?? []);
  const { metafile } = await build({
    ...shared,
    entryPoints: entryPoints.map((entry) => join(dist, "..", entry)),
    outdir: join(dist, "unused"),
    format: "esm",
    external: ["undici", "fast-xml-parser", "p-limit"],
    write: false,
  });
  return new Set(Object.keys(metafile.inputs).map((path) => posix(relative(dist, resolve(path)))));
}

/** The licences of the packages that a bundle has something of. @param dist a folder whose files are ours */
export async function licencesOf({ inputs }, dist) {
  const others = Object.keys(inputs)
    .map((path) => resolve(path))
    .filter((path) => !path.startsWith(dist + sep));
  const folders = new Set(others.map((path) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path)[0]));
  const texts = [...folders].map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
    // Not every package publishes the text beside its name.
    const text = file === undefined ? `Licence: ${license}` : (await readFile(join(folder, file), "utf8")).trim();
    return `${name} ${version}\n\n${text}\n`;
  });
  return (await Promise.all(texts)).sort().join(`\n${"-".repeat(80)}\n\n`);
}

async function makeCommand(dist) {
  const folder = join(dist, "cli");
  const file = join(folder, "vodup.js");
  const command = await build({
    ...shared,
    entryPoints: [join(folder, "run.js")],
    outfile: file,
    format: "cjs",
    conditions: ["vodup-source"],
    plugins: [boundaries(dist)],
  });
  await writeFile(file, (await minify(await readFile(file, "utf8"), shorter)).code);
  await build({
    ...shared,
    entryPoints: [join(folder, "main.js")],
    outfile: join(folder, "main.js"),
    allowOverwrite: true,
    format: "cjs",
    // CommonJS has no import.meta; and an import() of CommonJS reads the whole file for the names of its exports first.
    banner: { js: 'const fileUrl = require("node:url").pathToFileURL(__filename).href;' },
    define: { "import.meta.url": "fileUrl" },
    supported: { "dynamic-import": false },
    plugins: [
      {
        name: "command",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\/run\.js$/ }, () => ({ path: "./vodup.js", external: true })),
      },
    ],
  });
  return licencesOf(command.metafile, dist);
}

async function removeUnreached(dist, reached) {
  const kept = /^(?:cli\/(?:main|vodup)\.js|emulator\/page\/static\/.*)$/;
  const made = (await readdir(dist, { recursive: true })).map(posix);
  const gone = made.filter((path) => path.endsWith(".js") && !reached.has(path) && !kept.test(path));
  for (const path of gone) await rm(join(dist, path));
  for (const library of await readdir(join(dist, "vendor"))) {
    if ([...reached].some((path) => path.startsWith(`vendor/${library}/`))) continue;
    await rm(join(dist, "vendor", library), { recursive: true });
  }
}

/** Everything that is published counts against the 6 MB of an install: libraries that are copied become one small file each. */
async function shrinkCopied(dist, reached) {
  const of = (pattern) => [...reached].filter((path) => pattern.test(path));
  for (const entry of of(/^vendor\/[^/]+\/index\.js$/)) {
    const folder = posix(relative(dist, join(dist, entry, "..")));
    const format = entry.includes("picomatch") ? "cjs" : "esm";
    const file = join(dist, entry);
    await build({ ...shared, entryPoints: [file], outfile: file, allowOverwrite: true, format, minify: true });
    const rest = of(new RegExp(`^${folder}/`)).filter((path) => path !== entry);
    for (const path of rest) await rm(join(dist, path));
    for (const each of await readdir(join(dist, folder), { withFileTypes: true })) {
      if (each.isDirectory()) await rm(join(dist, folder, each.name), { recursive: true });
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === undefined) throw new Error("usage: node scripts/command.mjs BUILD");
  const dist = resolve(process.argv[2]);
  const licences = await makeCommand(dist);
  const { exports } = JSON.parse(await readFile(join(dist, "../package.json"), "utf8"));
  const reached = await reachableModules(dist, exports);
  await removeUnreached(dist, reached);
  await shrinkCopied(dist, reached);
  await writeFile(join(dist, "cli/package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);
  await writeFile(join(dist, "cli/LICENSES.txt"), licences);
}
