/**
 * The request target, compared twice: decoded, to find the interaction that is meant; verbatim, to judge its encoding.
 */

/** A target taken apart; `path` and `query` are verbatim, the rest decoded. */
export interface Target {
  readonly path: string;
  readonly query: string;
  readonly decodedPath: string;
  /** Sorted, decoded; `+` counts as a space here, as servers read it. */
  readonly parameters: readonly (readonly [string, string])[];
}

/** Percent-decodes UTF-8; text that is not well-formed stands for itself. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The verbatim `name=value` pairs, a bare name read as an empty value. */
export function rawPairs(query: string): string[] {
  if (query === "") return [];
  return query.split("&").map((pair) => (pair.includes("=") ? pair : `${pair}=`));
}

export function parseTarget(target: string): Target {
  const at = target.indexOf("?");
  const path = at < 0 ? target : target.slice(0, at);
  const query = at < 0 ? "" : target.slice(at + 1);
  const parameters = rawPairs(query).map((pair): readonly [string, string] => {
    const spaced = pair.replaceAll("+", "%20");
    const equals = spaced.indexOf("=");
    return [percentDecode(spaced.slice(0, equals)), percentDecode(spaced.slice(equals + 1))];
  });
  return { path, query, decodedPath: percentDecode(path), parameters: parameters.sort(byNameThenValue) };
}

function byNameThenValue(a: readonly [string, string], b: readonly [string, string]): number {
  return compare(a[0], b[0]) || compare(a[1], b[1]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Host (with port, as written) and target of an absolute URL, without the rewriting `new URL()` does. */
export function splitUrl(url: string): { readonly host: string; readonly target: string } {
  const start = url.indexOf("://") + 3;
  const slash = url.indexOf("/", start);
  return { host: url.slice(start, slash), target: url.slice(slash) };
}
