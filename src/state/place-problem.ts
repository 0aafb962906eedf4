import { reasonOf, systemCode } from "../reason-of.ts";

/** What is wrong with the place of a state, by the code of the file system. */
const problems: Readonly<Record<string, string>> = {
  ENOSPC: "its disk is full; free some space",
  EDQUOT: "the quota of its disk is used up; free some space",
  EROFS: "it is on a read-only file system",
  ENOENT: "it does not exist and cannot be made",
  ENOTDIR: "a part of its path is not a directory",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
};

/** How the state of `vodup upload` is kept elsewhere. */
export const otherState = "set XDG_STATE_HOME to a directory that can be written";

/**
 * Why a file of state could not be kept: names the directory, and what to do.
 * @param path of the directory
 * @param elsewhere how to choose another directory
 */
export function placeProblem(path: string, cause: unknown, elsewhere: string): string {
  const code = systemCode(cause);
  const problem = code === undefined ? undefined : problems[code];
  if (problem === undefined) return reasonOf(cause);
  return `${path}: ${problem} (${code}); ${code === "ENOSPC" || code === "EDQUOT" ? "or " : ""}${elsewhere}`;
}
