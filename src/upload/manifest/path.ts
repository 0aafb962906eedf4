/**
 * Where a reference of a manifest leads, decided by its text alone.
 *
 * - `file` a file in the manifest's folder or below it
 * - `elsewhere` a key server or the like: nothing to upload, and allowed there
 * - `refused` everything else
 */
export type Target =
  | { readonly kind: "file"; /** POSIX, relative to the folder of the whole tree. */ readonly path: string }
  | { readonly kind: "elsewhere" }
  | { readonly kind: "refused"; readonly why: string };

/** What keys and the like may be fetched by; a `file:` URL is none of them. */
const remoteScheme = /^(?:https?|skd|data|urn):/i;
const anyScheme = /^[a-z][a-z0-9+.-]*:/i;
// eslint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\u0000-\u001f\u007f]/;

/**
 * Resolves a URI reference (RFC 3986, as RFC 8216 §4.1 asks) to a file below the manifest, or refuses it. Query and
 * fragment are dropped: they name no file. Percent-encoding is decoded once, and everything is judged after that, so
 * that `%2e%2e` is what it is to the server that will be asked for it (wire §9.2).
 *
 * Stricter than a URL resolver in one point: `..` is refused even where it would stay inside, because the service
 * takes no manifest with it (vod 266/34801).
 *
 * @param folder the manifest's own folder, relative to that of the tree: `""` or `low/`
 * @param mayBeElsewhere whether a URL is allowed, which then is no file of the upload
 */
export function resolveReference(folder: string, uri: string, mayBeElsewhere: boolean): Target {
  const text = trimBlanks(uri);
  if (control.test(text)) return refused("holds a control character");
  if (anyScheme.test(text)) {
    return mayBeElsewhere && remoteScheme.test(text) ? { kind: "elsewhere" } : refused("is a URL, not a relative path");
  }
  if (text.startsWith("//")) return refused("names another host");
  const path = percentDecode(text.replace(/[?#].*$/s, ""));
  if (path === undefined) return refused("is not UTF-8 once it is percent-decoded");
  const why = flawOf(path);
  if (why !== undefined) return refused(why);
  const names = path.split("/").filter((name) => name !== ".");
  return { kind: "file", path: folder + names.join("/") };
}

function flawOf(path: string): string | undefined {
  if (path === "") return "names no file";
  if (control.test(path)) return "holds a control character";
  if (path.includes("\\")) return 'holds a backslash; folders are separated by "/"';
  if (path.startsWith("/")) return "is an absolute path";
  const names = path.split("/");
  if (names.includes("..")) return 'leads out of its folder by ".."';
  if (["", "."].includes(names.at(-1) ?? "")) return "names a folder";
  return names.includes("") ? "has an empty folder name" : undefined;
}

const refused = (why: string): Target => ({ kind: "refused", why });

/**
 * Takes blanks and tabs from both ends. Not `trim`, which would take an ideographic space from a name, and no pattern:
 * `[ \t]+$` takes quadratic time over blanks within a line.
 */
export function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** Decodes what is percent-encoded, once; a `%` before anything else stands for itself. Undefined when not UTF-8. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => decodeURIComponent(encoded));
  } catch {
    return undefined;
  }
}

/** The folder of a POSIX path, with its last slash: `low/index.m3u8` → `low/`; `""` at the top. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** The query of a reference, as it stands there; `""` without one. */
export function queryOf(uri: string): string {
  const text = uri.replace(/#.*$/s, "");
  const mark = text.indexOf("?");
  return mark < 0 ? "" : text.slice(mark + 1);
}

/** A reference as messages show it: credentials and query of a URL are left out, and it stays one short piece. */
export function shownReference(uri: string): string {
  const bare = uri.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i, "$1//…@").replace(/\?.*$/s, "?…");
  return JSON.stringify(bare.length > 200 ? `${bare.slice(0, 200)}…` : bare);
}
