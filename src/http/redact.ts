import { withoutPieces } from "./pieces.ts";

/** Of an answer, what a server writes. */
interface Written {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Shorter than this a value is no secret, and would be found in any text. */
const leastLength = 8;

/** Characters of one text of a server that are kept: errors, journals and reports hold it. */
const longestText = 8_192;

const hidden = "[hidden]";

/** An ETag, a date or a CRC64 is shorter: in each answer only what is longer is searched for pieces. */
const longHeader = 40;

/** What names a secret wherever it stands: a token's header, however it is quoted, and a signature. */
const named: readonly RegExp[] = [
  /\b((?:x-cos-security-token|x-tc-token)["']?\s{0,9}[:=]\s{0,9}["']?)[^\s&"'<>;,]+/gi,
  /\b((?:q-)?signature\s{0,9}=\s{0,9})[0-9a-f]{40,64}/gi,
];

type Texts = readonly (string | undefined)[];

/** What no answer may repeat. */
export interface Secrets {
  /** Sent, and good for other requests too: a token. */
  readonly lasting: Texts;
  /** Never sent, as the secret key, or spent once the request has succeeded, as its signature. */
  readonly others: Texts;
}

/** Takes secrets out of a text. */
export type Hide = (text: string) => string;

/**
 * Makes a function that takes secrets out of text that came from outside. A server's messages may repeat what it was
 * sent: the services do so when a signature is wrong, and gateways print whole requests (wire §5.11).
 * What is longer than 8192 characters is cut.
 * @param secrets that were sent with the request, in whatever form they come back
 */
export function hider(...secrets: Texts): Hide {
  // Made for every request, and called for the few that fail.
  return (text) => {
    // First: a cut would leave half of a secret at the end, which nothing finds any more.
    let shown = withoutPieces(cutText(withoutSecrets(text, secrets)), secrets, hidden);
    for (const pattern of named) shown = shown.replaceAll(pattern, `$1${hidden}`);
    return shown;
  };
}

/** A server's text as it is kept: at most 8192 characters. */
export function cutText(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

/**
 * An answer without what its request held that is secret, before anything is made of it: an ETag, a date or a request
 * id that repeats a token would else reach messages, checkpoints and logs.
 */
export function redactAnswer<Answer extends Written>(answer: Answer, { lasting, others }: Secrets): Answer {
  // One character a byte: what is no text stays what it is.
  const body = answer.body.toString("latin1");
  // Nearly all hold none as a whole, and there is one for each request: looked for in all of it, and once.
  let text = body;
  for (const value of Object.values(answer.headers)) text += `\n${value}`;
  const lowered = text.toLowerCase();
  const held = lasting.concat(others).filter((secret) => mayHold(lowered, secret));
  const isRefusal = answer.status >= 300 || lowered.includes("error");
  const inPieces = isRefusal ? lasting.concat(others) : lasting;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    // Without a text it says no more than a header that is not there.
    if (value === "") continue;
    const whole = withoutSecrets(value, held);
    // Long, and of a success told to nobody: what is searched there would be most of what an answer costs.
    const isUsed = name !== "x-cos-trace-id" || answer.status >= 300;
    const isSearched = value.length >= longHeader && isUsed;
    headers[name] = cutText(isSearched ? withoutPieces(whole, inPieces, hidden) : whole);
  }
  const whole = withoutSecrets(body, held);
  // What is made of a longer one is searched field by field.
  const shown = body.length > 8 * longestText ? whole : withoutPieces(whole, inPieces, hidden);
  return { ...answer, headers, body: shown === body ? answer.body : Buffer.from(shown, "latin1") };
}

/** Every text of a decoded document, names included, passed through `hide`. */
export function hideAll<T>(value: T, hide: Hide): T {
  if (typeof value === "string") return hide(value) as T;
  if (Array.isArray(value)) return value.map((one: unknown) => hideAll(one, hide)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [hide(name), hideAll(one, hide)])) as T;
}

/** Takes out what is secret, whether it stands as it was sent or escaped for a URL, JSON, XML or HTML. */
export function withoutSecrets(text: string, secrets: Texts): string {
  if (secrets.length === 0) return text;
  let shown = text;
  const lowered = text.toLowerCase();
  for (const secret of secrets) {
    if (!mayHold(lowered, secret)) continue;
    shown = shown.replace(new RegExp(Array.from(secret, anyForm).join(""), "gi"), hidden);
  }
  return shown;
}

/** Whether a text, in lower case, can hold a secret in any form. */
function mayHold(lowered: string, secret: string | undefined): secret is string {
  if (secret === undefined || secret.length < leastLength) return false;
  const stem = stemOf(secret);
  return stem === undefined || lowered.includes(stem);
}

/** A piece of a secret that no encoding changes: where it is not found, no form of the secret is. */
function stemOf(secret: string): string | undefined {
  return /[0-9a-z]{8,24}/i.exec(secret)?.[0].toLowerCase();
}

const entities: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };

/** A pattern for one character in every form. None of the alternatives is the beginning of another: time is linear. */
function anyForm(character: string): string {
  if (/[0-9a-z]/i.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const bytes = [...Buffer.from(character)];
  const plain = code < 128 ? String.raw`\\{0,2}\x${hex(code)}` : `\\u${code.toString(16).padStart(4, "0")}`;
  const forms = [
    code > 0xffff
      ? character
          .split("")
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16)}`)
          .join("")
      : plain,
    ...(code < 128 ? [] : [bytes.map((byte) => `\\x${hex(byte)}`).join("")]),
    bytes.map((byte) => `%(?:25){0,3}${hex(byte)}`).join(""),
    String.raw`\\{1,4}u${code.toString(16).padStart(4, "0")}`,
    `&#0{0,6}${code};`,
    `&#x0{0,6}${code.toString(16)};`,
    ...(entities[character] === undefined ? [] : [`&${entities[character]};`]),
    ...(character === " " ? [String.raw`\+`] : []),
  ];
  return `(?:${forms.join("|")})`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
