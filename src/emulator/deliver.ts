import { setImmediate } from "node:timers";
import { Disconnected, type Answer, type Exchange } from "./exchange.ts";
import type { Fault } from "./faults.ts";

/**
 * Carries out one request: the faults that come before the operation, the operation, the faults that come after it,
 * and the answer. `operate` may read the body or leave it; what is left is read here.
 *
 * @throws {Disconnected} when there is nobody to answer.
 */
export async function carryOut(exchange: Exchange, operate: () => Promise<Answer> | Answer): Promise<void> {
  const { fault } = exchange;
  switch (fault?.kind) {
    case "reset-before":
      throw exchange.reset();
    case "hang":
      await exchange.drain();
      return exchange.hang();
    case "delay":
      await exchange.pause(fault.ms);
      break;
    case "answer":
      if (fault.early === true) {
        await send(exchange, { ...imposed(fault), headers: { ...imposed(fault).headers, Connection: "close" } });
        return;
      }
      if (fault.afterEffect === true) break;
      await exchange.drain();
      await send(exchange, imposed(fault));
      return;
    default:
  }
  const answer = await operate();
  await exchange.drain();
  await deliver(exchange, answer);
}

function imposed(fault: Extract<Fault, { kind: "answer" }>): Answer {
  return { status: fault.status, headers: fault.headers ?? {}, body: Buffer.from(fault.body ?? "") };
}

async function deliver(exchange: Exchange, answer: Answer): Promise<void> {
  const { fault } = exchange;
  switch (fault?.kind) {
    case "reset-after-effect":
      throw exchange.reset();
    case "answer":
      return send(exchange, imposed(fault));
    case "slow-response":
      await exchange.pause(fault.ms);
      return send(exchange, answer);
    case "wrong-crc64":
      return send(
        exchange,
        changeHeader(answer, "x-cos-hash-crc64ecma", (value) => String(BigInt(value) ^ 1n)),
      );
    case "drop-crc64":
      return send(
        exchange,
        changeHeader(answer, "x-cos-hash-crc64ecma", () => undefined),
      );
    case "wrong-etag":
      return send(
        exchange,
        changeHeader(answer, "ETag", (value) => value.replace(/[0-9a-f]/, otherDigit)),
      );
    case "edit-answer": {
      const text = (await wholeBody(answer)).toString("utf8");
      return send(exchange, { ...answer, body: Buffer.from(text.replaceAll(fault.from, fault.to)) });
    }
    case "white-space":
      return sendPieces(exchange, { ...answer, status: 200 }, [Buffer.from("  \n  ")]);
    case "keep-alive": {
      const spaces = Array.from({ length: fault.spaces }, () => Buffer.from(" "));
      return sendPieces(exchange, { ...answer, status: 200 }, [...spaces, await wholeBody(answer)], { ms: fault.ms });
    }
    case "late-error": {
      const spaces = Array.from({ length: fault.spaces ?? 3 }, () => Buffer.from("\n"));
      return sendPieces(exchange, answer, [...spaces, await wholeBody(answer)], { ms: fault.ms ?? 0 });
    }
    case "trickle": {
      const body = await wholeBody(answer);
      const bytes = Array.from(body, (_byte, index) => body.subarray(index, index + 1));
      return sendPieces(exchange, answer, bytes, { ms: fault.ms, length: body.length });
    }
    case "truncate-answer": {
      // The answer to a HEAD ends with its head: with another length in it, it would be whole, and say something false.
      if (exchange.method === "HEAD") throw exchange.reset();
      const body = await wholeBody(answer);
      // Cut inside the promised length; an answer without a body is cut inside its head's promise of one.
      const length = Math.max(body.length, fault.bytes + 1);
      await sendPieces(exchange, answer, [body.subarray(0, fault.bytes)], { length, end: false });
      throw exchange.reset();
    }
    default:
      return send(exchange, answer);
  }
}

const otherDigit = (digit: string): string => (digit === "0" ? "1" : "0");

function changeHeader(answer: Answer, name: string, change: (value: string) => string | undefined): Answer {
  const headers = { ...answer.headers };
  const value = headers[name];
  if (value === undefined) return answer;
  const changed = change(value);
  if (changed === undefined) delete headers[name];
  else headers[name] = changed;
  return { ...answer, headers };
}

async function wholeBody(answer: Answer): Promise<Buffer> {
  if (answer.body instanceof Uint8Array) return Buffer.from(answer.body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const inCapitals = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));

function writeHead(exchange: Exchange, answer: Answer, extra: Readonly<Record<string, string>>): void {
  const { response, entry } = exchange;
  if (response.destroyed || exchange.request.socket.destroyed) throw new Disconnected("the peer left");
  entry.status = answer.status;
  entry.code = answer.code;
  const named = { Date: new Date(exchange.now).toUTCString(), ...extra, ...answer.headers };
  const headers = exchange.fault?.kind === "capital-headers" ? inCapitals(named) : named;
  const body = answer.body instanceof Uint8Array ? answer.body : undefined;
  exchange.trace.answer = { headers, body };
  response.writeHead(answer.status, headers);
}

function framing({ status, body, chunked }: Answer): Record<string, string> {
  if (status === 204 || !(body instanceof Uint8Array)) return {};
  return chunked === true ? { "Transfer-Encoding": "chunked" } : { "Content-Length": String(body.length) };
}

async function send(exchange: Exchange, answer: Answer): Promise<void> {
  const { response } = exchange;
  writeHead(exchange, answer, framing(answer));
  if (answer.body instanceof Uint8Array) {
    response.end(answer.body);
    return;
  }
  for await (const chunk of answer.body) await write(exchange, chunk);
  response.end();
}

async function write(exchange: Exchange, chunk: Uint8Array): Promise<void> {
  const { response } = exchange;
  if (response.destroyed) throw new Disconnected("the peer left");
  if (response.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const proceed = (): void => {
      response.off("drain", proceed);
      response.off("close", proceed);
      resolve();
    };
    response.once("drain", proceed);
    response.once("close", proceed);
  });
}

/** Sends the pieces `ms` apart; without `length` in chunks, as an answer whose length is not known when it begins. */
async function sendPieces(
  exchange: Exchange,
  answer: Answer,
  pieces: readonly Uint8Array[],
  { ms = 0, length, end = true }: { readonly ms?: number; readonly length?: number; readonly end?: boolean } = {},
): Promise<void> {
  const { "Content-Length": _declared, ...headers } = answer.headers;
  writeHead(exchange, { ...answer, headers }, length === undefined ? {} : { "Content-Length": String(length) });
  exchange.response.flushHeaders();
  for (const piece of pieces) {
    await write(exchange, piece);
    if (ms > 0) await exchange.pause(ms);
  }
  if (end) exchange.response.end();
  else await new Promise<void>((resolve) => setImmediate(resolve));
}
