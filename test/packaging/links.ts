import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { root } from "./commands.ts";

/** Link targets of a page, its code left out. */
export function linksOf(page: string): string[] {
  const prose = page.replace(/^```.*?^```$/gms, "");
  const found = prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href|srcset)="([^"]+)"/g);
  return [...found].map(([, markdown, html]) => markdown ?? html ?? "");
}

/** A link to this repository at the tag of this version names a file or folder that the tag will have. */
export async function expectInRepository(link: string): Promise<void> {
  const { repository, version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    repository: { url: string };
    version: string;
  };
  const address = repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
  const raw = address.replace("github.com", "raw.githubusercontent.com");
  const path = [`${address}/blob/v${version}/`, `${address}/tree/v${version}/`, `${raw}/v${version}/`]
    .filter((start) => link.startsWith(start))
    .map((start) => link.slice(start.length).replace(/#.*$/, ""))[0];
  if (path === undefined) return;
  await expect(access(join(root, path)), link).resolves.toBeUndefined();
}
