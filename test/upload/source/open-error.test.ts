import { expect, test } from "vitest";
import { openError } from "../../../src/upload/source/open.ts";

test.each([
  ["ENOENT", "SOURCE_NOT_FOUND", "does not exist"],
  ["ENOTDIR", "SOURCE_NOT_FOUND", "does not exist"],
  ["EACCES", "SOURCE_UNREADABLE", "permission denied"],
  ["EPERM", "SOURCE_UNREADABLE", "permission denied"],
  ["EIO", "SOURCE_UNREADABLE", "input/output error"],
])("opening that fails with %s is %s", (code, name, why) => {
  const cause = Object.assign(new Error("input/output error"), { code });
  const error = openError("/x/film.mp4", cause);
  expect(error).toMatchObject({ code: name, cause, retryable: false });
  expect(error.message).toContain("/x/film.mp4");
  expect(error.message).toContain(why);
});
