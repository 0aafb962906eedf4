import type { ManifestContent, ManifestType } from "./content.ts";
import type { LocatedFile, ManifestFolder } from "./folder.ts";
import { crc64 } from "../../cos/crc64.ts";
import type { PlaylistSetting } from "./m3u8-variables.ts";
import { treeLimits, type TreeBudget } from "./limits.ts";
import { readM3u8 } from "./m3u8.ts";

/** CRC-64/XZ of manifests as they were read to find the files of a tree. */
const sums = new WeakMap<LocatedFile, string>();

/** What a manifest must still be when it is sent; undefined for what was not read as one. */
export function crc64AsRead(file: LocatedFile): string | undefined {
  return sums.get(file);
}

/**
 * A manifest's text, without byte-order mark.
 * @throws SourceError when the file is no longer the one that was located
 */
export async function readText(
  folder: ManifestFolder,
  file: LocatedFile,
): Promise<{ readonly text: string } | { readonly unreadable: string }> {
  const { size } = file.identity;
  if (size > treeLimits.manifestBytes)
    return { unreadable: `is not a manifest: it has more than ${treeLimits.manifestBytes} bytes` };
  const { handle } = await folder.open(file);
  const bytes = Buffer.alloc(size);
  let filled = 0;
  try {
    // No further than it was when it was opened: it may be a log that somebody writes to.
    for (let read = -1; filled < size && read !== 0; filled += read)
      read = (await handle.read(bytes, filled, size - filled, filled)).bytesRead;
  } finally {
    await handle.close();
  }
  sums.set(file, String(crc64(bytes.subarray(0, filled))));
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, filled)) };
  } catch {
    return { unreadable: "is not a manifest: it is not UTF-8 text" };
  }
}

/**
 * What the local reader finds in a manifest.
 * @throws ManifestExcess when it refers to more than a tree may hold
 */
export async function readContent(
  text: string,
  type: ManifestType,
  setting: PlaylistSetting,
  budget: TreeBudget,
): Promise<ManifestContent> {
  if (type === "m3u8") return readM3u8(text, setting, budget);
  const { readMpd } = await import("./mpd.ts");
  return readMpd(Buffer.from(text), budget);
}
