/**
 * Why something failed, in words. A caller's own code may throw anything: an object without a prototype cannot be made
 * a text of, and what is asked of a Proxy or a getter may throw once more.
 */
export function reasonOf(thrown: unknown): string {
  try {
    const reason: unknown = thrown instanceof Error ? thrown.message : thrown;
    return String(reason);
  } catch {
    return "something was thrown that cannot be shown";
  }
}
