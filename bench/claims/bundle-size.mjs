// What a bundler makes of an import of this package, minified.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { bench, save } from "../lib/measure.mjs";

const root = join(bench, "..");
const imports = {
  "`VodClient` of `vodup`": 'export { VodClient } from "vodup";',
  "all of `vodup/signing`": 'export * from "vodup/signing";',
  "`signTc3` of `vodup/signing`": 'export { signTc3 } from "vodup/signing";',
  "`parseEvent` of `vodup/events`": 'export { parseEvent } from "vodup/events";',
};
const results = {};
for (const [name, contents] of Object.entries(imports)) {
  const stdin = { contents, resolveDir: root };
  const { outputFiles } = await build({
    stdin,
    bundle: true,
    platform: "node",
    format: "esm",
    minify: true,
    write: false,
  });
  const [{ contents: made }] = outputFiles;
  results[name] = { minified: made.length, gzip: gzipSync(made, { level: 9 }).length };
}
const command = join(root, "dist/cli/vodup.js");
results["the command, `dist/cli/vodup.js`"] = {
  minified: statSync(command).size,
  gzip: gzipSync(readFileSync(command), { level: 9 }).length,
};
save("bundle-size", { results });
