import type { Agent, Dispatcher, buildConnector } from "undici";
import { invalidArgument } from "../errors.ts";
import { checkAgentOptions } from "./agent-options.ts";
import { withoutInterim } from "./interim.ts";
import { loadAgent } from "./load-agent.ts";
import { knowingBodies } from "./outflow.ts";
import type { LookupFunction } from "node:net";
import type { Reach } from "./reach.ts";
import { InternalAddress, isInternal, isInternalAddress, publicLookup, unseenReach } from "./reach.ts";
import { markReused } from "./network-error.ts";

export type { Agent, Dispatcher };

/**
 * What is used of a dispatcher, whichever major version of undici it comes from: every `Dispatcher` of undici 6, 7
 * and 8 is one.
 */
export interface DispatcherLike {
  readonly dispatch: (options: never, handler: never) => boolean;
  readonly request: (options: never) => Promise<unknown>;
}

/**
 * How many connections one origin may have; the engine's concurrency stays far below it unless many uploads run at
 * once.
 */
export const connectionsPerOrigin = 128;

/**
 * Makes the dispatcher that sends all requests: the caller's own, or an Agent of ours.
 * A dispatcher is known by its methods and not by its class, since the caller's undici may be another copy or another
 * major version than ours.
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when it is neither a dispatcher nor Agent options
 */
export async function openDispatcher(
  option: DispatcherLike | Agent.Options | undefined,
  connectMs: number,
): Promise<OpenedDispatcher> {
  if (isDispatcher(option)) {
    const knowsBodies = ownSockets.has(option);
    return { dispatcher: option, knowsBodies, reach: unseenReach(option), close: async () => {} };
  }
  const { open, buildConnector } = await loadAgent();
  const options = option as Agent.Options | undefined;
  const connect = options?.connect;
  const connector = typeof connect === "function" ? connect : buildConnector({ timeout: connectMs, ...connect });
  const connecting = new Set<Destroyable>();
  const reached = new Map<string, boolean>();
  const agent = (through: buildConnector.connector): Dispatcher =>
    open({
      connections: connectionsPerOrigin,
      ...options,
      // Nothing is won by more, and what is taken off a socket depends on it (interim.ts).
      pipelining: Math.min(options?.pipelining ?? 1, 1),
      connect: watched(knowingBodies(withoutInterim(through)), connecting, reached),
    });
  const dispatcher = agent(connector);
  let guarded: Dispatcher | undefined;
  const guard = (): Dispatcher => {
    const resolve = typeof connect === "object" && "lookup" in connect ? (connect.lookup as LookupFunction) : undefined;
    const safe = { timeout: connectMs, ...(typeof connect === "object" ? connect : {}), lookup: publicLookup(resolve) };
    return agent(refusing(typeof connect === "function" ? connect : buildConnector(safe)));
  };
  const reach: Reach = {
    dispatcher,
    isInternal: ({ hostname, host }) => isInternal(hostname) || reached.get(host) === true,
    publicOnly: async ({ hostname, host }) => {
      if (isInternal(hostname)) throw new InternalAddress(host);
      return (guarded ??= guard());
    },
  };
  const close = async (): Promise<void> => {
    await Promise.all([dispatcher.destroy(), guarded?.destroy()]);
    // undici lets these run into their limit, and the process with them, though nobody waits for them any more.
    for (const socket of connecting) socket.destroy();
  };
  // A factory of the caller's may connect by itself.
  return { dispatcher, knowsBodies: options?.factory === undefined, reach, close };
}

/** Dispatchers that are made elsewhere of sockets that are ours. */
export const ownSockets: WeakSet<object> = new WeakSet();

/** Ends a connection to an internal address before anything is sent by it. */
function refusing(connector: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connector(options, (...result) => {
      const [, socket] = result;
      if (!isDestroyable(socket) || !isInternalAddress(socket.remoteAddress)) callback(...result);
      else {
        socket.destroy();
        callback(new InternalAddress(options.host ?? options.hostname), null);
      }
    });
}

export interface OpenedDispatcher {
  readonly dispatcher: Dispatcher;
  /** Whether its sockets say which body they send: where they do not, undici's own idle limit has to do. */
  readonly knowsBodies: boolean;
  readonly reach: Reach;
  /** Ends all connections; a dispatcher that the caller gave stays as it is. */
  readonly close: () => Promise<void>;
}

interface Destroyable {
  destroy(): unknown;
}

/**
 * Tells a socket that broke while it was new from one that the server had closed between two requests, and knows those
 * that are not connected yet, and which hosts lead to internal addresses.
 */
function watched(
  connector: buildConnector.connector,
  connecting: Set<Destroyable>,
  reached: Map<string, boolean>,
): buildConnector.connector {
  return (options, callback) => {
    let pending: unknown;
    const ended = (): void => {
      if (isDestroyable(pending)) connecting.delete(pending);
    };
    // undici's own connector returns its socket; only its types leave that out.
    const connect: (...args: Parameters<typeof connector>) => unknown = connector;
    pending = connect(options, (...result) => {
      const [, socket] = result;
      ended();
      if (isDestroyable(socket)) {
        const host = options.host ?? options.hostname;
        // One public address is enough: the name may lead elsewhere the next time.
        reached.set(host, (reached.get(host) ?? true) && isInternalAddress(socket.remoteAddress));
      }
      socket?.prependListener("error", (error) => {
        if (socket.bytesRead > 0) markReused(error);
      });
      callback(...result);
    });
    if (isDestroyable(pending)) connecting.add(pending);
  };
}

function isDestroyable(value: unknown): value is Destroyable {
  return typeof value === "object" && value !== null && "destroy" in value && typeof value.destroy === "function";
}

/**
 * Refuses what cannot be used, before anything is sent. Options are a plain object: what has a class of its own and
 * does not dispatch, such as the `ProxyAgent` that Bun gives for `undici`, would be bypassed in silence.
 */
export function checkDispatcher(option: unknown): void {
  if (option === undefined || isDispatcher(option)) return;
  if (isPlain(option)) return checkAgentOptions(option);
  const kinds = "an undici Dispatcher (such as Agent or ProxyAgent) or Agent options";
  const stub = "bun" in process.versions ? '; Bun puts a stub in the place of "undici": import "undici/index.js"' : "";
  throw invalidArgument("dispatcher", `must be ${kinds}${stub}`);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null || "dispatch" in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // That of another realm has none itself.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isDispatcher(value: unknown): value is Dispatcher {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as { dispatch?: unknown; request?: unknown };
  return typeof candidate.dispatch === "function" && typeof candidate.request === "function";
}
