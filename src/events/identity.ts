import { createHash } from "node:crypto";
import type { VodEvent } from "./parse.ts";

/** What differs between two deliveries of one event: the proof of the sender, and the handle. */
const ofTheDelivery: ReadonlySet<string> = new Set(["Sign", "T", "EventHandle", "msgHandle"]);

/** No notification nests half as deep; what lies below does not count. */
const deepest = 64;

/**
 * A key that two deliveries of the same event share: neither format gives events an id, so it is the hash of all that
 * the notification says, whatever the order of its members and whether empty ones are null, `""` or left out. Two
 * events that say exactly the same, such as two deletions of the same derived files, are one event to it.
 */
export function eventIdentity(event: Pick<VodEvent, "raw">): string {
  const content = Object.fromEntries(Object.entries(event.raw).filter(([name]) => !ofTheDelivery.has(name)));
  return sha256(JSON.stringify(ordered(content, 0)));
}

export function sha256(...pieces: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("base64");
}

/** @returns undefined for what says nothing */
function ordered(value: unknown, depth: number): unknown {
  if (value === null || value === "") return undefined;
  if (typeof value !== "object") return value;
  if (depth === deepest) return "…";
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => ordered(item, depth + 1)).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  return Object.entries(value)
    .map(([name, member]): [string, unknown] => [name, ordered(member, depth + 1)])
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
