import { setTimeout as sleep } from "node:timers/promises";
import type { Cassette } from "../../replay/cassette.ts";
import type { Command } from "../command.ts";
import { loadCassette } from "../../replay/load.ts";
import { startReplay } from "../../replay/player.ts";
import { UsageError } from "../args.ts";
import { parseInteger } from "../numbers.ts";
import { stopping } from "../stopping.ts";

type ReplayFlag = "port" | "verify";

/** A client that asks once too often does so at once; ending sooner would hide it. */
const lingerMs = 300;

/** `vodup replay`: one recorded conversation as a server, for a client in any language. */
export const replayCommand: Command<ReplayFlag> = {
  spec: {
    name: "replay",
    operands: "CASSETTE",
    summary: "play a recorded conversation to a client, and judge what the client sends",
    count: { least: 1, most: 1 },
    flags: {
      port: { value: "N", summary: "loopback port (default: any free one)" },
      verify: { summary: "take any right signature, not only one with the cassette's times and signed headers" },
    },
    notes: [
      'The first line of stdout is JSON: {"origin","scenario","secretId","secretKey","token"?,"clock","call"}: where it\n' +
        "listens, and what the client is to be given and asked.",
      "It ends when every reply was fetched, or by SIGINT or SIGTERM. The last line is the report, JSON:\n" +
        '{"unmatched","leftover","mismatches"}. Exit code 0 when all three are empty, 1 when they are not.',
    ],
  },
  run: async (args, terminal) => {
    const port = args.text("port");
    const cassette = await read(args.operands[0] ?? "");
    const run = stopping();
    try {
      const replay = await startReplay(cassette, {
        port: port === undefined ? undefined : parseInteger("port", port, 0, 65_535),
        authorization: args.has("verify") ? "verify" : "exact",
      });
      try {
        const { scenario, credentials, clock, call } = cassette;
        await terminal.deliver(JSON.stringify({ origin: replay.origin, scenario, ...credentials, clock, call }));
        await playedOrStopped(replay.played, run.signal);
        const report = replay.report();
        await terminal.print(JSON.stringify(report));
        return Object.values(report).every((list: readonly unknown[]) => list.length === 0) ? 0 : 1;
      } finally {
        await replay.close();
      }
    } finally {
      run.done();
    }
  },
};

async function read(file: string): Promise<Cassette> {
  try {
    return await loadCassette(file);
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function playedOrStopped(played: Promise<void>, signal: AbortSignal): Promise<void> {
  const stopped = new Promise<"stopped">((resolve) => {
    const answer = (): void => resolve("stopped");
    if (signal.aborted) answer();
    else signal.addEventListener("abort", answer, { once: true });
  });
  const ended = await Promise.race([played, stopped]);
  if (ended !== "stopped") await Promise.race([sleep(lingerMs), stopped]);
}
