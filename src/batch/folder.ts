import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Choice } from "./choice.ts";
import { everything } from "./choice.ts";
import { extensionOf, isMediaExtension } from "../upload/source/media-type.ts";
import { openError } from "../upload/source/open.ts";

/** A manifest whose tree cannot be read: who reads along is told why the rest of its folder is left out. */
export type OnBroken = (manifest: string) => void;

/**
 * The media files of a folder and of those below it, in an order that does not change: by their names' code units. By
 * their extensions, since nobody wants a picture or a text uploaded as video. Hidden files and folders are left out,
 * and so are links to folders, which may lead round in a circle, and links out of the folder. A folder below it that
 * cannot be read is an entry of its own, which fails. Of HLS and DASH only the manifest counts: what belongs to it
 * is uploaded with it.
 *
 * @param choice of the files; the manifest of a tree stands for all of it
 * @param path of the folder; what is found is told below it, with the system's separator
 * @throws SourceError when a folder cannot be read
 */
export async function* mediaFiles(
  path: string,
  onBroken: OnBroken,
  choice: Choice = everything,
): AsyncGenerator<string> {
  yield* below({ root: path, onBroken, choice }, "", new Set());
}

interface Walk {
  readonly root: string;
  readonly onBroken: OnBroken;
  readonly choice: Choice;
}

async function* below(walk: Walk, folder: string, owned: ReadonlySet<string>): AsyncGenerator<string> {
  const { root, onBroken, choice } = walk;
  if (folder !== "" && !choice.takesFolder(folder)) return;
  const found = await listing(join(root, folder)).catch((error: unknown) => {
    // An entry that fails when its turn comes; without the folder itself there is nothing at all.
    if (folder === "") throw error;
    return undefined;
  });
  if (found === undefined) {
    yield join(folder, sep);
    return;
  }
  const manifests = found.filter(({ name, isFolder }) => !isFolder && isManifest(name)).map(({ name }) => name);
  const trees = await treesOf(root, folder, manifests);
  for (const manifest of trees.broken) onBroken(manifest);
  const inTrees = trees.owned.size === 0 ? owned : new Set([...owned, ...trees.owned]);
  for (const { name, isFolder, isLink } of found) {
    const path = join(folder, name);
    if (inTrees.has(path)) continue;
    if (trees.broken.length > 0 && !(isManifest(name) && !isFolder)) continue;
    if (isFolder) yield* below(walk, path, inTrees);
    else if (!isMediaFile(name) || !choice.takes(path)) continue;
    else if (!isLink || (await isFileBelow(root, path))) yield path;
  }
}

async function listing(path: string): Promise<{ name: string; isFolder: boolean; isLink: boolean }[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter(
        (entry) => !entry.name.startsWith(".") && (entry.isFile() || entry.isDirectory() || entry.isSymbolicLink()),
      )
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory(), isLink: entry.isSymbolicLink() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw openError(path, error as NodeJS.ErrnoException);
  }
}

function isManifest(name: string): boolean {
  return /^(?:m3u8|mpd)$/.test(extensionOf(name) ?? "");
}

/** What belongs to the manifests of a folder; and those whose tree has something wrong, so that nobody can tell. */
async function treesOf(
  root: string,
  folder: string,
  manifests: readonly string[],
): Promise<{ owned: Set<string>; broken: string[] }> {
  const [owned, broken] = [new Set<string>(), [] as string[]];
  if (manifests.length === 0) return { owned, broken };
  const { planManifest } = await import("../upload/manifest/plan.ts");
  for (const manifest of manifests) {
    try {
      const { files } = await planManifest(join(root, folder, manifest));
      // The last one is the manifest itself.
      for (const { path } of files.slice(0, -1)) owned.add(join(folder, path));
    } catch {
      broken.push(join(folder, manifest));
    }
  }
  return { owned, broken };
}

/** A link that leads out of the folder is not followed: those who may write into it would choose what is published. */
async function isFileBelow(root: string, path: string): Promise<boolean> {
  try {
    const [real, top] = await Promise.all([realpath(join(root, path)), realpath(root)]);
    return real.startsWith(top.endsWith(sep) ? top : top + sep) && (await stat(real)).isFile();
  } catch {
    return false;
  }
}

/** Whether a path ends like a media that VOD takes. */
export function isMediaFile(path: string): boolean {
  return isMediaExtension(extensionOf(path) ?? "");
}
