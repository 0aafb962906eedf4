import type { buildConnector } from "undici";
import type { Socket } from "node:net";

/** Bytes of interim responses that one request may get; a head of undici's own may have 16 KiB. */
const mostBytes = 64 * 1024;

const requestLine = /^[A-Z]+ \S+ HTTP\/1\.1\r\n/;
/** 101 is none of them: after it the connection speaks something else, and no request here asks for that. */
const interimLine = /^HTTP\/1\.1 1(?!01)\d\d[ \r]$/;
/** Completes a line of which only the beginning has come: it may still become an interim response. */
const shortestLine = "HTTP/1.1 100 ";
const endOfHead = "\r\n\r\n";

/** Whether it begins with a line of another status than 1xx: by far the most do. */
function isFinal(chunk: Buffer): boolean {
  return chunk.byteLength >= shortestLine.length && chunk[shortestLine.indexOf("1", 8)] !== 0x31;
}

/** More interim responses than a request may get. */
export class InterimFlood extends Error {
  readonly code = "VODUP_INTERIM_FLOOD";

  constructor() {
    super(`more than ${mostBytes / 1024} KiB of interim (1xx) responses and no other`);
  }
}

/**
 * Takes interim responses (100, 102, 103 …) off each socket before undici reads them. RFC 9110 §15.2 has a client
 * accept any number of them, asked for or not; undici destroys the connection at a 100 (docs/decisions/0024). None of
 * them prolongs an idle limit.
 */
export function withoutInterim(connect: buildConnector.connector): buildConnector.connector {
  // undici's own connector returns its socket; only its types leave that out.
  return (options, callback) =>
    connect(options, (...result) => {
      // With an error some of undici's connectors leave it out.
      const socket: Socket | null | undefined = result[1];
      if (socket) takeInterim(socket);
      callback(...result);
    });
}

/**
 * Only what comes between the head of a request and the first byte of its answer is looked at, so that a body may hold
 * anything. That is right as long as a connection has one request at a time.
 */
function takeInterim(socket: Socket): void {
  let isAwaiting = false;
  let taken = 0;
  let held: Buffer | undefined;
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  const push = socket.push.bind(socket);

  const strip = (chunk: Buffer): Buffer | undefined => {
    const heldBytes = held?.byteLength ?? 0;
    let rest = held === undefined ? chunk : Buffer.concat([held, chunk]);
    let searched = Math.max(0, heldBytes - endOfHead.length);
    held = undefined;
    for (;;) {
      const line = rest.toString("latin1", 0, shortestLine.length);
      if (!interimLine.test(line + shortestLine.slice(line.length))) {
        isAwaiting = false;
        return rest;
      }
      const end = rest.indexOf(endOfHead, searched);
      if (end === -1) break;
      searched = 0;
      taken += end + endOfHead.length;
      rest = rest.subarray(end + endOfHead.length);
    }
    held = rest;
    if (taken + rest.byteLength > mostBytes) socket.destroy(new InterimFlood());
    return undefined;
  };

  Object.assign(socket, {
    write: (...args: unknown[]): boolean => {
      const [chunk] = args;
      if (typeof chunk === "string" && requestLine.test(chunk)) {
        isAwaiting = true;
        taken = 0;
        held = undefined;
      }
      return write(...args);
    },
    push: (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (!isAwaiting || !Buffer.isBuffer(chunk)) return push(chunk, encoding);
      if (held === undefined && isFinal(chunk)) {
        isAwaiting = false;
        return push(chunk, encoding);
      }
      const passed = strip(chunk);
      return passed === undefined || push(passed);
    },
  });
}
