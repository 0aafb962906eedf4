// Joins the library's modules that are always read together: `node scripts/join.mjs dist`, after the command was made of them
// (scripts/command.mjs). What an import costs is the number of files (docs/decisions/0043-joined-modules.md). Of a build remain
//   index.js, cos/index.js …  the entry points of package.json
//   joined/…                  modules that the same entry points import; above each its path in dist
//   all other paths           what is read when it is needed, and the emulator
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { rolldown } from "rolldown";

const posix = (path) => path.split(sep).join("/");

const isOfEmulator = (path) => path.startsWith("emulator/");

/** For the 6 MB of an install; everything else that a user's stack traces lead to stays readable. */
async function printTight(code) {
  const { code: tight } = await transform(code, {
    target: "node20.19",
    format: "esm",
    minifyWhitespace: true,
    minifyIdentifiers: true,
    keepNames: true,
  });
  return tight;
}

/** What `import()` reads for every upload, and for every one in parts. */
const atUpload = ["upload/upload.js", "xml/cos-documents.js"];

/** Which modules of a build import which, by path below it. @returns esbuild's `inputs` */
async function importsOf(dist, entries) {
  const { metafile } = await build({
    absWorkingDir: dist,
    entryPoints: entries,
    outdir: "unused",
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    write: false,
    metafile: true,
    logLevel: "warning",
  });
  // What was copied from elsewhere is a file of its own already.
  return Object.fromEntries(Object.entries(metafile.inputs).filter(([path]) => !path.startsWith("vendor/")));
}

/** A module and all that is imported with it. */
function importedWith(graph, path, seen = new Set()) {
  if (graph[path] === undefined || seen.has(path)) return seen;
  seen.add(path);
  for (const each of graph[path].imports) if (each.kind === "import-statement") importedWith(graph, each.path, seen);
  return seen;
}

/**
 * The file that each module becomes a part of, without its ending. Modules go together if exactly the same entry points
 * import them: so nothing is read that nobody needs, and no two files import each other.
 */
function placesOf(graph, entries) {
  const starts = [...entries, ...atUpload].map((entry) => importedWith(graph, entry));
  const together = new Map();
  for (const path of Object.keys(graph)) {
    const key = starts.map((reached) => Number(reached.has(path))).join("");
    together.set(key, [...(together.get(key) ?? []), path]);
  }
  const places = new Map();
  for (const [key, paths] of together) {
    const [largest] = paths.toSorted((a, b) => graph[b].bytes - graph[a].bytes);
    const alone = paths.length === 1 || !key.includes("1") || paths.some(isOfEmulator);
    const name = `joined/${largest.replace(/\.js$/, "").replaceAll("/", "-")}`;
    for (const path of paths) places.set(path, alone ? path.replace(/\.js$/, "") : name);
  }
  return places;
}

/** @param dist the build, absolute */
async function joinModules(dist, entries) {
  const graph = await importsOf(dist, entries);
  const targets = Object.values(graph).flatMap(({ imports }) =>
    imports.filter(({ kind }) => kind === "dynamic-import"),
  );
  const ownFiles = new Set([...entries, ...targets.map(({ path }) => path)].filter((path) => path in graph));
  const places = placesOf(graph, entries);
  const idOf = (path) => posix(relative(dist, path));
  const bundle = await rolldown({
    input: Object.fromEntries([...ownFiles].map((path) => [path.replace(/\.js$/, ""), join(dist, path)])),
    cwd: join(dist, ".."),
    external: (id) => !/^[./]/.test(id),
    platform: "neutral",
    preserveEntrySignatures: "allow-extension",
    treeshake: false,
  });
  const { output } = await bundle.generate({
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    minifyInternalExports: false,
    comments: false,
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        { debugName: "joined", name: (path) => (ownFiles.has(idOf(path)) ? null : (places.get(idOf(path)) ?? null)) },
      ],
    },
  });
  await bundle.close();
  for (const path of Object.keys(graph)) await rm(join(dist, path));
  for (const { fileName, code } of output) {
    await mkdir(dirname(join(dist, fileName)), { recursive: true });
    await writeFile(join(dist, fileName), isOfEmulator(fileName) ? await printTight(code) : code);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === undefined) throw new Error("usage: node scripts/join.mjs BUILD");
  const dist = resolve(process.argv[2]);
  const { exports } = JSON.parse(await readFile(join(dist, "../package.json"), "utf8"));
  const entries = Object.values(exports).flatMap((target) => target.default?.replace("./dist/", "") ?? []);
  await joinModules(dist, entries);
}
