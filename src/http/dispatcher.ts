import type { Agent, Dispatcher, buildConnector } from "undici";
import { invalidArgument } from "../errors.ts";
import { markReused } from "./network-error.ts";

export type { Agent, Dispatcher };

/** How many connections one origin may have; the engine's concurrency stays far below it unless many uploads run at once. */
export const connectionsPerOrigin = 128;

/**
 * Makes the dispatcher that sends all requests: the caller's own, or an Agent of ours.
 * A dispatcher is known by its methods and not by its class, since the caller's undici may be another copy or another
 * major version than ours.
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when it is neither a dispatcher nor Agent options
 */
export async function openDispatcher(
  option: Dispatcher | Agent.Options | undefined,
  connectMs: number,
): Promise<{ dispatcher: Dispatcher; owned: boolean }> {
  if (isDispatcher(option)) return { dispatcher: option, owned: false };
  const { Agent, buildConnector } = await import("undici");
  const connect = option?.connect;
  const connector = typeof connect === "function" ? connect : buildConnector({ timeout: connectMs, ...connect });
  const dispatcher = new Agent({ connections: connectionsPerOrigin, ...option, connect: watched(connector) });
  return { dispatcher, owned: true };
}

/** Tells a socket that broke while it was new from one that the server had closed between two requests. */
function watched(connector: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connector(options, (...result) => {
      const [, socket] = result;
      socket?.prependListener("error", (error) => {
        if (socket.bytesRead > 0) markReused(error);
      });
      callback(...result);
    });
}

/** Refuses what cannot be used, before anything is sent. */
export function checkDispatcher(option: unknown): void {
  if (option === undefined || isDispatcher(option)) return;
  if (typeof option !== "object" || option === null || "dispatch" in option) {
    throw invalidArgument("dispatcher", "must be an undici Dispatcher (such as Agent or ProxyAgent) or Agent options");
  }
}

function isDispatcher(value: unknown): value is Dispatcher {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as { dispatch?: unknown; request?: unknown };
  return typeof candidate.dispatch === "function" && typeof candidate.request === "function";
}
