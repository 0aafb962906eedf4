/**
 * Replays a cassette as a small HTTP server on 127.0.0.1. A client in any language can be judged by it: point its
 * endpoints at `origin`, or leave the real host names in place and send its connections there.
 *
 * A request that the cassette does not know, a field that is not as it says, and a reply that nobody fetched are all
 * failures; {@link Replay.report} lists them. A mismatch does not end the replay: the recorded reply is sent all the
 * same, so that one run shows everything that is wrong.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Arrived, FieldMismatch } from "./assert-request.ts";
import { assertRequest } from "./assert-request.ts";
import type { AuthorizationMode } from "./authorization.ts";
import type { Answer, Cassette, Reply } from "./cassette.ts";
import type { ReceivedRequest } from "./received.ts";
import { readBody, readHead } from "./received.ts";
import { reset, sendAnswer } from "./reply.ts";
import type { Leftover, Match } from "./script.ts";
import { Script } from "./script.ts";

export interface ReplayOptions {
  /** Port to listen on; 0 takes a free one. @defaultValue 0 */
  readonly port?: number | undefined;
  /**
   * How `Authorization` is judged: `exact` demands the cassette's signing times and signed headers, `verify` accepts
   * every signature that is right under its credentials and clock. @defaultValue "exact"
   */
  readonly authorization?: AuthorizationMode | undefined;
}

export interface UnmatchedRequest {
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly reason: string;
}

export interface Mismatch extends FieldMismatch {
  readonly interaction: string;
  /** 1 for the first try of this interaction. */
  readonly attempt: number;
}

export interface ReplayReport {
  /** Requests the cassette does not know, or knows no more. */
  readonly unmatched: readonly UnmatchedRequest[];
  /** Replies nobody fetched. */
  readonly leftover: readonly Leftover[];
  /** Fields that are not as the cassette says. */
  readonly mismatches: readonly Mismatch[];
}

export interface Replay {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Resolves when the last reply of the cassette has been handed to the system. */
  readonly played: Promise<void>;
  /** What has gone wrong so far; all three lists empty means: exactly as recorded. */
  readonly report: () => ReplayReport;
  /** Ends every connection and the server. */
  readonly close: () => Promise<void>;
}

class Player {
  readonly #cassette: Cassette;
  readonly #script: Script;
  readonly #mode: AuthorizationMode;
  readonly #closing = new AbortController();
  readonly #unmatched: UnmatchedRequest[] = [];
  readonly #mismatches: Mismatch[] = [];
  readonly played: Promise<void>;
  readonly #ended: () => void;
  #underWay = 0;

  constructor(cassette: Cassette, mode: AuthorizationMode) {
    this.#cassette = cassette;
    this.#script = new Script(cassette);
    this.#mode = mode;
    let ended = (): void => undefined;
    this.played = new Promise((resolve) => {
      ended = resolve;
    });
    this.#ended = ended;
  }

  report(): ReplayReport {
    return {
      unmatched: [...this.#unmatched],
      leftover: this.#script.leftover(),
      mismatches: [...this.#mismatches],
    };
  }

  stop(): void {
    this.#closing.abort();
  }

  async handle(incoming: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    const head = readHead(incoming);
    const match = this.#script.match(head);
    if (typeof match === "string") {
      this.#refuse(head, match, incoming, response);
      return;
    }
    if (match.tooEarlyFor.length > 0) {
      this.#note(match, [{ field: "order", expected: `after ${match.tooEarlyFor.join(", ")}`, actual: "before" }]);
    }
    this.#underWay += 1;
    try {
      await this.#perform(match, head, incoming, response, expectsContinue);
    } catch (error) {
      // The client went away, or the player is being closed. Neither is a deviation: what was due is counted already.
      if (!this.#closing.signal.aborted && !incoming.socket.destroyed) throw error;
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0 && this.#script.leftover().length === 0) this.#ended();
    }
  }

  async #perform(
    matched: Match,
    head: ReceivedRequest,
    incoming: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ): Promise<void> {
    const { interaction, reply, answered } = matched;
    const judge = (body: Uint8Array, arrived: Arrived): void => {
      const request = { ...head, body };
      this.#note(matched, assertRequest(this.#cassette, interaction.request, request, arrived, this.#mode));
    };

    const wanted = !expectsContinue || asksForBody(reply);
    if (expectsContinue && wanted) response.writeContinue();
    try {
      if (reply.kind === "reset-after-bytes") judge(await readBody(incoming, reply.at), "head");
      else if (wanted) judge(await readBody(incoming), "whole");
      else judge(new Uint8Array(0), "head");
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#note(matched, [cutShort]);
      throw error;
    }

    if (reply.delayMs > 0) await sleep(reply.delayMs, undefined, { signal: this.#closing.signal });
    switch (reply.kind) {
      case "answer":
        await sendAnswer(incoming, response, withoutContinue(reply, expectsContinue), answered, this.#closing.signal);
        return;
      case "reset-before-response":
      case "reset-after-bytes":
        answered();
        reset(incoming);
        return;
      case "timeout":
        answered();
        if (!incoming.socket.destroyed) await once(incoming.socket, "close", { signal: this.#closing.signal });
        return;
      default:
        reply satisfies never;
    }
  }

  #note(match: Match, mismatches: readonly FieldMismatch[]): void {
    for (const mismatch of mismatches) {
      this.#mismatches.push({ interaction: match.interaction.id, attempt: match.replyNumber, ...mismatch });
    }
  }

  #refuse(head: ReceivedRequest, reason: string, incoming: IncomingMessage, response: ServerResponse): void {
    this.#unmatched.push({ method: head.method, host: head.host, target: head.target, reason });
    incoming.resume();
    // 4xx, so that a client with retries does not ask five times more.
    response.writeHead(400, { "content-type": "text/plain; charset=utf-8", connection: "close" });
    response.end(`This request is not in the cassette: ${reason}\n`);
  }
}

const cutShort: FieldMismatch = { field: "body", expected: "a whole request", actual: "the connection ended before" };

/** Whether a request with `Expect: 100-continue` is asked for its body: always, unless the cassette says otherwise. */
function asksForBody(reply: Reply): boolean {
  return reply.kind !== "answer" || reply.interim === undefined || reply.interim.includes(100);
}

/** To a client that asked for it, 100 has been sent before its body was read. */
function withoutContinue(answer: Answer, expectsContinue: boolean): Answer {
  return expectsContinue ? { ...answer, interim: answer.interim?.filter((status) => status !== 100) } : answer;
}

/** Starts a player for one run of one cassette. */
export async function startReplay(cassette: Cassette, options: ReplayOptions = {}): Promise<Replay> {
  const player = new Player(cassette, options.authorization ?? "exact");
  let failure: unknown;
  const serve = (incoming: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    player.handle(incoming, response, expectsContinue).catch((error: unknown) => {
      failure = error;
      incoming.socket.destroy();
    });
  };
  const server = createServer((incoming, response) => serve(incoming, response, false));
  server.on("checkContinue", (incoming: IncomingMessage, response: ServerResponse) => serve(incoming, response, true));
  // How long a client takes is the cassette's business, not the server's.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;

  return {
    origin: `http://127.0.0.1:${address.port}`,
    played: player.played,
    report() {
      if (failure !== undefined) throw failure;
      return player.report();
    },
    async close() {
      player.stop();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
