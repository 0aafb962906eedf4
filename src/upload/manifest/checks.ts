import { extensionOf } from "../source/media-type.ts";

/** What players ask for; not `key`, which servers have of their own: the local reader finds those by their tag. */
const segmentExtensions = new Set(
  "aac ac3 cmfa cmft cmfv ec3 m2ts m3u m3u8 m4a m4s m4v mp3 mp4 mpd mpg mpeg ts ttml vtt webm webvtt".split(" "),
);

/**
 * Whether a file may be uploaded because the service names it, though the manifest does not as it is read here: one
 * that is called like a segment, and neither hidden nor in a hidden folder.
 * @param path POSIX, relative
 */
export function mayBeSegment(path: string): boolean {
  return !/(?:^|\/)\./.test(path) && segmentExtensions.has(extensionOf(path) ?? "");
}

/**
 * In words, where the service and the local reader name different files; undefined when they agree. What is optional
 * may be named or not.
 */
export function differenceOf(
  local: { readonly needs: ReadonlySet<string>; readonly mentions: ReadonlySet<string> },
  service: ReadonlySet<string>,
): string | undefined {
  const onlyService = [...service].filter((path) => !local.mentions.has(path));
  const onlyLocal = [...local.needs].filter((path) => !service.has(path));
  const sides = [
    ["only the service names", onlyService],
    ["only the local reader names", onlyLocal],
  ] as const;
  const told = sides.flatMap(([who, paths]) => (paths.length === 0 ? [] : [`${who} ${listed(paths)}`]));
  return told.length === 0 ? undefined : `${told.join(", ")}; all of them are uploaded`;
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, 5).map((path) => JSON.stringify(path));
  return shown.join(", ") + (paths.length > 5 ? ` and ${paths.length - 5} more` : "");
}

/** The manifests that lie on a circle of references, or on a way between two circles; none when there is none. */
export function circleOf(mentions: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  // What nothing refers to is on no circle, and no more is what refers to nothing: the same, read backwards.
  const referred = withoutBeginnings(new Set(mentions.keys()), mentions);
  const backwards = new Map<string, Set<string>>([...referred].map((path) => [path, new Set()]));
  for (const path of referred) for (const named of mentions.get(path) ?? []) backwards.get(named)?.add(path);
  return [...withoutBeginnings(referred, backwards)];
}

/** Takes away what has nothing before it, and then what follows it and has nothing else before it, and so on. */
function withoutBeginnings(nodes: ReadonlySet<string>, next: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const before = new Map<string, number>([...nodes].map((node) => [node, 0]));
  for (const node of nodes) {
    for (const other of next.get(node) ?? []) if (nodes.has(other)) before.set(other, (before.get(other) ?? 0) + 1);
  }
  const left = new Set(nodes);
  const beginnings = [...nodes].filter((node) => before.get(node) === 0);
  for (const node of beginnings) {
    left.delete(node);
    for (const other of next.get(node) ?? []) {
      const count = (before.get(other) ?? 0) - 1;
      if (nodes.has(other)) before.set(other, count);
      if (count === 0) beginnings.push(other);
    }
  }
  return left;
}
