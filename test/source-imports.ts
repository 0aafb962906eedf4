import { readdir, readFile } from "node:fs/promises";
import { join, posix, sep } from "node:path";

/** One import or re-export, as written in a source file. */
export interface ImportEdge {
  /** Path below the root, with forward slashes. */
  readonly from: string;
  /** Path below the root for a relative import, else the specifier as written: "undici", "node:crypto". */
  readonly to: string;
  /** Types only: nothing of it is left when the program runs. */
  readonly typeOnly: boolean;
  /** Loaded when the statement is reached, by `import()`, and not with the file. */
  readonly lazy: boolean;
}

export interface SourceFile {
  /** Path below the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly ImportEdge[];
}

/** TypeScript 7 has no parser to call; sources formatted by prettier need none to find an import. */
const staticImport = /^(?:import|export)\s+(type\s+)?(?:[\w$*][^"';]*?|\{[^}]*\})\s*from\s+"([^"]+)"/gm;
const bareImport = /^import\s+"([^"]+)"/gm;
const lazyImport = /(typeof\s+)?\bimport\(\s*"([^"]+)"\s*\)(\.[A-Z])?/g;

export async function readSources(root: string): Promise<SourceFile[]> {
  const names = await readdir(root, { recursive: true });
  // Ambient declarations load nothing.
  const own = names.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
  const paths = own.map((name) => name.split(sep).join("/"));
  return Promise.all(
    paths.sort().map(async (path) => {
      const text = await readFile(join(root, path), "utf8");
      return { path, text, imports: importsOf(path, text) };
    }),
  );
}

export function importsOf(path: string, text: string): ImportEdge[] {
  const code = withoutComments(text);
  const edge = (specifier: string, typeOnly: boolean, lazy: boolean): ImportEdge => ({
    from: path,
    to: specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier,
    typeOnly,
    lazy,
  });
  return [
    ...[...code.matchAll(staticImport)].map(([, type, specifier = ""]) => edge(specifier, type !== undefined, false)),
    ...[...code.matchAll(bareImport)].map(([, specifier = ""]) => edge(specifier, false, false)),
    // `import("x").Name` stands for a type; `await import("x")` for the module.
    ...[...code.matchAll(lazyImport)].map(([, typeOf, specifier = "", member]) =>
      edge(specifier, typeOf !== undefined || member !== undefined, true),
    ),
  ];
}

/** Examples in docstrings import too. */
function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/^\s*\/\/.*$/gm, "");
}

/** The first cycle of imports, as the paths it passes through; undefined when there is none. */
export function findCycle(edges: readonly ImportEdge[]): string[] | undefined {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    const seen = trail.indexOf(path);
    if (seen >= 0) return [...trail.slice(seen), path];
    if (finished.has(path)) return undefined;
    for (const target of next.get(path) ?? []) {
      const cycle = visit(target, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(path);
    return undefined;
  };
  for (const path of next.keys()) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** Everything that is loaded with `entry`, before anything is called: neither types nor lazy imports. */
export function loadedWith(entry: string, edges: readonly ImportEdge[]): Set<string> {
  const loaded = new Set<string>();
  const queue = [entry];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    for (const { from, to, typeOnly, lazy } of edges) if (from === path && !typeOnly && !lazy) queue.push(to);
  }
  return loaded;
}
