// Puts into a build what is no source of TypeScript: `node scripts/vendor.mjs dist`. Commands need csv-parse for CSV,
// smol-toml for the config file and picomatch for globs; the emulator's page needs its files, a view library and a
// player. All go in as published, with their licences: the package is to have no more than three dependencies
// (docs/decisions/0013-csv-parse-in-dist.md, 0029-the-emulators-page.md).
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const [build] = process.argv.slice(2);
if (build === undefined) throw new Error("usage: node scripts/vendor.mjs BUILD");
const found = (name) => fileURLToPath(import.meta.resolve(name));
const tomlParts = ["index", "date", "error", "extract", "parse", "primitive", "stringify", "struct", "util"].map(
  (name) => `${name}.js`,
);

for (const [library, entry, licence, parts] of [
  ["csv-parse", found("csv-parse"), "../LICENSE", ["index.js", "api", "utils"]],
  ["smol-toml", found("smol-toml"), "../LICENSE", tomlParts],
  // CommonJS: its package.json says so to Node, below a package of modules.
  ["picomatch", found("picomatch"), "LICENSE", ["package.json", "index.js", "lib"]],
]) {
  const target = join(build, "vendor", library);
  await mkdir(target, { recursive: true });
  await cp(join(dirname(entry), licence), join(target, "LICENSE"));
  for (const part of parts) await cp(join(dirname(entry), part), join(target, part), { recursive: true });
}

const page = join(build, "emulator/page/static");
await cp(join(import.meta.dirname, "../src/emulator/page/static"), page, { recursive: true });
await mkdir(join(page, "vendor"), { recursive: true });
// A browser knows no packages: the one import between two of these files is named as the file it is.
for (const [source, file] of [
  [found("preact"), "preact.js"],
  [found("preact/hooks"), "preact-hooks.js"],
  [found("htm"), "htm.js"],
  // The player without subtitles, DRM and alternative audio, minified.
  [join(dirname(found("hls.js/package.json")), "dist/hls.light.min.mjs"), "hls.js"],
]) {
  const text = await readFile(source, "utf8");
  const own = text.replace('from"preact"', 'from"./preact.js"').replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
  // The player is four fifths of the page, and the package has a budget: it is kept as it is sent.
  if (file === "hls.js") await writeFile(join(page, "vendor/hls.js.gz"), gzipSync(own, { level: 9 }));
  else await writeFile(join(page, "vendor", file), own);
}
for (const name of ["preact", "htm", "hls.js"]) {
  // Of each the entry is dist/something.
  const licence = join(dirname(found(name)), "../LICENSE");
  await cp(licence, join(page, "vendor", `${name.replace(".js", "")}.LICENSE`));
}
