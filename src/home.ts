import { homedir, userInfo } from "node:os";
import { isAbsolute } from "node:path";

/**
 * The user's folder. `HOME` counts where it is absolute: an empty one would put state and keys below whatever folder a
 * command runs in. A container may run as a number that no user has, and then has none: nothing is found there, and
 * nothing can be kept.
 */
export function homeFolder(): string {
  return [homedir, () => userInfo().homedir].map(attempt).find((path) => path !== undefined) ?? "/nonexistent";
}

function attempt(ask: () => string): string | undefined {
  try {
    const path = ask();
    return isAbsolute(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
