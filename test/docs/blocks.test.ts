import { access, readdir, readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import type { CommandSpec } from "../../src/cli/args.ts";
import { parseArguments } from "../../src/cli/args.ts";
import { commands } from "../../src/cli/commands.ts";
import { anchorOf, readPages, root, type Page } from "../support/markdown.ts";
import { followers, notRun } from "./support/followers.ts";
import { shellCommands } from "./support/shell-words.ts";
import { typeErrors } from "./support/type-check.ts";

/** What the pages show is true of the program as it is: code compiles, commands parse, links lead somewhere. */
const pages = await readPages();
const shells = new Set(["sh", "bash", "shell", "console"]);
const blocks = pages.flatMap((page) => page.blocks);
const specs = new Map<string, CommandSpec>(
  await Promise.all(commands.map(async ({ name, load }) => [name, (await load()).spec] as const)),
);

/** Words of a call of `vodup`, without it and without what starts it. */
function callOf(words: readonly string[]): readonly string[] | undefined {
  const [first, second] = words;
  if (first === "vodup") return words.slice(1);
  return first === "npx" && second === "vodup" ? words.slice(2) : undefined;
}

function commandOf(words: readonly string[]): { spec: CommandSpec; rest: readonly string[] } | undefined {
  for (const length of [2, 1]) {
    const spec = specs.get(words.slice(0, length).join(" "));
    if (spec !== undefined) return { spec, rest: words.slice(length) };
  }
  return undefined;
}

/** Why a call is no call of the command line; undefined when it is one. */
function complaint(call: readonly string[]): string | undefined {
  if (["--help", "-h", "--version", "-V"].includes(call[0] ?? "--help")) return undefined;
  const command = commandOf(call);
  if (command === undefined) return `there is no command "${call[0]}"`;
  try {
    parseArguments(command.spec, command.rest);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("code", () => {
  test("the pages have some", () => {
    expect(blocks.filter(({ language }) => language === "ts").length).toBeGreaterThan(8);
    expect(blocks.filter(({ language }) => shells.has(language)).length).toBeGreaterThan(4);
  });

  test("every TypeScript block and every example compiles", { timeout: 60_000 }, async () => {
    const names = await readdir(join(root, "examples"), { recursive: true });
    // An example with a package.json has dependencies of its own, and its own check.
    const apart = names.filter((name) => name.endsWith("package.json")).map((name) => dirname(name));
    const programs = names
      .filter((name) => /\.m?[tj]s$/.test(name) && !apart.some((folder) => name.startsWith(`${folder}/`)))
      .map((name) => `examples/${name}`);
    const written = blocks.filter(({ language }) => ["ts", "typescript", "mts"].includes(language));
    expect(await typeErrors(written, programs)).toEqual([]);
  });

  test("a block that does not compile is told by its page and line", { timeout: 60_000 }, async () => {
    const block = { page: "docs/x.md", line: 7, language: "ts", heading: "", code: 'import "vodup";\nlet a: 1 = 2;\n' };
    expect(await typeErrors([block], [])).toEqual([expect.stringMatching(/^docs\/x\.md\(8,5\): error TS2322/)]);
  });
});

describe("commands", () => {
  const shown = blocks
    .filter(({ language }) => shells.has(language))
    .flatMap(({ page, line, code }) =>
      shellCommands(code).map((command) => ({ where: `${page}:${line + command.line - 1}`, words: command.words })),
    );

  test("every vodup command of a shell block parses", () => {
    const calls = shown.map(({ where, words }) => ({ where, call: callOf(words) }));
    const wrong = calls.flatMap(({ where, call }) => {
      const why = call === undefined ? undefined : complaint(call);
      return why === undefined ? [] : [`${where}: ${why}`];
    });
    expect(calls.filter(({ call }) => call !== undefined).length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  test("every shell block runs in a test, or it is said why not", async () => {
    const names = blocks
      .filter(({ language }) => shells.has(language))
      .map(({ page, heading }) => [page, `${page}#${heading}`] as const);
    const known = { ...followers, ...notRun };
    expect(names.filter(([page, name]) => !(page in known) && !(name in known))).toEqual([]);
    expect(Object.keys(known).filter((name) => !names.flat().includes(name))).toEqual([]);
    for (const [name, follower] of Object.entries(followers)) {
      const text = await readFile(join(root, follower), "utf8");
      const [page = "", heading = ""] = name.split("#");
      const marks = [page, heading, dirname(page), "npm "].filter((mark) => mark !== "" && mark !== ".");
      expect([name, marks.some((mark) => text.includes(mark))]).toEqual([name, true]);
    }
  });

  test("every npm script that is run exists, in the project or in the package that the page lies in", async () => {
    const scriptsOf = async (folder: string): Promise<object> => {
      const text = await readFile(join(root, folder, "package.json"), "utf8").catch(() => "{}");
      return (JSON.parse(text) as { scripts?: object }).scripts ?? {};
    };
    const run = shown.filter(({ words }) => words[0] === "npm" && words[1] === "run");
    expect(run.length).toBeGreaterThan(0);
    const missing = run.map(async ({ where, words }) => {
      const scripts = { ...(await scriptsOf(".")), ...(await scriptsOf(dirname(where))) };
      return words[2] !== undefined && words[2] in scripts ? [] : [`${where}: ${words[2]}`];
    });
    expect((await Promise.all(missing)).flat()).toEqual([]);
  });

  test("a command and a flag that do not exist are noticed", () => {
    expect(complaint(["upload", "a.mp4", "--no-progress"])).toBeUndefined();
    expect(complaint(["upload", "a.mp4", "--covr", "a.jpg"])).toContain("did you mean --cover?");
    expect(complaint(["upload"])).toContain("too few arguments");
    expect(complaint(["uplaod", "a.mp4"])).toContain("no command");
  });

  test("every vodup command in running text names a command and flags that exist", () => {
    const wrong = pages.flatMap(({ path, spans }) =>
      spans.flatMap(({ line, code }) => {
        const call = callOf(code.split(" "));
        if (call === undefined || call.length === 0 || /^(-|[A-Z]+$)/.test(call[0] ?? "")) return [];
        const command = commandOf(call);
        if (command === undefined) return [`${path}:${line}: ${code}`];
        const flags = call.flatMap((word) => /^--([a-z0-9-]+)/.exec(word)?.[1] ?? []);
        const unknown = flags.filter((flag) => flag !== "help" && !Object.hasOwn(command.spec.flags, flag));
        return unknown.map((flag) => `${path}:${line}: ${code}: --${flag}`);
      }),
    );
    expect(wrong).toEqual([]);
  });

  test("every command that a plain text block lists exists", () => {
    const listed = blocks
      .filter(({ language }) => language === "text")
      .flatMap(({ page, code }) =>
        [...code.matchAll(/^vodup ([a-z-]+)(?: ([a-z0-9]+(?:\|[a-z0-9]+)+))?/gm)].map((match) => ({ page, match })),
      )
      .flatMap(({ page, match: [, name = "", rest] }) => {
        const names = rest === undefined ? [name] : rest.split("|").map((one) => `${name} ${one}`);
        return names.map((one) => ({ page, name: one }));
      });
    expect(listed.length).toBeGreaterThan(6);
    expect(listed.filter(({ name }) => !specs.has(name))).toEqual([]);
  });

  test("every environment variable of ours that a page names is read", async () => {
    const names = new Set(pages.flatMap(({ text }) => text.match(/\b(?:VODUP|TENCENTCLOUD)_[A-Z_]+[A-Z]\b/g) ?? []));
    // Those of the contract suite and of the fleet's are read by them alone.
    const folders = ["src", "test/contract", "integrations/bullmq/test"].map((folder) =>
      readdir(join(root, folder), { recursive: true, withFileTypes: true }),
    );
    const files = (await Promise.all(folders)).flat();
    const sources = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), "utf8")),
    );
    const source = sources.join("\n");
    expect(names.size).toBeGreaterThan(2);
    expect([...names].filter((name) => !source.includes(name))).toEqual([]);
  });
});

test("every source file that a page names exists", async () => {
  const folders = ["src", "test", "scripts", "bench", "examples", "integrations/bullmq/src"];
  const found = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true })).map((name) => `${folder}/${name}`),
    ),
  );
  const files = found.flat().map((name) => `/${name}`);
  // Elsewhere .ts may be the ending of a video's segments.
  const ours = pages.filter(({ path }) => !/^(?:fixtures\/media|docs\/decisions)\//.test(path));
  const name = /(?<![\w./*{-])(?:[\w-]+\/)*[\w-]+(?:\.test)?\.(?:ts|mjs)\b(?![.*])/g;
  const named = ours.flatMap(({ path, text }) => [...text.matchAll(name)].map(([file]) => ({ path, file })));
  expect(named.length).toBeGreaterThan(40);
  // Programs that a page has its reader write.
  const readers = new Set(["main.mjs"]);
  const missing = named.filter(({ file }) => !readers.has(file) && !files.some((one) => one.endsWith(`/${file}`)));
  expect(missing).toEqual([]);
});

describe("links", () => {
  const links = pages.flatMap((page) =>
    [...page.prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ page, target: match[1] ?? "" })),
  );
  const local = links.filter(({ target }) => !/^[a-z]+:/i.test(target));

  test("the pages have some", () => {
    expect(local.length).toBeGreaterThan(10);
  });

  test("every relative one leads to a file, and to a heading of it", async () => {
    const byPath = new Map<string, Page>(pages.map((page) => [page.path, page]));
    const broken: string[] = [];
    for (const { page, target } of local) {
      const [path = "", anchor] = decodeURI(target).split("#");
      const file = path === "" ? page.path : posix.join(dirname(page.path), path);
      const exists = await access(join(root, file)).then(
        () => true,
        () => false,
      );
      const anchors = byPath.get(file)?.headings.map(anchorOf);
      if (!exists || (anchor !== undefined && anchors?.includes(anchor) !== true))
        broken.push(`${page.path}: ${target}`);
    }
    expect(broken).toEqual([]);
  });
});
