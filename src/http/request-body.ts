import type { Pacer } from "./pacer.ts";
import { untilAborted } from "./abort.ts";
import { loopTurn } from "./loop-turn.ts";
import { Outflow } from "./outflow.ts";
import { tap } from "./tap.ts";

/** A request body that can be sent any number of times: each `open()` starts it from the beginning. */
export interface ReplayableBody {
  readonly size: number;
  /** Each chunk must stay untouched until the next one is asked for. */
  open(): AsyncIterable<Uint8Array>;
  /** Told of bytes as the socket asks for them. */
  written?(bytes: number): void;
}

type RequestBody = Uint8Array | ReplayableBody | undefined;

/** What is known of a request while it is sent. */
export interface Meter {
  sentBytes: number;
  /** What the body's source threw. */
  error: { readonly thrown: unknown } | undefined;
  /** Of a body in chunks. */
  outflow: Outflow | undefined;
}

/** What sends it. */
interface Sender {
  readonly pacer: Pacer | undefined;
  /** Whether its sockets say which body they send. */
  readonly knowsBodies: boolean;
  readonly headersMs: number;
}

/** A request's body as undici takes it; null where there is none. */
export async function wireBody(
  { body: given, signal }: { readonly body?: RequestBody; readonly signal?: AbortSignal | undefined },
  meter: Meter,
  { pacer, knowsBodies, headersMs }: Sender,
): Promise<Uint8Array | AsyncIterable<Uint8Array> | null> {
  if (knowsBodies && pacer === undefined && isSmall(given)) {
    const whole = await inOnePiece(given, signal, meter);
    meter.outflow = new Outflow(headersMs);
    meter.outflow.whole(whole, () => {
      meter.sentBytes = whole.byteLength;
      given.written?.(whole.byteLength);
    });
    return whole;
  }
  const body = paced(given, signal, pacer);
  if (body === undefined) return null;
  if (body instanceof Uint8Array) {
    // A large buffer in one write would have to leave as a whole within the idle limit.
    if (body.byteLength > pieceSize)
      return reopened({ size: body.byteLength, open: () => pieces(body) }, meter, headersMs);
    meter.sentBytes = body.byteLength;
    return body;
  }
  // An empty iterable would leave out Content-Length; an empty buffer sends "Content-Length: 0".
  if (body.size === 0) return Buffer.alloc(0);
  return reopened(body, meter, headersMs);
}

/**
 * A RetryAgent of the caller's sends the same body a second time: it then begins again, where a generator would be
 * spent.
 */
function reopened(body: ReplayableBody, meter: Meter, headersMs: number): AsyncIterable<Uint8Array> {
  meter.outflow = new Outflow(headersMs);
  const { outflow } = meter;
  const open = (): AsyncIterable<Uint8Array> =>
    tap(body.open(), {
      see: (chunk) => {
        meter.sentBytes += chunk.byteLength;
        body.written?.(chunk.byteLength);
        outflow.handing(chunk);
      },
      ended: () => outflow.handing(undefined),
      failed: (thrown) => (meter.error = { thrown }),
      before: () => {
        outflow.asking();
        return loopTurn();
      },
    });
  return { [Symbol.asyncIterator]: () => open()[Symbol.asyncIterator]() };
}

/** Bytes of a buffer that are handed to the socket at a time. */
const pieceSize = 128 * 1024;

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.byteLength; from += pieceSize) yield bytes.subarray(from, from + pieceSize);
}

/** Bytes of a body that goes to the socket as a whole, together with the request's head. */
const smallSize = 64 * 1024;

function isSmall(body: RequestBody): body is ReplayableBody {
  return body !== undefined && !(body instanceof Uint8Array) && body.size > 0 && body.size <= smallSize;
}

/** The error that undici has for it. */
class WrongLength extends Error {
  readonly code = "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH";
}

/** A small body is read before it is sent: as a stream it would cost twice as much. */
async function inOnePiece(body: ReplayableBody, signal: AbortSignal | undefined, meter: Meter): Promise<Buffer> {
  const whole = Buffer.allocUnsafe(body.size);
  let size = 0;
  const read = async (): Promise<void> => {
    await loopTurn();
    for await (const chunk of body.open()) {
      // A copy: the chunk's buffer is used again.
      if (size < whole.byteLength) Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).copy(whole, size);
      size += chunk.byteLength;
      if (size > whole.byteLength || signal?.aborted === true) break;
    }
  };
  await untilAborted(read(), signal).catch((thrown: unknown) => {
    meter.error = { thrown };
    throw thrown;
  });
  signal?.throwIfAborted();
  if (size !== whole.byteLength) throw new WrongLength("the body does not have the length of its Content-Length");
  return whole;
}

/** Holds a body back to the client's rate. */
function paced(body: RequestBody, signal: AbortSignal | undefined, pacer: Pacer | undefined): RequestBody {
  if (pacer === undefined || body === undefined || body instanceof Uint8Array) return body;
  const open = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of body.open()) {
      for (let from = 0; from < chunk.byteLength; from += pacer.pieceSize) {
        // A copy: the socket may queue a small piece without asking to wait, and the chunk's buffer is used again.
        const piece = Uint8Array.prototype.slice.call(chunk, from, from + pacer.pieceSize);
        await pacer.take(piece.byteLength, signal);
        yield piece;
      }
    }
  };
  return { size: body.size, open, written: (bytes) => body.written?.(bytes) };
}
