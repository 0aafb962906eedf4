import type { VodAction } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { dashSegments } from "./manifest-dash.ts";
import { textOf } from "./validate.ts";

/** Tags whose URI may be a key server's address: not a file of the upload, so not refused. */
const keyTag = /^#EXT-X-(SESSION-)?KEY:/;

const invalidManifest = (message: string): VodFailure =>
  new VodFailure("InvalidParameterValue.MediaManifestContent", message);

/** Segments lie in the manifest's folder or below: no URL, no absolute path, no way out. */
function checkRelative(uri: string): string {
  const leaves = uri.split(/[/\\]/).some((segment) => /^(\.|%2e){2}$/i.test(segment));
  if (/^[a-z][a-z0-9+.-]*:/i.test(uri) || /^[/\\]/.test(uri) || leaves) {
    throw invalidManifest("Segments must have relative paths below the manifest.");
  }
  return uri;
}

/** The files an HLS playlist names, each once, in the order of their first mention. */
function hlsSegments(content: string): string[] {
  const lines = content.replace(/^\u{feff}/u, "").split(/\r\n|\r|\n/);
  if (lines[0]?.trim() !== "#EXTM3U") throw invalidManifest("The manifest does not begin with #EXTM3U.");
  const uris = lines.flatMap((raw) => {
    const line = raw.trim();
    if (!line.startsWith("#")) return line === "" ? [] : [line];
    const uri = /[:,]URI="([^"]*)"/.exec(line)?.[1];
    const elsewhere = uri !== undefined && keyTag.test(line) && /^[a-z][a-z0-9+.-]*:/i.test(uri);
    return uri === undefined || uri === "" || elsewhere ? [] : [uri];
  });
  return [...new Set(uris.map(checkRelative))];
}

/** ParseStreamingManifest (wire §9.2.1). */
export const parseStreamingManifest: VodAction = ({ params }) => {
  const content = textOf(params, "MediaManifestContent") ?? "";
  switch (textOf(params, "ManifestType") ?? "m3u8") {
    case "m3u8":
      return { MediaSegmentSet: hlsSegments(content) };
    case "mpd": {
      const segments = dashSegments(content);
      if (segments === undefined) throw invalidManifest("The manifest is not an MPD.");
      return { MediaSegmentSet: segments.map(checkRelative) };
    }
    default:
      throw new VodFailure("InvalidParameterValue", "ManifestType is m3u8 or mpd.");
  }
};
