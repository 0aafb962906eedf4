// node scripts/pack-links.mjs absolute|restore [FOLDER]: before npm packs the package in FOLDER (the project's root), the
// pages and declarations that go into the tarball get links to the repository at this version's tag: what they name
// relative to the repository is not in the package. "restore" puts the pages back afterwards. A run that was stopped in
// between is repaired by the next one.
import { existsSync, statSync } from "node:fs";
import { copyFile, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "..");
const names = ["README.md", "README.ko.md", "CHANGELOG.md", "SECURITY.md"];
const pagesIn = (folder) =>
  names.map((name) => posix.join(folder, name)).filter((page) => existsSync(join(root, page)));
const aside = (page) => join(root, posix.dirname(page), `.${posix.basename(page)}.before-pack`);

/** Link targets of Markdown and of the little HTML in it, in front of which `(`, `"` or `: ` stands. */
const targets = /(\]\(|^\[[^\]]+\]: |\b(?:src|href|srcset)=")([^)"\s]+)/gm;

/** @returns the page with each relative link made absolute; anchors of the page itself stay */
export function absoluteLinks(text, { page, address, version, isFolder }) {
  const raw = address.replace("github.com", "raw.githubusercontent.com");
  return text.replace(targets, (whole, before, target) => {
    if (/^([a-z]+:|#|\/\/)/i.test(target)) return whole;
    const path = posix.normalize(posix.join(posix.dirname(page), target));
    const [file = ""] = path.split("#");
    if (/\.(svg|png|jpe?g|gif|webp)$/.test(file)) return `${before}${raw}/v${version}/${path}`;
    return `${before}${address}/${isFolder(file) ? "tree" : "blob"}/v${version}/${path}`;
  });
}

async function makeAbsolute(folder) {
  await restore(folder);
  const { repository, version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const address = repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
  const isFolder = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() === true;
  for (const page of pagesIn(folder)) {
    const text = await readFile(join(root, page), "utf8");
    await copyFile(join(root, page), aside(page));
    await writeFile(join(root, page), absoluteLinks(text, { page, address, version, isFolder }));
  }
  // Declarations name pages in running text. dist is made again by every build.
  const dist = join(root, folder, "dist");
  const built = await readdir(dist, { recursive: true });
  for (const name of built.filter((each) => each.endsWith(".d.ts"))) {
    const path = join(dist, name);
    const text = await readFile(path, "utf8");
    const linked = text.replace(
      /(?<![\w/])docs\/[\w-]+\.md(#[\w-]+)?/g,
      (page) => `${address}/blob/v${version}/${page}`,
    );
    if (linked !== text) await writeFile(path, linked);
  }
}

async function restore(folder) {
  for (const page of names.map((name) => posix.join(folder, name))) {
    if (existsSync(aside(page))) await rename(aside(page), join(root, page));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const work = { absolute: makeAbsolute, restore }[process.argv[2] ?? ""];
  if (work === undefined) {
    console.error("usage: node scripts/pack-links.mjs absolute|restore [FOLDER]");
    process.exit(2);
  }
  await work(process.argv[3] ?? ".");
}
