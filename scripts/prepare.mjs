// npm's "prepare": an install of this repository's address has no dist/ yet. Where there is one that is up to date, as in
// a working copy, nothing is built; nor can it be without the devDependencies (npm ci --omit=dev).
import { existsSync } from "node:fs";
import { join } from "node:path";
import { freshBuild } from "./fresh-build.mjs";

const tools = ["typescript", "esbuild", "@swc/core"].map((name) => join(import.meta.dirname, "../node_modules", name));
if (tools.every((folder) => existsSync(folder))) await freshBuild();
