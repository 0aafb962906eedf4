import type { TakenVariable, Variables } from "./m3u8-variables.ts";
import { extensionOf } from "../source/media-type.ts";

/** A URI in a manifest. */
export interface Reference {
  /** With its variables filled in. */
  readonly uri: string;
  /** As it stands in the manifest. */
  readonly written: string;
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
  /** What makes the manifest unfit, though others can read it. */
  readonly problems: readonly string[];
  /** Set when the reader does not understand the manifest, which says nothing of other readers. */
  readonly unreadable?: string | undefined;
  /** Variables of a playlist, for those that it refers to. */
  readonly variables?: Variables;
  /** What the place that refers to a playlist gives to it; another place may give it other values. */
  readonly taken?: readonly TakenVariable[];
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
