import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { freshBuild } from "../../scripts/fresh-build.mjs";
import { succeed } from "./commands.ts";
import { type Tarball, pack } from "./pack.ts";

export interface Packed extends Tarball {
  /** A folder of somebody else's project, with the tarball installed and nothing but it. */
  readonly project: string;
}

declare module "vitest" {
  interface ProvidedContext {
    packed: Packed;
  }
}

/** Packs and installs once for all files of this folder. */
export default async function setup(vitest: TestProject): Promise<() => Promise<void>> {
  await freshBuild();
  const folder = await mkdtemp(join(tmpdir(), "vodup-packaging-"));
  const packed = await pack(".", folder);
  const project = join(folder, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "somebodys-backend", private: true }));
  await succeed("npm", ["install", "--omit=dev", "--no-audit", "--no-fund", packed.tarball], project);

  vitest.provide("packed", { ...packed, project });
  return () => rm(folder, { recursive: true, force: true });
}
