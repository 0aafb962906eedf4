import { join } from "node:path";
import { root, succeed } from "./commands.ts";

export interface PackedFile {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}

export interface Tarball {
  readonly tarball: string;
  readonly files: readonly PackedFile[];
  readonly unpackedSize: number;
}

/** Packs the built package of a folder of the project: what prepack and postpack do beside the build, and npm between. */
export async function pack(folder: string, destination: string): Promise<Tarball> {
  const links = join(root, "scripts/pack-links.mjs");
  await succeed(process.execPath, [links, "absolute", folder], root);
  try {
    // As scripts of npm they would write between its JSON.
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", destination];
    const [report] = JSON.parse(await succeed("npm", args, join(root, folder))) as [Tarball & { filename: string }];
    const { filename, files, unpackedSize } = report;
    return { tarball: join(destination, filename), files, unpackedSize };
  } finally {
    await succeed(process.execPath, [links, "restore", folder], root);
  }
}
