// npm version X.Y.Z runs it (docs/decisions/0039-one-number-for-both-packages.md): vodup-bullmq gets the same number and
// needs this vodup, and in both changelogs what was unreleased becomes the version's section.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const today = new Date().toISOString().slice(0, 10);

async function rewrite(name, change) {
  const path = join(root, name);
  await writeFile(path, change(await readFile(path, "utf8")));
}

function rewriteManifest(change) {
  return (text) => {
    const manifest = JSON.parse(text);
    change(manifest);
    return `${JSON.stringify(manifest, undefined, 2)}\n`;
  };
}

function number(manifest) {
  manifest.version = version;
  manifest.peerDependencies.vodup = `^${version}`;
}

/** Refuses a second run: it would leave an empty section. */
function section(text) {
  const heading = "## [Unreleased]\n";
  if (!text.includes(heading) || text.includes(`## [${version}]`))
    throw new Error(`a changelog has no [Unreleased], or has [${version}] already`);
  return text.replace(heading, `${heading}\n## [${version}] - ${today}\n`);
}

await rewrite("CHANGELOG.md", section);
await rewrite("integrations/bullmq/CHANGELOG.md", section);
await rewrite("integrations/bullmq/package.json", rewriteManifest(number));
await rewrite(
  "integrations/bullmq/package-lock.json",
  rewriteManifest((lock) => {
    lock.version = version;
    number(lock.packages[""]);
    lock.packages["../.."].version = version;
  }),
);
