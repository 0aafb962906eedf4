/** By name; undefined where only a player can know the value: a parameter of the URL that it is given. */
export type Variables = ReadonlyMap<string, string | undefined>;

/** What a playlist takes from the place that refers to it. */
export interface PlaylistSetting {
  /** Variables of the playlist that refers to it. */
  readonly variables: Variables;
  /** Query of the reference, without `?`; undefined for the playlist that nothing refers to. */
  readonly query: string | undefined;
}

/** Of the playlist that is uploaded itself. */
export const topSetting: PlaylistSetting = { variables: new Map(), query: undefined };

/** A variable that is taken from the place that refers to the playlist. */
export interface TakenVariable {
  readonly from: "IMPORT" | "QUERYPARAM";
  readonly name: string;
}

const variableName = /^[A-Za-z0-9_-]+$/;
const variableReference = /\{\$([A-Za-z0-9_-]+)\}/g;
/** Most characters that a value may make of a text: values may hold variables, and so double line by line. */
const longestValue = 8_192;

/** A text with its variables filled in. */
export interface Filled {
  readonly text: string;
  /** A variable in it whose value is not known, and whether it stands before the query. */
  readonly unknown?: { readonly name: string; readonly isInPath: boolean };
}

/**
 * The variables of one HLS playlist: EXT-X-DEFINE, and what `{$name}` stands for. What the draft has players fail at is
 * a flaw here: an upload that no player can play helps nobody.
 *
 * @see draft-pantos-hls-rfc8216bis §4.3 (substitution), §4.4.2.3 (EXT-X-DEFINE)
 */
export class PlaylistVariables {
  readonly values: Map<string, string | undefined> = new Map();
  readonly taken: TakenVariable[] = [];
  readonly #setting: PlaylistSetting;
  /** Taken from a place that does not give them, which is a flaw of its own. */
  readonly #missing = new Set<string>();
  #version = 1;

  constructor(setting: PlaylistSetting) {
    this.#setting = setting;
  }

  /** Before version 8, and without a definition, `{$name}` is what it is: part of a name. */
  get #inForce(): boolean {
    return this.values.size > 0 || this.#version >= 8;
  }

  version(text: string): void {
    if (/^\d{1,3}$/.test(text)) this.#version = Number(text);
  }

  /** Takes one EXT-X-DEFINE. @returns what is wrong with it */
  define(attributes: ReadonlyMap<string, Filled>): string | undefined {
    const kinds = (["NAME", "IMPORT", "QUERYPARAM"] as const).filter((kind) => attributes.has(kind));
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1) {
      return "EXT-X-DEFINE needs NAME, IMPORT or QUERYPARAM, and only one of them";
    }
    const name = attributes.get(kind)?.text ?? "";
    if (!variableName.test(name)) {
      const shown = JSON.stringify(name.slice(0, 60));
      return `EXT-X-DEFINE: ${shown} cannot name a variable; use letters, digits, "-" and "_"`;
    }
    if (this.values.has(name)) return `EXT-X-DEFINE defines the variable ${name} a second time`;
    if (kind !== "NAME") return this.#take(kind, name);
    const value = attributes.get("VALUE");
    if (value === undefined) return `EXT-X-DEFINE gives the variable ${name} no VALUE`;
    this.values.set(name, value.unknown === undefined ? value.text : undefined);
    return undefined;
  }

  #take(from: TakenVariable["from"], name: string): string | undefined {
    this.taken.push({ from, name });
    const { variables, query } = this.#setting;
    const imports = from === "IMPORT";
    const value = imports ? variables.get(name) : queryParameter(query ?? "", name);
    // The URL of what is uploaded itself is not known yet: players are given it, with a query or without one.
    const isThere = imports ? variables.has(name) : query === undefined || (value ?? "") !== "";
    this.values.set(name, value);
    if (isThere) return undefined;
    this.#missing.add(name);
    return imports
      ? `EXT-X-DEFINE imports the variable ${name}, which no playlist that refers to this one defines`
      : `EXT-X-DEFINE: this playlist is referred to without the query parameter ${name}`;
  }

  /** One flaw is not told once for each of its uses. */
  isMissing(name: string): boolean {
    return this.#missing.has(name);
  }

  /**
   * Puts values in the place of `{$name}`, once: what a value holds is not looked at again.
   * @returns what is wrong, as a text
   */
  fill(text: string): Filled | string {
    if (!this.#inForce || !text.includes("{$")) return { text };
    let filled = "";
    let at = 0;
    let isInPath = true;
    let unknown: Filled["unknown"];
    for (const { 0: whole, 1: name = "", index } of text.matchAll(variableReference)) {
      if (!this.values.has(name)) return `the variable ${name} is not defined above it (EXT-X-DEFINE)`;
      const value = this.values.get(name);
      const before = text.slice(at, index);
      isInPath &&= !/[?#]/.test(before);
      if (value === undefined && !(unknown?.isInPath ?? false)) unknown = { name, isInPath };
      isInPath &&= !/[?#]/.test(value ?? "");
      filled += before + (value ?? "");
      if (filled.length > longestValue) return `the variable ${name} makes it longer than ${longestValue} characters`;
      at = index + whole.length;
    }
    filled += text.slice(at);
    return unknown === undefined ? { text: filled } : { text: filled, unknown };
  }
}

/** What a reference gives to a playlist that takes these variables: the same means the same files. */
export function givenBy({ variables, query }: PlaylistSetting, taken: readonly TakenVariable[]): string {
  return JSON.stringify(
    taken.map(({ from, name }) => {
      const value = from === "IMPORT" ? variables.get(name) : queryParameter(query ?? "", name);
      return [value ?? null, variables.has(name)];
    }),
  );
}

function queryParameter(query: string, name: string): string | undefined {
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals) === name) return decoded(pair.slice(equals + 1));
  }
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
