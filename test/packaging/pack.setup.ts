import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { freshBuild } from "../../scripts/fresh-build.mjs";
import { root, run, succeed } from "./commands.ts";

export interface PackedFile {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}

export interface Packed {
  readonly tarball: string;
  readonly files: readonly PackedFile[];
  readonly unpackedSize: number;
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
  // What prepack and postpack do beside the build; as scripts of npm they would write between its JSON.
  const links = join(root, "scripts/pack-links.mjs");
  await succeed(process.execPath, [links, "absolute"], root);
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root);
  await succeed(process.execPath, [links, "restore"], root);
  const [report] = JSON.parse(stdout) as [{ filename: string; files: PackedFile[]; unpackedSize: number }];
  const tarball = join(folder, report.filename);

  const project = join(folder, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "somebodys-backend", private: true }));
  await succeed("npm", ["install", "--omit=dev", "--no-audit", "--no-fund", tarball], project);

  vitest.provide("packed", { tarball, files: report.files, unpackedSize: report.unpackedSize, project });
  return () => rm(folder, { recursive: true, force: true });
}
