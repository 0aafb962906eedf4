import { constants } from "node:os";

/**
 * Why something failed, in words. A caller's own code may throw anything: an object without a prototype cannot be made
 * a text of, and what is asked of a Proxy or a getter may throw once more.
 */
export function reasonOf(thrown: unknown, depth = 0): string {
  try {
    const reason: unknown = thrown instanceof Error ? wordsOf(thrown, depth) : thrown;
    return String(reason).replace(unnamed, (_, number: string) => {
      const name = nameOf(Number(number));
      return `${name}: ${words[name] ?? "system error"}`;
    });
  } catch {
    return "something was thrown that cannot be shown";
  }
}

/** Some errors have no message: Node's of a name with several addresses has one for each of them inside. */
function wordsOf(error: Error, depth: number): string {
  // One may be inside itself.
  const inner: readonly unknown[] = depth < 2 && error instanceof AggregateError ? error.errors : [];
  return error.message || inner.map((one) => reasonOf(one, depth + 1)).join("; ") || error.name;
}

/** The system's name of what failed, such as `ENOENT`; also of those that Node gives as a number (it has no ESTALE). */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "string") return undefined;
  const number = /^Unknown system error -(\d+)$/.exec(code)?.[1];
  return number === undefined ? code : nameOf(Number(number));
}

/** As Node says it: once as the code, once as the text. */
const unnamed = /Unknown system error -(\d+)(?:: Unknown system error -\1)?/;

/** What of it is met with files. */
const words: Readonly<Record<string, string>> = {
  ESTALE: "stale file handle, its server was started or exported again",
  EDQUOT: "the disk quota is used up",
  ENOLCK: "no locks available",
};

function nameOf(number: number): string {
  const found = Object.entries(constants.errno).find(([, value]) => value === number);
  return found?.[0] ?? `system error ${number}`;
}
