import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { readFile, readlink } from "node:fs/promises";

/** What Node has of a socket and documents nowhere; nothing of it may be taken for granted. */
interface Handle {
  readonly fd?: unknown;
  readonly writeQueueSize?: unknown;
  /** What a TLS socket writes to. */
  readonly _parent?: Handle | undefined;
}

/** Bytes that are on their way out. */
interface Outstanding {
  /** In this process, for the kernel to take. */
  readonly queued: number;
  /** In the kernel, until the other side has confirmed them; 0 where the system does not tell (it is not Linux). */
  readonly held: number;
}

/**
 * How much of what was written to a socket has not left this machine, or was not confirmed. Two answers that differ say
 * that bytes move; what a number means by itself depends on the system.
 * @param freshMs milliseconds for which the kernel's table may be looked at again: many sockets ask at once
 */
export async function outstanding(socket: Socket, freshMs: number): Promise<Outstanding> {
  const { _handle: handle } = socket as Socket & { readonly _handle?: Handle | null };
  const { _parent: parent } = handle ?? {};
  const queued = sizeOf(handle?.writeQueueSize) + sizeOf(parent?.writeQueueSize);
  return { queued, held: await heldByKernel(handle?.fd, freshMs).catch(() => 0) };
}

function sizeOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

let table: { readonly text: Promise<string>; readonly at: number } | undefined;

async function heldByKernel(fd: unknown, freshMs: number): Promise<number> {
  if (process.platform !== "linux" || typeof fd !== "number" || fd < 0) return 0;
  // "socket:[123456]", the number of which is a column of the table.
  const inode = /\d+/.exec(await readlink(`/proc/self/fd/${fd}`))?.[0] ?? "";
  const now = performance.now();
  if (table === undefined || now - table.at > freshMs) table = { text: readTable(), at: now };
  const text = await table.text;
  const found = text.indexOf(` ${inode} `);
  const line = text.slice(text.lastIndexOf("\n", found) + 1, found);
  // "  0: 0100007F:1F90 0100007F:C350 01 00027100:00000000": addresses, state, bytes to send and to receive.
  return found === -1 ? 0 : Number.parseInt(line.trim().split(/\s+/)[4] ?? "0", 16);
}

async function readTable(): Promise<string> {
  const texts = ["tcp", "tcp6"].map((name) => readFile(`/proc/self/net/${name}`, "utf8").catch(() => ""));
  return (await Promise.all(texts)).join("\n");
}
