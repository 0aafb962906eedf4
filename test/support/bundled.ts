import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");

/**
 * A program that uses files of src which the build publishes nowhere, as one module for a process of its own.
 * @param entry a path below the project
 * @returns where it is; packages are found from there
 */
export async function bundled(entry: string): Promise<string> {
  const outfile = join(root, "node_modules/.cache/vodup-tests", `${entry.replaceAll("/", "-")}.${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    conditions: ["vodup-source"],
    alias: { "#csv-parse": "csv-parse" },
    logLevel: "warning",
  });
  return outfile;
}
