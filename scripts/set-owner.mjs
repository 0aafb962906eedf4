// node scripts/set-owner.mjs OWNER[/REPOSITORY]: writes the repository's owner wherever it is named. The place that counts
// is "repository" of package.json; test/repository compares all others with it.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const [, owner, repository] = /github\.com\/([^/]+)\/([^/.]+)/.exec(manifest.repository.url);
const [newOwner, newRepository = repository] = (process.argv[2] ?? "").split("/");
if (!/^[\w-]+$/.test(newOwner) || !/^[\w.-]+$/.test(newRepository)) {
  console.error("usage: node scripts/set-owner.mjs OWNER[/REPOSITORY]");
  process.exit(2);
}

for (const file of [
  "package.json",
  "integrations/bullmq/package.json",
  "integrations/bullmq/Dockerfile",
  ".github/CODEOWNERS",
  "Dockerfile",
]) {
  const path = join(root, file);
  const text = await readFile(path, "utf8");
  await writeFile(
    path,
    text
      .replaceAll(`github.com/${owner}/${repository}`, `github.com/${newOwner}/${newRepository}`)
      .replaceAll(`@${owner}\n`, `@${newOwner}\n`),
  );
}
