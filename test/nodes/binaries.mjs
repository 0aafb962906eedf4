// Binaries of other majors of Node: the npm package `node` brings them; they are kept in a cache folder below the system's
// temporary folder.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

export const supported = ["22", "24", "26"];
const limitMs = 180_000;

export function versionOf(binary) {
  const { status, stdout } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** @throws {Error} when the registry does not give a Node of that major */
export function binaryOf(major) {
  const folder = join(tmpdir(), `vodup-nodes-${userInfo().uid}`, major);
  const binary = join(folder, "node_modules/node/bin/node");
  if (versionOf(binary)?.startsWith(`v${major}.`)) return binary;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: `node-${major}`, private: true }));
  console.log(`installing Node ${major} …`);
  const args = ["install", "--no-audit", "--no-fund", `node@${major}`];
  const { status, stderr } = spawnSync("npm", args, { cwd: folder, encoding: "utf8", timeout: limitMs });
  if (status !== 0 || !versionOf(binary)?.startsWith(`v${major}.`)) throw new Error(`no Node ${major}: ${stderr}`);
  return binary;
}
