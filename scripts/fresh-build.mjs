// Builds dist/ when it is missing or older than what it is made from: for commands that run the built package.
import { spawnSync } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

async function newestSource() {
  const sources = (await readdir(join(root, "src"), { recursive: true })).map((name) => join("src", name));
  const files = [
    "src",
    ...sources,
    "tsconfig.json",
    "tsconfig.build.json",
    "scripts/vendor.mjs",
    "scripts/declarations.mjs",
    "scripts/command.mjs",
    "scripts/join.mjs",
  ];
  const times = await Promise.all(files.map(async (name) => (await stat(join(root, name))).mtimeMs));
  return Math.max(...times);
}

async function builtAt() {
  try {
    return (await stat(join(root, "dist/index.js"))).mtimeMs;
  } catch {
    return -Infinity;
  }
}

/** @throws {Error} when the build fails; its output went to stderr */
export async function freshBuild() {
  if ((await builtAt()) > (await newestSource())) return;
  process.stderr.write("building dist/ …\n");
  const { status } = spawnSync("npm", ["run", "--silent", "build"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error("npm run build failed");
}
