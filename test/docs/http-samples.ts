/** The HTTP messages that docs/wire.md shows, read as what they stand for. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { once } from "node:events";

export interface HttpMessage {
  /** The request line or the status line. */
  readonly first: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** `(1048576 × "a")` in place of a body stands for that many letters. */
function bodyOf(text: string): Buffer {
  const [, count, letter] = /^\((\d+) × "(.)"\)\n$/.exec(text) ?? [];
  if (count !== undefined && letter !== undefined) return Buffer.alloc(Number(count), letter);
  return Buffer.from(text.replace(/\n$/, ""));
}

export function readMessage(code: string): HttpMessage {
  const [head = "", ...rest] = code.split("\n\n");
  const [first = "", ...lines] = head.trimEnd().split("\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(": ");
    if (colon < 1) throw new Error(`no header: ${line}`);
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  return { first, headers, body: bodyOf(rest.join("\n\n")) };
}

/** Sends a request as it is shown, to the server of `origin`; its Host stays the one shown. */
export async function sendMessage(origin: string, { first, headers, body }: HttpMessage): Promise<HttpMessage> {
  const [method = "", path = ""] = first.split(" ");
  const { hostname, port } = new URL(origin);
  const sent = httpRequest({ hostname, port, method, path, headers: headers.flat(), setHost: false, agent: false });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const raw = answer.rawHeaders;
  return {
    first: `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`,
    headers: raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""] as const] : [])),
    body: Buffer.concat(chunks),
  };
}

/** A message as a block shows it, without what belongs to the connection. */
export function showMessage({ first, headers, body }: HttpMessage): string {
  const own = headers.filter(([name]) => !/^(connection|keep-alive|transfer-encoding|server)$/i.test(name));
  const lines = [first, ...own.map(([name, value]) => `${name}: ${value}`)];
  return `${lines.join("\n")}\n${body.length === 0 ? "" : `\n${body.toString("utf8").trimEnd()}\n`}`;
}
