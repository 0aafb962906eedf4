import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { RecordError } from "../../src/batch/records.ts";
import { otherState, placeProblem } from "../../src/state/place-problem.ts";

const failure = (code: string): Error => Object.assign(new Error(`${code}: raw`), { code });

describe("why a file of state could not be kept", () => {
  test.each([
    [
      `Unknown system error -${constants.errno.EDQUOT}`,
      /^\/s\/vodup: the quota of its disk is used up; free some space \(EDQUOT\); or set XDG_STATE_HOME/,
    ],
    ["ENOSPC", /^\/s\/vodup: its disk is full; free some space \(ENOSPC\); or set XDG_STATE_HOME/],
    ["EROFS", /^\/s\/vodup: it is on a read-only file system \(EROFS\); set XDG_STATE_HOME/],
    ["ENOENT", /^\/s\/vodup: it does not exist and cannot be made \(ENOENT\); set XDG_STATE_HOME/],
    ["EACCES", /^\/s\/vodup: this user may not write there \(EACCES\); set XDG_STATE_HOME/],
  ])("%s names the directory and the remedy", (code, says) => {
    expect(placeProblem("/s/vodup", failure(code), otherState)).toMatch(says);
  });

  test("another error speaks for itself", () => {
    expect(placeProblem("/s", new Error("belongs to another user"), otherState)).toBe("belongs to another user");
    expect(placeProblem("/s", "odd", otherState)).toBe("odd");
  });

  test("of a journal it is another journal", () => {
    expect(new RecordError("/b/films.journal", failure("ENOSPC")).message).toMatch(
      /^\/b\/films\.journal cannot be written, so the batch was stopped: \/b: its disk is full.*--journal/,
    );
  });
});
