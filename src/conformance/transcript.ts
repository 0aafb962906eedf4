import type { IncomingMessage, ServerResponse } from "node:http";
import type { LoggedRequest } from "../emulator/index.ts";

/** Of a body that is text; more of it would be no reading matter. */
const mostText = 64 * 1024;

interface Answered {
  status: number;
  headers: readonly (readonly [string, string])[];
  readonly pieces: Buffer[];
}

/** Listens to what the emulator sends, request by request. */
export class Transcript {
  readonly #answers: Answered[] = [];

  /** To be called as each request arrives, in the order of the emulator's log. */
  readonly listen = (_request: IncomingMessage, response: ServerResponse): void => {
    const answered: Answered = { status: 0, headers: [], pieces: [] };
    this.#answers.push(answered);
    const [write, end, writeHead] = [
      response.write.bind(response),
      response.end.bind(response),
      response.writeHead.bind(response),
    ];
    const keep = (chunk: unknown): void => {
      if (chunk instanceof Uint8Array) answered.pieces.push(Buffer.from(chunk));
    };
    Object.assign(response, {
      writeHead: (...given: Parameters<typeof writeHead>) => {
        answered.status = given[0];
        answered.headers = Object.entries(given.at(-1) ?? {}).map(([name, value]) => [name, String(value)]);
        return Reflect.apply(writeHead, response, given);
      },
      write: (...given: Parameters<typeof write>) => {
        keep(given[0]);
        return Reflect.apply(write, response, given);
      },
      end: (...given: Parameters<typeof end>) => {
        keep(given[0]);
        return Reflect.apply(end, response, given);
      },
    });
  };

  /** Every exchange as text, by the name of its file. `requests` is the whole log. */
  files(requests: readonly LoggedRequest[]): ReadonlyMap<string, string> {
    const heard = requests.filter(({ operation }) => operation !== "Malformed");
    return new Map(
      requests.map((request) => {
        const name = `${String(request.id).padStart(3, "0")}-${request.operation.replace(/[^A-Za-z]+/g, "-")}.txt`;
        return [name, exchangeText(request, this.#answers[heard.indexOf(request)])];
      }),
    );
  }
}

function exchangeText(request: LoggedRequest, answered: Answered | undefined): string {
  const { method, path, rawQuery, headers, json, xml, bodyBytes, fault, message } = request;
  const target = rawQuery === undefined ? path : `${path}?${rawQuery}`;
  const text = xml ?? (json === undefined ? undefined : JSON.stringify(json));
  const body = bodyBytes === 0 ? [] : ["", text === undefined || text === "" ? `(${bodyBytes} bytes)` : text];
  const asked = [`${method} ${target} HTTP/1.1`, ...Object.entries(headers).map(headerLine), ...body];
  const struck = fault === undefined ? [] : [`# The scenario's fault: ${fault}`];
  return [...struck, ...asked, "", ...answerLines(answered, message), ""].join("\n");
}

const headerLine = ([name, value]: readonly [string, string]): string => `${name}: ${value}`;

function answerLines(answered: Answered | undefined, message: string | undefined): string[] {
  if (answered === undefined) return [`# Refused: ${message ?? "not an HTTP request"}`];
  if (answered.status === 0) return ["# No answer: the connection was cut, or the client left"];
  const body = Buffer.concat(answered.pieces);
  const text = body.subarray(0, mostText).toString("utf8");
  const shown = body.length === 0 ? [] : ["", text.includes("\0") ? `(${body.length} bytes)` : text];
  return [`HTTP/1.1 ${answered.status}`, ...answered.headers.map(headerLine), ...shown];
}
