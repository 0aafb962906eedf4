import { posix, sep } from "node:path";

/** Which of the files of a folder, or of the sources of a manifest, belong to a batch. */
export interface Choice {
  /** A folder that is left out is not even looked into. @param path relative to the folder */
  readonly takesFolder: (path: string) => boolean;
  /** @param path relative to the folder, or a source as a manifest has it */
  readonly takes: (path: string) => boolean;
}

export const everything: Choice = { takesFolder: () => true, takes: () => true };

/**
 * Reads globs (`*`, `**`, `?`, `[a-z]`, `{mp4,mov}`). One with a slash is compared with the whole path, one without
 * with each name in it: `--exclude drafts` leaves out every folder of that name and what is below it.
 * @param include when there is any, one of them must match the file
 * @param exclude none of them may match the file or a folder that it is in
 */
export async function readChoice(include: readonly string[], exclude: readonly string[]): Promise<Choice> {
  if (include.length === 0 && exclude.length === 0) return everything;
  const { default: picomatch } = await import("#picomatch");
  const compile = (glob: string): ((path: string) => boolean) => {
    const isOfName = !glob.includes("/");
    const matches = picomatch(glob.replace(/^\.?\//, "").replace(/\/$/, ""), { dot: true });
    return (path) => matches(isOfName ? posix.basename(path) : path);
  };
  const [chosen, left] = [include.map(compile), exclude.map(compile)];
  const isLeft = (path: string): boolean => foldersAndSelf(path).some((part) => left.some((matches) => matches(part)));
  return {
    takesFolder: (path) => !isLeft(slashed(path)),
    takes: (path) => {
      const name = slashed(path);
      if (chosen.length > 0 && !chosen.some((matches) => matches(name))) return false;
      return !isLeft(name);
    },
  };
}

/** Globs are written with slashes on every system. What a manifest calls `./film.mp4` is `film.mp4`. */
function slashed(path: string): string {
  return path.split(sep).join("/").replace(/^\.\//, "").replace(/\/$/, "");
}

/** `a/b/c.mp4`: `a`, `a/b`, `a/b/c.mp4`. */
function foldersAndSelf(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
