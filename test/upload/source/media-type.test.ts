import { expect, test } from "vitest";
import { baseName } from "../../../src/upload/source/media-type.ts";

test("a name that is none gives no base name", () => {
  expect([undefined, "", "a", "a.b.mp4"].map(baseName)).toEqual([undefined, undefined, "a", "a.b"]);
});
