import type { buildConnector } from "undici";
import type { Socket } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";
import { performance } from "node:perf_hooks";

/** Who is told on which socket a body's first chunk was written. */
const waiting = new WeakMap<object, (socket: Socket) => void>();

/** Sockets that say which body they send: undici does not, and their buffers are what {@link Outflow} looks at. */
export function knowingBodies(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...result) => {
      const socket: Socket | null | undefined = result[1];
      if (socket) tellBodies(socket);
      callback(...result);
    });
}

function tellBodies(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  Object.assign(socket, {
    write: (...args: unknown[]): boolean => {
      const [chunk] = args;
      if (typeof chunk === "object" && chunk !== null) {
        waiting.get(chunk)?.(socket);
        // Its buffer is used again.
        waiting.delete(chunk);
      }
      return write(...args);
    },
  });
}

/** How often in the course of the limit it is looked whether something moved. */
const looks = 4;

/** The error that undici has for it. */
class NothingMoved extends Error {
  readonly code = "UND_ERR_HEADERS_TIMEOUT";
}

/**
 * The idle limit of a request with a body: ends the connection when nothing has left it for so long, and no answer
 * came. undici's own counts from the last chunk that the socket took: at 64 kbit/s a chunk takes as long as the limit
 * to leave, and what the kernel holds takes minutes (docs/decisions/0025).
 */
export class Outflow {
  readonly #limitMs: number;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #movedAt = 0;
  #handed = 0;
  #last = { handed: 0, queued: -1, held: -1 };
  /** Its source is asked for the next chunk: what that takes is no fault of the connection. */
  #isAsking = true;
  #isOver = false;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * The body is one chunk: the limit begins when a socket is given it.
   * @param given called then
   */
  whole(body: Uint8Array, given: () => void): void {
    waiting.set(body, (socket) => {
      given();
      this.#socket = socket;
      this.handing(undefined);
    });
  }

  /** The next chunk is asked for: what was handed over is with the socket. */
  asking(): void {
    this.#isAsking = true;
  }

  /** A chunk goes to the socket, or undefined: that was the last. */
  handing(chunk: Uint8Array | undefined): void {
    this.#isAsking = false;
    this.#handed += 1;
    this.#movedAt = performance.now();
    if (this.#timer !== undefined) return;
    if (chunk !== undefined) waiting.set(chunk, (socket) => (this.#socket = socket));
    this.#wind();
  }

  /** The answer has begun, or none will come. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#socket = undefined;
    this.#isOver = true;
  }

  #wind(): void {
    const leftMs = this.#movedAt + this.#limitMs - performance.now();
    this.#timer = setTimeout(() => void this.#look(), Math.max(1, Math.min(this.#limitMs / looks, leftMs)));
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    if (this.#isAsking || (await this.#hasMoved())) this.#movedAt = performance.now();
    if (this.#isOver) return;
    if (performance.now() - this.#movedAt < this.#limitMs) return this.#wind();
    this.#socket?.destroy(new NothingMoved("nothing moved within the headers limit"));
  }

  async #hasMoved(): Promise<boolean> {
    const before = this.#last;
    this.#last = { ...before, handed: this.#handed };
    const socket = this.#socket;
    if (before.handed !== this.#handed || socket === undefined) return false;
    // Seldom needed: what moves is seen above.
    const { outstanding } = await import("./outstanding.ts");
    const { queued, held } = await outstanding(socket, this.#limitMs / looks / 2);
    this.#last = { ...this.#last, queued, held };
    return before.queued !== -1 && (before.queued !== queued || before.held !== held);
  }
}
