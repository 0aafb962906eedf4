import { XmlError } from "./error.ts";

const namedEntities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const referenceForm = /&(?:#x([0-9A-Fa-f]+);|#([0-9]+);|(amp|lt|gt|quot|apos);)?/g;

/**
 * Decodes the five named entities and numeric character references in one pass, so `&amp;#34;` stays the text `&#34;`.
 *
 * References to control characters are accepted although XML 1.0 forbids them: object keys may hold them and
 * S3-like services write them so.
 *
 * @throws {XmlError} `malformed` for a bare `&`, an undeclared entity, a surrogate, NUL, or a number above U+10FFFF.
 */
export function decodeReferences(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    referenceForm,
    (_all, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      const named = name === undefined ? undefined : namedEntities[name];
      if (named !== undefined) return named;
      const codePoint = hex === undefined ? Number.parseInt(decimal ?? "", 10) : Number.parseInt(hex, 16);
      const surrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
      // NaN (a bare ampersand or an unknown entity) fails the first comparison.
      if (!(codePoint > 0 && codePoint <= 0x10ffff) || surrogate) {
        throw new XmlError("malformed", "XML holds a character reference that stands for no character");
      }
      return String.fromCodePoint(codePoint);
    },
  );
}

// Raw CR would be read back as LF, and raw control characters are not XML at all.
// oxlint-disable-next-line no-control-regex
const specialCharacter = /[&<>"\u0001-\u0008\u000b-\u001f\u007f]/g;
const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/**
 * Escapes text for element content; {@link decodeReferences} of the result is the same text.
 * NUL and lone surrogates have no form in XML and become U+FFFD.
 */
export function escapeText(text: string): string {
  return text
    .replace(/[\0\p{Surrogate}]/gu, "\uFFFD")
    .replace(specialCharacter, (character) => escapes[character] ?? `&#${character.charCodeAt(0)};`);
}
