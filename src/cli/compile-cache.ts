import { mkdirSync, statSync } from "node:fs";
import * as module from "node:module";
import { isAbsolute, join } from "node:path";
import { homeFolder } from "../home.ts";

/**
 * Has Node keep what V8 compiles of the command in `$XDG_CACHE_HOME/vodup` (`~/.cache/vodup`), from Node 22.1 on. Not
 * where Node itself would keep it, below the folder for temporary files: code is taken from there, and nobody else may
 * have put it there. Where that cannot be had the command compiles itself each time.
 */
export function keepCompiled(env: NodeJS.ProcessEnv): void {
  if (!("enableCompileCache" in module)) return;
  try {
    const base = env["XDG_CACHE_HOME"] ?? "";
    const folder = join(isAbsolute(base) ? base : join(homeFolder(), ".cache"), "vodup");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isOwn(folder)) module.enableCompileCache(folder);
  } catch {
    // No home, or a file system that takes no files.
  }
}

/** Whether nobody but this user writes there. Windows keeps the folders of a user apart by itself. */
function isOwn(folder: string): boolean {
  if (process.getuid === undefined) return true;
  const { uid, mode } = statSync(folder);
  return uid === process.getuid() && (mode & 0o022) === 0;
}
