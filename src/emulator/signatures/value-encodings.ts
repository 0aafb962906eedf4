import { percentEncode } from "../../signing/index.ts";

/** A wrong way to encode a value for a canonical text. */
export interface ValueEncoding {
  readonly rule: string;
  /** Follows "values signed". */
  readonly text: string;
  readonly encode: (value: string) => string;
}

const form = (value: string): string => percentEncode(value).replaceAll("%20", "+").replaceAll("%2A", "*");

/** What the encoders of many languages do instead of wire §1.2. */
export const valueEncodings: readonly ValueEncoding[] = [
  { rule: "5.12", text: "as they are, not encoded", encode: (value) => value },
  { rule: "5.12", text: "encoded twice", encode: (value) => percentEncode(percentEncode(value)) },
  { rule: "1.2", text: "by encodeURIComponent alone, which leaves ! ' ( ) *", encode: encodeURIComponent },
  { rule: "1.2", text: "by encodeURI, which leaves reserved characters", encode: encodeURI },
  { rule: "1.2", text: "with their slashes left", encode: (value) => percentEncode(value).replaceAll("%2F", "/") },
  {
    rule: "1.2",
    text: "encoded as a form: a space as +",
    encode: (value) => percentEncode(value).replaceAll("%20", "+"),
  },
  {
    rule: "1.2",
    text: "encoded as a form: a space as +, * left, ~ as %7E",
    encode: (v) => form(v).replaceAll("~", "%7E"),
  },
  { rule: "1.2", text: "encoded as a form: a space as +, * left", encode: form },
  {
    rule: "1.2",
    text: "with escapes in lower-case hexadecimal",
    encode: (value) => percentEncode(value).replace(/%../g, (escape) => escape.toLowerCase()),
  },
  { rule: "5.12", text: "in lower case", encode: (value) => percentEncode(value).toLowerCase() },
];

/** Ways in which the encoders of languages differ, each with the escape it leaves out or writes otherwise. */
const encodingHabits = [
  ["spaces as +", (text: string) => text.replaceAll("%20", "+")],
  ["* left", (text: string) => text.replaceAll("%2A", "*")],
  ["~ as %7E", (text: string) => text.replaceAll("~", "%7E")],
  ["/ left", (text: string) => text.replaceAll("%2F", "/")],
  ["! ' ( ) left", (text: string) => text.replaceAll(/%2[1789]/g, decodeURIComponent)],
  [": @ left", (text: string) => text.replaceAll(/%3A|%40/g, decodeURIComponent)],
  ["in lower-case hexadecimal", (text: string) => text.replaceAll(/%../g, (escape) => escape.toLowerCase())],
] as const;

/** Every combination of them: what it is called matters less than that it is not {@link percentEncode}. */
export const rareValueEncodings: readonly ValueEncoding[] = Array.from(
  { length: 2 ** encodingHabits.length - 1 },
  (_, index) => {
    const habits = encodingHabits.filter((_habit, place) => ((index + 1) >> place) % 2 === 1);
    return {
      rule: "1.2",
      text: `with ${habits.map(([text]) => text).join(", ")}`,
      encode: (value: string) => habits.reduce((text, [, change]) => change(text), percentEncode(value)),
    };
  },
);
