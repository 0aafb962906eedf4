/** A request as it came off the wire. */
import type { IncomingMessage } from "node:http";

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query, verbatim. */
  readonly target: string;
  /** The `Host` header, as sent. */
  readonly host: string;
  /** Lower-case name → every value sent under it, in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** What had arrived when the request was judged. */
  readonly body: Uint8Array;
}

/** Node reads header bytes as latin1; what was meant is UTF-8. Bytes that are no UTF-8 stay as they are. */
function headerText(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  const text = bytes.toString("utf8");
  return text.includes("\ufffd") ? value : text;
}

/** The head of a request; its body is added when it has been read. */
export function readHead(incoming: IncomingMessage): ReceivedRequest {
  const headers = new Map<string, string[]>();
  const raw = incoming.rawHeaders;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    const values = headers.get(name) ?? [];
    values.push(headerText(raw[at + 1] ?? ""));
    headers.set(name, values);
  }
  return {
    method: incoming.method ?? "",
    target: incoming.url ?? "",
    host: headers.get("host")?.[0] ?? "",
    headers,
    body: new Uint8Array(0),
  };
}

/** Reads the body to its end, or until `limit` bytes have come. Rejects when the client goes away before. */
export async function readBody(incoming: IncomingMessage, limit: number = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  if (limit === 0) return Buffer.alloc(0);
  const iterator: AsyncIterable<Buffer> = incoming.iterator({ destroyOnReturn: false });
  for await (const piece of iterator) {
    pieces.push(piece);
    length += piece.length;
    if (length >= limit) break;
  }
  return Buffer.concat(pieces);
}
