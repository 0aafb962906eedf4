/**
 * Why a document was refused.
 *
 * - `empty`: nothing but white space (COS's keep-alive of a Complete whose result never came)
 * - `too-large`: above 4 MiB, 100,000 elements or 32 levels
 * - `forbidden`: a DOCTYPE or an entity declaration
 * - `malformed`: not UTF-8, not well-formed (cut short, two roots, text after the root), or a value that is not what
 *   its element holds
 * - `unexpected-root`: a well-formed document of another kind; `element` is the root found
 * - `missing-element`: `element` is absent or empty
 */
export type XmlErrorReason = "empty" | "too-large" | "forbidden" | "malformed" | "unexpected-root" | "missing-element";

// Names come from the other side: a message must stay one short line.
const shown = (name: string): string => (name.length > 64 ? `${name.slice(0, 64)}…` : name);

/** Thrown for a document that is not what the caller can rely on. The message never quotes the document's text. */
export class XmlError extends Error {
  readonly reason: XmlErrorReason;
  /** The root found (`unexpected-root`) or the element concerned (`missing-element`, some `malformed`). */
  readonly element: string | undefined;

  constructor(reason: XmlErrorReason, message: string, element?: string, options?: ErrorOptions) {
    super(`${message}${element === undefined ? "" : ` <${shown(element)}>`}`, options);
    this.reason = reason;
    this.element = element;
  }
}
// An error of another copy of this module is one too, as those of errors.ts are.
const brand = Symbol.for("vodup.XmlError");
Object.defineProperties(XmlError.prototype, {
  name: { value: "XmlError", configurable: true, writable: true },
  [brand]: { value: true },
});
Object.defineProperty(XmlError, Symbol.hasInstance, {
  value: (error: unknown): boolean => typeof error === "object" && error !== null && brand in error,
});
