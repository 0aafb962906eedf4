/** A source as messages, lists and JSON call it: of a URL neither user nor query is shown, since they may be keys. */
export function shownSource(source: string): string {
  if (!/^https?:\/\//i.test(source) || !URL.canParse(source)) return source;
  const url = new URL(source);
  if (url.username === "" && url.password === "" && url.search === "" && url.hash === "") return source;
  return `${url.origin}${url.pathname}${url.search === "" ? "" : "?…"}`;
}
