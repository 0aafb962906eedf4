// Puts csv-parse into a build, as published and with its licence: `node scripts/vendor.mjs dist`. A command line that reads
// CSV needs it, and the package is to have no more than three dependencies (docs/decisions/0013-csv-parse-in-dist.md).
import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [build] = process.argv.slice(2);
if (build === undefined) throw new Error("usage: node scripts/vendor.mjs BUILD");
const library = dirname(fileURLToPath(import.meta.resolve("csv-parse")));
const target = join(build, "vendor/csv-parse");
await mkdir(target, { recursive: true });
await cp(join(library, "../LICENSE"), join(target, "LICENSE"));
for (const part of ["index.js", "api", "utils"]) await cp(join(library, part), join(target, part), { recursive: true });
