// npm run spec:drift -- FILE: what a newer specification of the VOD API says that fixtures/spec/vod-actions.json does
// not: actions, members, types, presence, deprecations and values. FILE is api.json of tencentcloud-cli
// (tccli/services/vod/v20180717), vod_models.d.ts of tencentcloud-sdk-nodejs, or a file of the form of ours. Exits 0
// when there is no difference, 1 when there is one, 2 when the file cannot be read. What is inside the objects that
// ours leaves open is not compared.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { compareSpecs } from "./spec/compare.mjs";
import { readOwn, readSpec } from "./spec/read-spec.mjs";

const own = new URL("../fixtures/spec/vod-actions.json", import.meta.url);

/** @returns {Promise<{ code: 0 | 1 | 2, stdout: string, stderr: string }>} */
export async function specDrift(args, ownFile = own) {
  const [path, ...more] = args;
  if (path === undefined || more.length > 0 || path.startsWith("-")) {
    return {
      code: 2,
      stdout: "",
      stderr: "usage: npm run spec:drift -- FILE (api.json, vod_models.d.ts, or our form)\n",
    };
  }
  const spec = JSON.parse(await readFile(ownFile, "utf8"));
  let theirs;
  try {
    theirs = await readSpec(path);
  } catch (error) {
    return { code: 2, stdout: "", stderr: `${error.message}\n` };
  }
  const lines = compareSpecs(readOwn(spec), theirs, spec);
  const count = lines.length === 1 ? "1 difference" : `${lines.length || "no"} differences`;
  return {
    code: lines.length === 0 ? 0 : 1,
    stdout: lines.map((line) => `${line}\n`).join(""),
    stderr: `${count} between ${path} and fixtures/spec (${spec.package.name} ${spec.package.version}, ${spec.source.date})\n`,
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { code, stdout, stderr } = await specDrift(process.argv.slice(2));
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
}
