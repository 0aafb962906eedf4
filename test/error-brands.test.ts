import { expect, test } from "vitest";
import * as errors from "../src/errors.ts";
import * as xmlErrors from "../src/xml/error.ts";

/** The same module a second time, as a process has it whose packages import and require this one. */
const copy = (await import(
  /* @vite-ignore */ `${new URL("../dist/joined/errors.js", import.meta.url).href}?copy`
)) as typeof errors;

test("an error of another copy of the package is an instance of the same class, and of its base", () => {
  const theirs = new copy.SourceError("SOURCE_NOT_FOUND", "no such file");
  expect(Object.getPrototypeOf(theirs)).not.toBe(errors.SourceError.prototype);
  expect(theirs instanceof errors.SourceError).toBe(true);
  expect(theirs instanceof errors.VodupError).toBe(true);
  expect(theirs instanceof errors.CosError).toBe(false);
  expect(new errors.SourceError("SOURCE_NOT_FOUND", "x") instanceof copy.SourceError).toBe(true);
});

test("a subclass of the caller's has its own instances and no others", () => {
  class Own extends errors.VodupError {}
  expect(new errors.VodupError("NETWORK", "x") instanceof Own).toBe(false);
  expect(new Own("NETWORK", "x") instanceof Own).toBe(true);
  expect(new Own("NETWORK", "x") instanceof errors.VodupError).toBe(true);
});

test("the same holds of the errors of XML, which decide how a manifest is read", async () => {
  const path = new URL("../dist/joined/xml-cos-documents.js", import.meta.url).href;
  const other = (await import(/* @vite-ignore */ `${path}?copy`)) as typeof xmlErrors;
  expect(new other.XmlError("empty", "x") instanceof xmlErrors.XmlError).toBe(true);
  expect(new Error("x") instanceof xmlErrors.XmlError).toBe(false);
});

test("nothing else is one", () => {
  for (const value of [undefined, null, 1, "VodupError", {}, new Error("x"), { name: "VodupError", code: "NETWORK" }]) {
    expect(value instanceof errors.VodupError).toBe(false);
  }
});
