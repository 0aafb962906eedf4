import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Check } from "./check.ts";
import { otherState, placeProblem } from "../state/place-problem.ts";
import { pass, unknown } from "./check.ts";

/** Less is used up by the checkpoints of a few large uploads. */
const leastFreeBytes = 10 * 2 ** 20;

/**
 * Whether unfinished uploads can be kept, without making anything. Uploads go through without it, so that it is no
 * failure.
 */
export async function checkState(directory: string): Promise<Check> {
  const consequence = "uploads cannot be resumed";
  for (let path = directory; ; path = dirname(path)) {
    try {
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
      const { bavail, bsize } = await statfs(path);
      const free = bavail * bsize;
      if (free < leastFreeBytes) {
        const detail = `${directory}: its disk has ${Math.round(free / 1024)} KiB left; ${consequence} when it is full`;
        return unknown("state", detail, `free some space, or ${otherState}`);
      }
      const detail = path === directory ? "can be written" : "can be made when it is needed";
      return pass("state", `${directory} ${detail}`);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Not there yet: then what it would be made in counts.
      if (code === "ENOENT" && path !== dirname(path)) continue;
      return unknown("state", `${consequence}: ${placeProblem(path, error, otherState)}`, otherState);
    }
  }
}
