import type { ManifestContent, ManifestType } from "./content.ts";
import type { LocatedFile, NotLocated } from "./folder.ts";
import type { PlaylistSetting, TakenVariable } from "./m3u8-variables.ts";
import { givenBy } from "./m3u8-variables.ts";

/** A file that a manifest refers to. */
export interface Entry {
  readonly path: string;
  /** Undefined for what is no manifest. */
  type: ManifestType | undefined;
  /** A playlist by its meaning only: one look at its first line decides. */
  readonly unsure: boolean;
  /** Manifests that lead to it. */
  readonly depth: number;
  required: boolean;
  /** What a problem with it begins with. */
  readonly mention: () => string;
  located: LocatedFile | NotLocated | undefined;
  /** What it is still to be read with. */
  settings: PlaylistSetting[];
  manifest: Manifest | undefined;
}

/** A manifest that was read. */
export interface Manifest {
  readonly entry: Entry;
  readonly type: ManifestType;
  readonly file: LocatedFile;
  /** Whether the local reader understood it. */
  readonly understood: boolean;
  /** What it takes from the places that refer to it, and what they gave: it was read with that already. */
  readonly taken: readonly TakenVariable[];
  readonly given: Set<string>;
  /** By the URI as it stands there; none where it is no file of the upload. Kept for the service's list alone. */
  readonly targets: Map<string, readonly string[]>;
  /** What it cannot do without, and what it names besides; manifests, and all files for the service's list. */
  readonly needs: Set<string>;
  readonly mentions: Set<string>;
}

export function newManifest(
  entry: Entry,
  type: ManifestType,
  file: LocatedFile,
  { unreadable, taken = [] }: ManifestContent,
): Manifest {
  return {
    entry,
    file,
    type,
    understood: unreadable === undefined,
    taken,
    given: new Set(),
    targets: new Map(),
    needs: new Set(),
    mentions: new Set(),
  };
}

/** How a file is referred to. */
export interface Mention extends Pick<Entry, "mention" | "required" | "depth"> {
  readonly playlist: boolean;
  readonly setting: PlaylistSetting;
}

/** Whether a manifest that was read would name the same files with what this reference gives to it. */
export function isReadWith({ manifest }: Entry, setting: PlaylistSetting): boolean {
  return manifest?.given.has(givenBy(setting, manifest.taken)) ?? false;
}

/** One text means several files where a variable in it has several values. */
export function addTarget(targets: Map<string, readonly string[]>, uri: string, path: string | undefined): void {
  const known = targets.get(uri) ?? [];
  targets.set(uri, path === undefined || known.includes(path) ? known : [...known, path]);
}
