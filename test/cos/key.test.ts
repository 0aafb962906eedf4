import { expect, test } from "vitest";
import { objectPath, toKey } from "../../src/cos/key.ts";
import { encodeKeyPath } from "../../src/signing/index.ts";
import { vectors } from "../support/vector-form.ts";

interface KeyVector {
  readonly storagePath: string;
  readonly expected: { key: string; signedPath: string; requestPath: string } | { error: string };
}

test.each(vectors<KeyVector>("storage-key"))("$name", ({ storagePath, expected }) => {
  if ("error" in expected) {
    expect(() => toKey(storagePath)).toThrow(expected.error === "too-long" ? RangeError : TypeError);
    return;
  }
  const key = toKey(storagePath);
  expect(key).toBe(expected.key);
  expect(objectPath(key)).toBe(expected.signedPath);
  expect(`/${encodeKeyPath(key)}`).toBe(expected.requestPath);
  // What the engine gives to a client of COS is made a key once more.
  expect(toKey(objectPath(key))).toBe(key);
});
