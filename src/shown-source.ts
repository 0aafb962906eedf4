/**
 * A source as messages, lists and JSON call it: of an address neither user nor query is shown, since they may be keys,
 * also of one that is none or is not taken.
 */
export function shownSource(source: string): string {
  if (!/^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(source)) return source;
  if (!URL.canParse(source)) return source.replace(/[?#].*$/s, "?…").replace(/\/\/[^/]*@/, "//…@");
  const url = new URL(source);
  if (url.username === "" && url.password === "" && url.search === "" && url.hash === "") return source;
  return `${url.protocol}//${url.host}${url.pathname}${url.search === "" ? "" : "?…"}`;
}

/** A source or cover as written: an http(s) or file URL, or a path. */
export function sourceOf(text: string): string | URL {
  return /^(?:https?|file):\/\//i.test(text) && URL.canParse(text) ? new URL(text) : text;
}
