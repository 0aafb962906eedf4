import { extensionOf } from "../source/media-type.ts";

/** A URI in a manifest. */
export interface Reference {
  /** As it stands in the manifest. */
  readonly uri: string;
  /** Where it stands, for messages: `line 12`. */
  readonly where: string;
  /** Whether it is a manifest by its meaning, whatever its name. */
  readonly playlist: boolean;
  /** Whether it may be a URL, and then is no file of the upload. */
  readonly mayBeElsewhere: boolean;
  /** Whether the manifest is whole without the file. */
  readonly optional: boolean;
}

/** What a local reader found in a manifest. */
export interface ManifestContent {
  readonly references: readonly Reference[];
  /** What makes the manifest unfit whoever else can read it. */
  readonly problems: readonly string[];
  /** Set when the reader does not understand the manifest, which says nothing of other readers. */
  readonly unreadable?: string | undefined;
}

/** A difference between readers of a manifest, or a circle: worth knowing, and no reason not to upload. */
export interface ManifestWarning {
  readonly code: "MANIFEST_DIFFERENCE" | "MANIFEST_LOOP";
  readonly message: string;
}

/** The kinds of manifest that VOD knows. */
export type ManifestType = "m3u8" | "mpd";

/** The type that a file's name tells, in any case of letters; `.m3u` is the playlists' other name (RFC 8216 §4). */
export function manifestTypeOf(name: string): ManifestType | undefined {
  const extension = extensionOf(name);
  if (extension === "mpd") return "mpd";
  return extension === "m3u8" || extension === "m3u" ? "m3u8" : undefined;
}

/** Most files that are looked for: an attack can name more than any disk holds in one line of a DASH manifest. */
export const maxFiles = 200_000;
