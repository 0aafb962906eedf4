// Removes from a build the declarations that no entry point of package.json leads to: `node scripts/declarations.mjs dist`.
// Nobody can import them, and they were two thirds of all that is published (docs/decisions/0015).
import { readdir, readFile, rm } from "node:fs/promises";
import { join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** What one declaration file imports or refers to, as paths below the build. */
function importsOf(path, text) {
  const forms = /\bfrom\s+"(\.[^"]+)"|\bimport\(\s*"(\.[^"]+)"\s*\)|^import\s+"(\.[^"]+)"|<reference path="([^"]+)"/gm;
  return [...text.matchAll(forms)].map((match) => {
    const target = match.slice(1).find((specifier) => specifier !== undefined) ?? "";
    return posix.join(posix.dirname(path), target.replace(/(?:\.d)?\.[jt]s$/, ".d.ts"));
  });
}

/** The declarations that the entry points lead to, as paths below `build`. @throws when one of them is not there */
export async function reachableDeclarations(build, exports) {
  const reached = new Set();
  const queue = Object.values(exports).flatMap(({ types }) => (types === undefined ? [] : [types]));
  for (const entry of queue.splice(0)) queue.push(posix.relative("dist", posix.normalize(entry)));
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    queue.push(...importsOf(path, await readFile(join(build, path), "utf8")));
  }
  return reached;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [build] = process.argv.slice(2);
  if (build === undefined) throw new Error("usage: node scripts/declarations.mjs BUILD");
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, "../package.json"), "utf8"));
  const reached = await reachableDeclarations(build, manifest.exports);
  const made = (await readdir(build, { recursive: true })).map((name) => name.split(sep).join("/"));
  for (const path of made.filter((name) => name.endsWith(".d.ts") && !reached.has(name))) await rm(join(build, path));
}
