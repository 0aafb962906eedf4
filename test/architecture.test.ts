import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { findCycle, importsOf, loadedWith, readSources, type ImportEdge } from "./source-imports.ts";
import { parametersOf } from "./source-parameters.ts";

/**
 * The house of docs/design.md, kept: which room may import which, types included. A room is a folder of src, or a file
 * that lies directly in src.
 */
const leaves = ["errors", "json", "reason-of", "signing", "unknown-options", "xml"];
const floors = {
  "error-codes": [],
  errors: ["error-codes"],
  json: [],
  "reason-of": [],
  suggest: [],
  misspelt: [],
  "unknown-options": ["errors", "misspelt", "suggest"],
  "rate-window": [],
  signing: ["misspelt"],
  xml: ["json"],
  http: ["signing", "errors", "reason-of", "unknown-options"],
  home: [],
  credentials: ["http", "errors", "home", "json", "misspelt", "reason-of", "unknown-options"],
  "vod-api": ["http", "credentials", "signing", "errors", "json", "unknown-options"],
  cos: ["http", "credentials", ...leaves],
  upload: ["vod-api", "cos", "http", "credentials", "rate-window", ...leaves],
  events: ["vod-api", "cos", "http", "credentials", ...leaves],
  tasks: ["upload", "vod-api", "cos", "http", "credentials", ...leaves],
  client: ["upload", "events", "tasks", "vod-api", "cos", "http", "credentials", ...leaves],
  index: ["client", "upload", "events", "tasks", "vod-api", "cos", "http", "credentials", ...leaves],
  "vod-node-sdk": [],
  "shown-source": [],
  state: ["client", "upload", "http", "errors", "home", "reason-of", "shown-source"],
  batch: ["client", "state", "upload", "http", "errors", "shown-source", "unknown-options", "json", "rate-window"],
  replay: ["signing", "json"],
  emulator: ["signing", "xml", "json", "unknown-options"],
  conformance: ["emulator", "json", "signing", "xml"],
  doctor: ["state", "json"],
  cli: [
    "suggest",
    "batch",
    "state",
    "shown-source",
    "replay",
    "conformance",
    "doctor",
    "json",
    "rate-window",
    "home",
    "reason-of",
  ],
} satisfies Record<string, readonly string[]>;

/**
 * The rooms of src/upload; "." is its own files. `run… → state → transfer → {source → buffers, session}` and
 * `run… → manifest → source`.
 */
const uploadRooms = {
  buffers: [],
  session: [],
  source: ["buffers"],
  transfer: ["source", "buffers", "session"],
  state: ["transfer", "source", "session"],
  manifest: ["source", "buffers"],
  ".": ["state", "manifest", "transfer", "source", "session", "buffers"],
} satisfies Record<string, readonly string[]>;

/** These use the package as its users do: whatever the command line can do, a program can. */
const throughEntries = ["cli", "doctor", "vod-node-sdk"];

/** CRC64 is arithmetic and imports nothing of its room: those who only check sums may have it. */
const crc64 = /^cos\/crc64[a-z0-9-]*\.ts$/;

/** Where each runtime dependency may be imported; whoever else needs one asks that room. */
const dependencies: Record<string, RegExp> = {
  undici: /^http\//,
  "fast-xml-parser": /^xml\//,
  "p-limit": /^(upload|batch|cli\/batch)\b/,
};

/** What the build puts into dist/: no dependency of who installs the package, and another name in the sources. */
const builtIn: Record<string, RegExp> = {
  "#smol-toml": /^cli\/settings\/config-file\.ts$/,
  "#picomatch": /^batch\/choice\.ts$/,
  "#csv-parse": /^batch\/manifest-csv\.ts$/,
};

const root = join(import.meta.dirname, "..");
const sources = await readSources(join(root, "src"));
const edges = sources.flatMap(({ imports }) => imports);
const inside = edges.filter(({ to }) => to.endsWith(".ts"));
const outside = edges.filter(({ to }) => !to.endsWith(".ts"));
const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  exports: Record<string, string | { default: string }>;
  imports: Record<string, Record<string, string>>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};
const { exports: entries, dependencies: declared } = manifest;
const entryFiles = Object.values(entries)
  .filter((entry) => typeof entry !== "string")
  .map((entry) => entry.default.replace(/^\.\/dist\/(.*)\.js$/, "$1.ts"));

const roomOf = (path: string): string => path.replace(/\/.*$/, "").replace(/\.ts$/, "");
const shown = ({ from, to }: ImportEdge): string => `${from} → ${to}`;

function allowed({ from, to }: ImportEdge): boolean {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === target) return true;
  if (room === "emulator" && crc64.test(to)) return true;
  if (throughEntries.includes(room) && entryFiles.includes(to)) return true;
  const reachable: readonly string[] = Object.hasOwn(floors, room) ? floors[room as keyof typeof floors] : [];
  return reachable.includes(target);
}

/** The room of src/upload that a file is in; undefined for a file of another room of src. */
function uploadRoomOf(path: string): string | undefined {
  const [room, ...rest] = path.split("/");
  if (room !== "upload") return undefined;
  return rest.length > 1 ? rest[0] : ".";
}

describe("direction of imports", () => {
  test("every room of src has its place in the table", () => {
    const rooms = new Set(sources.map(({ path }) => roomOf(path)));
    expect([...rooms].filter((room) => !Object.hasOwn(floors, room))).toEqual([]);
  });

  test("every import goes the way the table allows", () => {
    expect(inside.filter((edge) => !allowed(edge)).map(shown)).toEqual([]);
  });

  test("nothing imports what is outside of src, or what is not there", () => {
    const known = new Set(sources.map(({ path }) => path));
    expect(inside.filter(({ to }) => !known.has(to)).map(shown)).toEqual([]);
  });

  test("no imports go round in a circle", () => {
    expect(findCycle(inside)).toBeUndefined();
  });

  /** A file beside folders is a room of its own, as those in src are: `cli/args.ts` is below `cli/upload/`, `cli/run.ts` above. */
  test("no folders import each other in a circle", () => {
    const folders = [...new Set(sources.map(({ path }) => posix.dirname(path)))];
    const folderOf = (path: string): string => {
      const folder = posix.dirname(path);
      const isLast = !folders.some((other) => other !== folder && (folder === "." || other.startsWith(`${folder}/`)));
      return isLast || folder === "upload" ? folder : path;
    };
    const between = inside.map((edge) => ({ ...edge, from: folderOf(edge.from), to: folderOf(edge.to) }));
    expect(findCycle(between.filter(({ from, to }) => from !== to))).toBeUndefined();
  });

  test("inside src/upload, too, every import goes the way its table allows", () => {
    const between = inside.flatMap((edge) => {
      const [from, to] = [uploadRoomOf(edge.from), uploadRoomOf(edge.to)];
      return from === undefined || to === undefined || from === to ? [] : [{ edge, from, to }];
    });
    const rooms = new Map<string, readonly string[]>(Object.entries(uploadRooms));
    expect(
      between.filter(({ from, to }) => !(rooms.get(from) ?? []).includes(to)).map(({ edge }) => shown(edge)),
    ).toEqual([]);
    expect(new Set(sources.map(({ path }) => uploadRoomOf(path)).filter((room) => room !== undefined))).toEqual(
      new Set(Object.keys(uploadRooms)),
    );
  });

  test("the arithmetic of CRC64 imports nothing but itself", () => {
    const own = edges.filter(({ from }) => crc64.test(from));
    expect(own.filter(({ to }) => !crc64.test(to)).map(shown)).toEqual([]);
  });

  test("signing imports node:crypto only", () => {
    const foreign = outside.filter(({ from, to }) => roomOf(from) === "signing" && to !== "node:crypto");
    expect(foreign.map(shown)).toEqual([]);
  });
});

describe("dependencies", () => {
  test("package.json declares exactly those with a room", () => {
    expect(Object.keys(declared).sort()).toEqual(Object.keys(dependencies).sort());
  });

  test("each is imported by its room only, everything else is Node's own and says so", () => {
    const packageOf = (specifier: string): string => specifier.replace(/\/.*$/, "");
    const allowedFor = { ...dependencies, ...builtIn };
    const strangers = outside.filter(
      ({ from, to }) => !to.startsWith("node:") && !allowedFor[packageOf(to)]?.test(from),
    );
    expect(strangers.map(shown)).toEqual([]);
  });

  test("what is built in is a library of the sources, a file of dist in the package, and loaded when it is needed", () => {
    expect(Object.keys(manifest.imports)).toEqual(Object.keys(builtIn));
    for (const [name, { "vodup-source": library = "", default: file }] of Object.entries(manifest.imports)) {
      expect(Object.keys(manifest.devDependencies)).toContain(library);
      expect(file).toBe(`./dist/vendor/${library}/index.js`);
      expect(outside.filter(({ to }) => to === name).every(({ lazy }) => lazy)).toBe(true);
    }
  });

  test.each(["index.ts", "signing/index.ts", "vod-api/index.ts", "cos/index.ts", "events/index.ts"])(
    "importing %s loads none of them: that happens at first use",
    (entry) => {
      const loaded = loadedWith(entry, edges);
      expect(loaded.size).toBeGreaterThan(1);
      expect(Object.keys(dependencies).filter((name) => loaded.has(name))).toEqual([]);
    },
  );
});

describe("files", () => {
  const longest = 320;

  test(`none is longer than ${longest} lines`, () => {
    const long = sources.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }));
    expect(long.filter(({ lines }) => lines > longest)).toEqual([]);
  });

  test.each([
    ["upload", 16],
    ["cli", 36],
  ])("beside its folders src/%s has at most %i of its own", (room, most) => {
    const own = sources.filter(({ path }) => posix.dirname(path) === room);
    expect(own.length).toBeLessThanOrEqual(most);
  });

  /** A text, a template or a pattern may be longer: in pieces nobody would find it. Prettier keeps code, but no comments. */
  test("no line is longer than 120 columns, but for one literal with its name", () => {
    const literal = /^\s*(?:(?:const )?[\w.]+(?: =|:) |return )?["'`/](?![/*])/;
    const long = sources.flatMap(({ path, text }) =>
      text
        .split("\n")
        .flatMap((line, index) => (line.length > 120 && !literal.test(line) ? [`${path}:${index + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });

  test("index.ts stands where package.json has an entry, and nowhere else", () => {
    const indexes = sources.map(({ path }) => path).filter((path) => /(^|\/)index\.ts$/.test(path));
    expect(indexes.sort()).toEqual(entryFiles.sort());
  });

  test("names are in kebab-case", () => {
    expect(sources.filter(({ path }) => !/^([a-z0-9-]+\/)*[a-z0-9-]+\.ts$/.test(path)).map(({ path }) => path)).toEqual(
      [],
    );
  });

  /** One spelling, of constants too; the algorithm's name was published under another. */
  test("constants are spelled like every other name", () => {
    const published = ["TC3_ALGORITHM"];
    const named = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/^\s*(?:export )?(?:const|static readonly) ([A-Z][A-Z0-9_]+)\b/gm)].map(([, name = ""]) => ({
        path,
        name,
      })),
    );
    expect(named.filter(({ name }) => !published.includes(name))).toEqual([]);
  });

  /** Five in a row are read past, and two of one type are swapped unseen: those go into an object, by their names. */
  test("functions of five parameters and more have no two of one type", () => {
    const swappable = sources.flatMap(({ path, text }) =>
      parametersOf(text)
        .filter(({ types }) => types.length >= 5 && new Set(types).size < types.length)
        .map(({ name }) => `${path}: ${name}`),
    );
    expect(swappable).toEqual([]);
  });

  /** Words that say "something is done here" and not what. "Service" in front is the cloud's: ServiceClock. */
  test("nothing is called a manager, helper, util or service", () => {
    const vague = /(manager|helpers?|utils?|services?)$/i;
    const named = sources.flatMap(({ path, text }) => [
      ...path
        .replace(/\.ts$/, "")
        .split("/")
        .flatMap((part) => part.split("-").slice(-1))
        .map((word) => ({ path, name: word })),
      ...[...text.matchAll(/\b(?:class|interface|type|function) (\w+)/g)].map(([, name = ""]) => ({ path, name })),
    ]);
    expect(named.filter(({ name }) => vague.test(name))).toEqual([]);
  });
});

describe("the reader of imports itself", () => {
  test("misses no import of src", () => {
    for (const { path, text, imports } of sources) {
      const ends = text.match(/^(?!\s*(\*|\/\/)).* from "[^"\n]+";$/gm) ?? [];
      expect(imports.filter(({ lazy }) => !lazy).length, path).toBeGreaterThanOrEqual(ends.length);
    }
  });

  test("knows every form", () => {
    const text = [
      `import a from "./a.ts";`,
      `import * as b from "../b.ts";`,
      `import type { C } from "./c.ts";`,
      `import {\n  d,\n  type D,\n} from "./d.ts";`,
      `export { e } from "./e.ts";`,
      `export * from "./f.ts";`,
      `export type { G } from "./g.ts";`,
      `import "./h.ts";`,
      `import fs, { readFile } from "node:fs";`,
      `const i = await import("./i.ts");`,
      `type J = import("./j.ts").J;`,
      `type K = typeof import("./k.ts");`,
      `/**`,
      ` * import l from "./l.ts";`,
      ` */`,
      `// import m from "./m.ts";`,
      `const n = 'not from "./n.ts"';`,
    ].join("\n");
    const found = importsOf("room/file.ts", text);
    expect(found.map(({ to }) => to).sort()).toEqual([
      "b.ts",
      "node:fs",
      ...Array.from("acdefghijk", (name) => `room/${name}.ts`),
    ]);
    const of = (choose: (edge: ImportEdge) => boolean): string =>
      found
        .filter(choose)
        .map(({ to }) => to.at(-4))
        .join("");
    expect(of(({ typeOnly }) => typeOnly)).toBe("cgjk");
    expect(of(({ lazy }) => lazy)).toBe("ijk");
  });

  test("knows the parameters of a function", () => {
    const text = [
      `export async function a<T>(first: Map<string, T>, second = 5, third: (x: number, y: number) => void): void {}`,
      `  async #b({ one, two }: { one: string; two: string }, three?: string): Promise<void> {`,
      `  constructor(\n    one: string, // not, this: string\n    two: string,\n  ) {`,
      `  if (a, b, c) {`,
    ].join("\n");
    expect(parametersOf(text)).toEqual([
      { name: "a", types: ["Map<string, T>", "number", "(x: number, y: number) => void"] },
      { name: "#b", types: ["{ one: string; two: string }", "string"] },
      { name: "constructor", types: ["string", "string"] },
    ]);
  });

  test("finds a circle", () => {
    const edge = (from: string, to: string): ImportEdge => ({ from, to, typeOnly: true, lazy: false });
    expect(findCycle([edge("a", "b"), edge("b", "c"), edge("c", "d"), edge("d", "b")])).toEqual(["b", "c", "d", "b"]);
    expect(findCycle([edge("a", "b"), edge("a", "c"), edge("b", "c")])).toBeUndefined();
  });
});
