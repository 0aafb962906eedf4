import { percentEncode } from "../../signing/index.ts";
import { decodePercent } from "../request-target.ts";
import type { KnownMistake } from "./mismatch.ts";
import { rareValueEncodings, valueEncodings, type ValueEncoding } from "./value-encodings.ts";
import { knownKeyMistakes } from "./cos-key-mistakes.ts";
import { byName, canonicalName, type CosRecipe, type Field, type RecipeField } from "./cos-recipe.ts";
import { knownTextMistakes } from "./cos-text-mistakes.ts";

type Mistake = KnownMistake<CosRecipe>;

/** What of a request the mistakes depend on, beside what is signed rightly. */
export interface CosSigningContext {
  /** As sent. */
  readonly rawPath: string;
  readonly rawQuery: string;
  /** Names in the order of the client's lists. */
  readonly listed: readonly string[];
  /** Sent, but in neither list. */
  readonly unlisted: { readonly headers: readonly Field[]; readonly params: readonly Field[] };
  /** The key of the account, when the certificate's is the one to sign with. */
  readonly accountKey: string | undefined;
  /** The name by which the bucket is reached outside of tests. */
  readonly bucketHost: string | undefined;
  /** Of the session whose certificate signs, with its leading slash. */
  readonly sessionPath: string | undefined;
}

/** Everything that is known to go wrong in a signature v5, the likeliest first (wire §5). */
export function knownCosMistakes(context: CosSigningContext): readonly Mistake[] {
  return [
    ...hostMistakes(context),
    ...pathMistakes(context),
    ...knownKeyMistakes(context.accountKey),
    ...orderMistakes(context),
    ...knownTextMistakes,
    ...encodingMistakes,
    ...[...placeMistakes(context), ...rareEncodings, ...valueMistakes, ...fieldMistakes(context)].map((made) => ({
      ...made,
      rare: true,
    })),
  ];
}

const mistake = (rule: string, text: string, make: Mistake["make"]): Mistake => ({ rule, text, make });

function withHeader(recipe: CosRecipe, name: string, change: (value: string) => string): CosRecipe {
  const headers = recipe.headers.map(([one, value]): Field => [
    one,
    one.toLowerCase() === name ? change(value) : value,
  ]);
  return { ...recipe, headers };
}

function hostMistakes({ bucketHost }: CosSigningContext): Mistake[] {
  const found = [
    mistake("1.4", "host: signed without the brackets that were sent", (right) =>
      withHeader(right, "host", (value) => value.replace(/[[\]]/g, "")),
    ),
    mistake("1.4", "host: signed without the port that was sent", (right) =>
      withHeader(right, "host", (value) => value.replace(/:\d+$/, "")),
    ),
  ];
  if (bucketHost === undefined) return found;
  const text = "host: signed the bucket's own name instead of the Host that was sent";
  return [...found, mistake("1.4", text, (right) => withHeader(right, "host", () => bucketHost))];
}

const encodedTwice = "path: sent percent-encoded twice, but signed decoded";

function pathMistakes({ rawPath, rawQuery, sessionPath }: CosSigningContext): Mistake[] {
  const decoded = decodePercent(rawPath);
  const sentTwice = decoded !== sessionPath && decodePercent(decoded ?? "") === sessionPath;
  return [
    mistake("5.1", "path: signed percent-encoded instead of decoded", (right) => ({ ...right, path: rawPath })),
    mistake("5.1", "path: signed percent-encoded with its slashes, instead of decoded", (right) => ({
      ...right,
      path: percentEncode(right.path),
    })),
    mistake("5.1", "path: signed by encodeURIComponent, instead of decoded", (right) => ({
      ...right,
      path: right.path.split("/").map(encodeURIComponent).join("/"),
    })),
    mistake("5.1", "path: signed as a URL class writes it, instead of decoded", (right) => ({
      ...right,
      path: encodeURI(right.path),
    })),
    mistake(sentTwice ? "5.9" : "5.1", sentTwice ? encodedTwice : "path: signed decoded twice", (right) => ({
      ...right,
      path: decodePercent(right.path) ?? right.path,
    })),
    mistake("5.9", "path: a blank was sent as +, which stands for itself in a path", (right) => ({
      ...right,
      path: sessionPath?.replaceAll(" ", "+") === right.path ? sessionPath : right.path.replaceAll("+", " "),
    })),
    mistake("4.3", "path: signed with a doubled leading slash", (right) => ({ ...right, path: `/${right.path}` })),
    mistake("5.1", "path: signed without its leading slash", (right) => ({ ...right, path: right.path.slice(1) })),
    mistake("5.1", "path: signed with the query", (right) => ({ ...right, path: `${right.path}?${rawQuery}` })),
    mistake("5.1", "path: signed / instead of the object's path", (right) => ({ ...right, path: "/" })),
    mistake("5.1", "path: signed in lower case", (right) => ({ ...right, path: right.path.toLowerCase() })),
  ];
}

/** What else may stand where the path belongs. */
function placeMistakes({ bucketHost }: CosSigningContext): Mistake[] {
  const forms = (["NFC", "NFD", "NFKC"] as const).map((form) =>
    mistake("5.1", `path: signed in the Unicode form ${form} instead of the bytes that were sent`, (right) => ({
      ...right,
      path: right.path.normalize(form),
    })),
  );
  const hosts = (right: CosRecipe): string => right.headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "";
  const origins = ["http://", "https://", "//", "/"].map((before) =>
    mistake("5.1", "path: signed with the host before it", (right) => ({
      ...right,
      path: `${before}${hosts(right)}${right.path}`,
    })),
  );
  if (bucketHost === undefined) return [...forms, ...origins];
  const bucket = bucketHost.split(".")[0] ?? "";
  return [
    ...forms,
    ...origins,
    mistake("5.1", "path: signed with the bucket before it", (right) => ({
      ...right,
      path: `/${bucket}${right.path}`,
    })),
    mistake("5.1", "path: signed with the bucket's own host before it", (right) => ({
      ...right,
      path: `https://${bucketHost}${right.path}`,
    })),
  ];
}

function orderMistakes({ listed }: CosSigningContext): Mistake[] {
  const rank = ({ raw }: RecipeField): number => listed.indexOf(canonicalName(raw));
  return [
    mistake("5.2", "names: sorted before they were lower-cased", (right) => ({
      ...right,
      order: (fields) => [...fields].sort((a, b) => byName(a.raw, b.raw)),
    })),
    mistake("5.2", "names: not sorted, or sorted before they were encoded and lower-cased", (right) => ({
      ...right,
      order: (fields) => [...fields].sort((a, b) => rank(a) - rank(b)),
    })),
    mistake("5.2", "names: left in the order in which they were sent", (right) => ({
      ...right,
      order: (fields) => fields,
    })),
    mistake("5.2", "names: sorted lower-cased but not encoded", (right) => ({
      ...right,
      order: (fields) => [...fields].sort((a, b) => byName(a.raw.toLowerCase(), b.raw.toLowerCase())),
    })),
    ...(["names", "query", "headers"] as const).flatMap((place) => nameMistakes(place, rank)),
    mistake("5.4", "query: a parameter without value signed without its =", (right) => ({
      ...right,
      pair: (field) => (field.value === "" ? field.name : right.pair(field)),
    })),
  ];
}

/** Names of both, of the query or of the headers that were not made canonical. */
function nameMistakes(place: "names" | "query" | "headers", rank: (field: RecipeField) => number): Mistake[] {
  const named = (right: CosRecipe, name: (name: string) => string): CosRecipe => ({
    ...right,
    paramName: place === "headers" ? right.paramName : name,
    headerName: place === "query" ? right.headerName : name,
  });
  const what = place === "names" ? "names" : `${place}: names`;
  const colon = place === "names" ? ":" : "";
  return [
    mistake("5.2", `${what}${colon} not lower-cased`, (right) => named(right, percentEncode)),
    mistake("5.2", `${what}${colon} not lower-cased, left in the order of the list`, (right) => ({
      ...named(right, percentEncode),
      order: (fields) => [...fields].sort((a, b) => rank(a) - rank(b)),
    })),
    mistake("5.2", `${what}${colon} not encoded`, (right) => named(right, (name) => name.toLowerCase())),
  ];
}

const encodingMistakes: readonly Mistake[] = valueEncodings.flatMap(wronglyEncoded);
/** Who writes an encoder writes one. */
const rareEncodings: readonly Mistake[] = rareValueEncodings.flatMap((encoding) => wronglyEncoded(encoding).slice(-1));

function wronglyEncoded({ rule, text, encode }: ValueEncoding): Mistake[] {
  return [
    mistake(rule, `query: values signed ${text}`, (right) => ({ ...right, paramValue: encode })),
    mistake(rule, `headers: values signed ${text}`, (right) => ({ ...right, headerValue: encode })),
    mistake(rule, `query and headers: values signed ${text}`, (right) => ({
      ...right,
      paramValue: encode,
      headerValue: encode,
    })),
  ];
}

const valueMistakes: readonly Mistake[] = [
  mistake("1.3", "content-type: signed without the parameters that were sent", (right) =>
    withHeader(right, "content-type", (value) => value.replace(/;.*$/, "")),
  ),
  mistake("1.3", "content-length: signed as 0", (right) => withHeader(right, "content-length", () => "0")),
  mistake("1.3", "content-length: signed as empty", (right) => withHeader(right, "content-length", () => "")),
  mistake("1.3", "content-type: signed as empty", (right) => withHeader(right, "content-type", () => "")),
  ...["host", "content-type", "content-length", "x-cos-security-token"].flatMap((name) =>
    [(value: string) => ` ${value}`, (value: string) => `${value} `, (value: string) => `${value}\n`].map((pad) =>
      mistake("1.3", `${name}: signed with white space around its value`, (right) => withHeader(right, name, pad)),
    ),
  ),
  mistake("5.2", "query: signed without its parameters", (right) => ({ ...right, params: [] })),
  mistake("5.2", "headers: signed as if there were none", (right) => ({ ...right, headers: [] })),
];

/** The lists say one thing and HttpString has another. */
function fieldMistakes({ listed, unlisted }: CosSigningContext): Mistake[] {
  const without = listed.map((name) =>
    mistake("5.7", `${name}: in the list, but not in HttpString`, (right) => ({
      ...right,
      headers: right.headers.filter(([raw]) => canonicalName(raw) !== name),
      params: right.params.filter(([raw]) => canonicalName(raw) !== name),
    })),
  );
  const withMore = (["headers", "params"] as const).flatMap((kind) =>
    unlisted[kind].map((field) =>
      mistake("5.7", `${field[0].toLowerCase()}: in HttpString, but not in the list`, (right) => ({
        ...right,
        [kind]: [...right[kind], field],
      })),
    ),
  );
  return [...without, ...withMore];
}
