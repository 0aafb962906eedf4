import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "../../..");
/** Inside the project, so that the built files find its dependencies. */
const cache = join(root, "node_modules/.cache/vodup-cli");
/** What the build does after compiling. */
const steps = ["vendor", "command"].map((name) => join(root, `scripts/${name}.mjs`));
const dayMs = 86_400_000;

let built: string | undefined;

/**
 * The path of `main.js`, compiled from the sources as they are now: once for all test files and runs that see the same
 * sources, since compiling takes longer than most tests.
 */
export function builtCli(): string {
  built ??= build();
  return built;
}

function build(): string {
  const hash = createHash("sha256");
  const src = join(root, "src");
  const files = [...sources(src), ...steps, join(root, "package.json"), join(root, "tsconfig.json")];
  for (const file of files) hash.update(relative(root, file)).update(readFileSync(file));
  const target = join(cache, hash.digest("hex").slice(0, 16));
  const main = join(target, "dist/cli/main.js");
  if (existsSync(main)) return main;
  removeOld();
  const temporary = `${target}.${process.pid}`;
  mkdirSync(temporary, { recursive: true });
  cpSync(join(root, "package.json"), join(temporary, "package.json"));
  compile(join(temporary, "dist"));
  for (const step of steps) execFileSync(process.execPath, [step, join(temporary, "dist")]);
  try {
    renameSync(temporary, target);
  } catch (error) {
    // Another test file was quicker.
    rmSync(temporary, { recursive: true });
    if (!existsSync(main)) throw error;
  }
  return main;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What is emitted counts: type errors are found by `npm run types`, and stand in the way of no test of behaviour. */
function compile(outDir: string): void {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: { tsc: string } };
  const project = join(root, "tsconfig.build.json");
  try {
    const tsc = join(dirname(manifest), bin.tsc);
    execFileSync(process.execPath, [tsc, "-p", project, "--outDir", outDir, "--declaration", "false"], { cwd: root });
  } catch (error) {
    if (!existsSync(join(outDir, "cli/main.js"))) throw error;
  }
}

function removeOld(): void {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name);
    if (Date.now() - statSync(folder).mtimeMs > dayMs) rmSync(folder, { recursive: true, force: true });
  }
}
