// node scripts/release-notes.mjs VERSION: the section of CHANGELOG.md of that version. Fails unless it has a date and
// package.json has the same version, so that a tag cannot publish something else.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const [version] = process.argv.slice(2);
const [changelog, manifest] = await Promise.all([
  readFile(join(root, "CHANGELOG.md"), "utf8"),
  readFile(join(root, "package.json"), "utf8").then(JSON.parse),
]);

function fail(message) {
  console.error(message);
  process.exit(1);
}

if (version === undefined) fail("usage: node scripts/release-notes.mjs VERSION");
if (manifest.version !== version) fail(`package.json says ${manifest.version}, not ${version}`);
const heading = changelog.split("\n").find((line) => line.startsWith(`## [${version}]`));
if (heading === undefined) fail(`CHANGELOG.md has no section [${version}]`);
if (!/^## \[[^\]]+\] - \d{4}-\d{2}-\d{2}$/.test(heading))
  fail(`the section needs a date: "## [${version}] - YYYY-MM-DD"`);
const after = changelog.slice(changelog.indexOf(heading) + heading.length);
console.log(after.slice(0, /^## /m.exec(after)?.index).trim());
