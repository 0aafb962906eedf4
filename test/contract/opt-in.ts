import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import type { TestContext } from "vitest";

/** Says on the screen that nothing was tested, and counts as skipped. */
export function notRun(context: TestContext, why: string): void {
  console.warn(`not run: ${why}. It needs a network, and cannot run where there is none.`);
  context.skip(why);
}

/** Why no connection to a host can be had; undefined when it can. */
export async function isUnreachable(host: string, port = 443): Promise<string | undefined> {
  try {
    await lookup(host);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 10_000 });
    const end = (reason: string | undefined): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.once("connect", () => end(undefined));
    socket.once("timeout", () => end("no answer in 10 s"));
    socket.once("error", (error) => end(error.message));
  });
}
