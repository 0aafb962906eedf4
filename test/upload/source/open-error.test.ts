import { constants } from "node:os";
import { expect, test } from "vitest";
import { openError } from "../../../src/upload/source/open.ts";

test.each<[string, string, string, boolean?]>([
  ["ENOENT", "SOURCE_NOT_FOUND", "does not exist"],
  ["ENOTDIR", "SOURCE_NOT_FOUND", "does not exist"],
  ["EACCES", "SOURCE_UNREADABLE", "permission denied"],
  ["EPERM", "SOURCE_UNREADABLE", "permission denied"],
  ["EIO", "SOURCE_UNREADABLE", "input/output error", true],
  ["ESTALE", "SOURCE_UNREADABLE", "input/output error", true],
  ["EMFILE", "SOURCE_UNREADABLE", "input/output error", true],
])("opening that fails with %s is %s", (code, name, why, retryable = false) => {
  const cause = Object.assign(new Error("input/output error"), { code });
  const error = openError("/x/film.mp4", cause);
  expect(error).toMatchObject({ code: name, cause, retryable });
  expect(error.message).toContain("/x/film.mp4");
  expect(error.message).toContain(why);
});

test.each(["ESTALE", "EDQUOT", "ENOLCK"] as const)("%s, which Node knows by its number only, has its name", (name) => {
  const text = `Unknown system error -${constants.errno[name]}`;
  const error = openError(
    "/x/film.mp4",
    Object.assign(new Error(`${text}: ${text}, open '/x/film.mp4'`), { code: text }),
  );
  expect(error.message).toMatch(new RegExp(`^/x/film\\.mp4 cannot be read: ${name}: [a-z, ]+, open '/x/film\\.mp4'$`));
  expect(error.retryable).toBe(name !== "EDQUOT");
});
