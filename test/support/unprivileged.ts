/** Of "nobody", who owns nothing. */
const nobody = 65_534;

/**
 * Does work without root's right to read everything, so that a file without permissions is unreadable in CI, too. The
 * process is another one's meanwhile: nothing else may be going on in it.
 */
export async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0 || process.seteuid === undefined) return work();
  process.seteuid(nobody);
  try {
    return await work();
  } finally {
    process.seteuid(0);
  }
}

/**
 * The same for a program that is started: root stays root, but for the two capabilities that pass over permissions. By
 * `setpriv` (util-linux), which every Linux has; who is not root needs none.
 */
export function unprivilegedCommand(command: readonly string[]): readonly string[] {
  if (process.geteuid?.() !== 0) return command;
  return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", ...command];
}
