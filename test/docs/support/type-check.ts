import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { root, type Block } from "../../support/markdown.ts";

/**
 * Compiles code blocks as modules of their own and programs of `examples/`, in one run of the compiler, strictly and
 * against the sources of this project under its published names.
 * @returns what the compiler says of them, a line each, with the page's own name and line
 */
export async function typeErrors(blocks: readonly Block[], programs: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "vodup-docs-"));
  try {
    await symlink(join(root, "node_modules"), join(folder, "node_modules"), "junction");
    const names = new Map<string, string>();
    for (const block of blocks) {
      const name = `${block.page}.${block.line}.mts`;
      names.set(name, block.page);
      await mkdir(dirname(join(folder, name)), { recursive: true });
      // As many empty lines as the page has above the block, so that the compiler's line is the page's.
      await writeFile(join(folder, name), `${"\n".repeat(block.line - 1)}${block.code}`);
    }
    const tsconfig = {
      compilerOptions: { ...options, paths: await entryPoints() },
      files: [...names.keys(), ...programs.map((path) => join(root, path))],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    const output = await compile(folder);
    return (
      output
        .split("\n")
        // An indented line explains the one above.
        .filter((line) => /^\S/.test(line))
        .flatMap((line) => {
          const [, file = "", rest = ""] = /^(\S.*?)(\(\d.*)$/s.exec(line) ?? [];
          // Mistakes in src are found by `npm run types` and are none of a page's.
          if (!relative(join(root, "src"), resolve(folder, file)).startsWith("..")) return [];
          const page = names.get(file.split(sep).join("/"));
          return [page === undefined ? line : `${page}${rest}`];
        })
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const options = {
  target: "es2023",
  lib: ["es2023"],
  module: "nodenext",
  types: ["node"],
  // Libraries that a build copies are, in the sources, the packages.
  customConditions: ["vodup-source"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  moduleDetection: "force",
  allowImportingTsExtensions: true,
  allowJs: true,
  checkJs: true,
  skipLibCheck: true,
  noEmit: true,
};

/** The names of package.json's `exports`, each with the source its file is built from. */
async function entryPoints(): Promise<Record<string, string[]>> {
  const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.fromEntries(
    Object.entries(exports).flatMap(([name, entry]) => {
      if (typeof entry === "string") return [];
      const source = entry.default.replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts");
      return [[`vodup${name.slice(1)}`, [join(root, source)]]];
    }),
  );
}

async function compile(folder: string): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  const { bin } = JSON.parse(await readFile(manifest, "utf8")) as { bin: { tsc: string } };
  const tsc = join(dirname(manifest), bin.tsc);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", folder, "--pretty", "false"], {
      cwd: folder,
      maxBuffer: 2 ** 24,
    });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    if (stdout === undefined || stdout === "") throw new Error(`the compiler did not run: ${stderr}`, { cause: error });
    return stdout;
  }
}
