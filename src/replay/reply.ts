/** Puts a reply on the wire, faults included. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "./cassette.ts";

function flatten(headers: Answer["headers"]): string[] {
  return headers.flatMap(([name, value]) => [name, value]);
}

function names(headers: Answer["headers"]): Set<string> {
  return new Set(headers.map(([name]) => name.toLowerCase()));
}

/** Ends the connection with a RST, as a crashed server or an impatient middlebox does. */
export function reset(incoming: IncomingMessage): void {
  incoming.socket.resetAndDestroy();
}

function sendInterim(response: ServerResponse, answer: Answer): void {
  for (const status of answer.interim ?? []) {
    if (status === 100) response.writeContinue();
    else if (status === 102) response.writeProcessing();
    else response.writeEarlyHints({ link: "</>; rel=preconnect" });
  }
}

function writeHead(response: ServerResponse, answer: Answer, method: string): void {
  const present = names(answer.headers);
  const headers = flatten(answer.headers);
  const bodiless = answer.status === 204 || answer.status === 304;
  if (answer.chunks !== undefined && !present.has("transfer-encoding")) headers.push("Transfer-Encoding", "chunked");
  // The answer to HEAD says the length of the object, which is not the length of a body: it is the cassette's to say.
  const counted = answer.chunks === undefined && !bodiless && method !== "HEAD";
  if (counted && !present.has("content-length")) headers.push("Content-Length", String(answer.body.length));
  // Only what the cassette says: a Date made here would make clock-skew tests depend on today.
  response.sendDate = false;
  response.writeHead(answer.status, headers);
  response.flushHeaders();
}

/** The body in the pieces the cassette asks for. */
function pieces(answer: Answer): Uint8Array[] {
  const sizes = answer.chunks ?? [];
  const end = answer.cut?.at ?? answer.body.length;
  const result: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at >= end) break;
    result.push(answer.body.subarray(at, Math.min(at + size, end)));
    at += size;
  }
  if (at < end) result.push(answer.body.subarray(at, end));
  return result;
}

async function write(response: ServerResponse, piece: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    response.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * Sends an answer. `complete` is called just before its last byte goes out: the client may act on that byte before
 * this function hears that it was written.
 */
export async function sendAnswer(
  incoming: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  complete: () => void,
  signal: AbortSignal,
): Promise<void> {
  sendInterim(response, answer);
  const withBody = incoming.method !== "HEAD" && answer.status !== 204 && answer.status !== 304;
  const parts = withBody ? pieces(answer) : [];
  const last = parts.pop();
  // A client that got all it can get goes on at once, so "answered" must not be later than the bytes.
  if (last === undefined) complete();
  writeHead(response, answer, incoming.method ?? "");
  for (const piece of parts) {
    await write(response, piece);
    if (answer.chunkDelayMs > 0) await sleep(answer.chunkDelayMs, undefined, { signal });
  }
  if (last !== undefined) {
    complete();
    if (answer.cut === undefined) response.end(last);
    else await write(response, last);
  } else if (answer.cut === undefined) {
    response.end();
  }
  if (answer.cut?.how === "close") incoming.socket.end();
  if (answer.cut?.how === "silence" && !incoming.socket.destroyed) await once(incoming.socket, "close", { signal });
}
