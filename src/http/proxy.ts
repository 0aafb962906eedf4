import type { Pool as UndiciPool, buildConnector as build } from "undici";
import type { Dispatcher } from "./dispatcher.ts";
import { invalidArgument } from "../errors.ts";
import { connectionsPerOrigin, ownSockets } from "./dispatcher.ts";
import { withoutInterim } from "./interim.ts";
import { knowingBodies } from "./outflow.ts";
import { defaultLimits } from "./limits.ts";

/** What a failed tunnel looks like to network-error.ts, whatever made it fail. */
export class TunnelError extends Error {
  readonly code = "VODUP_TUNNEL";
}

/**
 * A dispatcher that reaches `https:` hosts through the proxy of `HTTPS_PROXY`, but for those of `NO_PROXY` (both also
 * in lower case, which is looked at first); undefined when no proxy is set. It belongs to the caller, who closes it.
 *
 * Requests go through a tunnel (CONNECT): the proxy sees host names and encrypted bytes, no request. `http:` hosts,
 * which for both services can only be loopback ones, are reached directly, whatever `HTTP_PROXY` says: such a proxy
 * would see every header.
 *
 * @param env @defaultValue process.env
 * @param connectMs milliseconds that reaching the proxy, its answer, and the TLS handshake behind it may each take
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when `HTTPS_PROXY` is no URL of an HTTP proxy; its value is never shown,
 * since it may hold a password
 */
export async function proxyFromEnvironment(
  env: NodeJS.ProcessEnv = process.env,
  connectMs: number = defaultLimits.connectMs,
): Promise<Dispatcher | undefined> {
  const [name, text] = firstSet(env, ["https_proxy", "HTTPS_PROXY"]) ?? [];
  if (name === undefined || text === undefined) return undefined;
  const proxy = parseProxy(name, text);
  // By its file: Bun puts a stub in the place of the package's name, which would bypass the proxy in silence.
  const { EnvHttpProxyAgent, Pool, buildConnector } = await import("undici/index.js");
  const agent = new EnvHttpProxyAgent({
    httpProxy: "",
    httpsProxy: proxy.origin,
    noProxy: firstSet(env, ["no_proxy", "NO_PROXY"])?.[1] ?? "",
    ...(proxy.token === undefined ? {} : { token: proxy.token }),
    connections: connectionsPerOrigin,
    connect: buildConnector({ timeout: connectMs }),
    proxyTls: { timeout: connectMs },
    requestTls: { timeout: connectMs },
    // For hosts behind the proxy as for those reached directly: in both cases `connect` is a function by now.
    factory: (origin, options: UndiciPool.Options) =>
      new Pool(origin, { ...options, connect: knowingBodies(withoutInterim(options.connect as build.connector)) }),
    clientFactory: (origin, options) => {
      const pool = new Pool(origin, { ...options, headersTimeout: connectMs, bodyTimeout: connectMs });
      const connect = pool.connect.bind(pool);
      // A proxy that closes the connection must not look like the service doing so: undici would dial forever.
      const tunnel = (request: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> =>
        connect(request).catch((cause: unknown) => {
          throw new TunnelError(`the proxy ${origin.host} cannot be used: ${reasonOf(cause, connectMs)}`, { cause });
        });
      return Object.assign(pool, { connect: tunnel });
    },
  });
  ownSockets.add(agent);
  return agent;
}

function firstSet(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
): readonly [name: string, value: string] | undefined {
  for (const name of names) {
    const value = env[name]?.trim() ?? "";
    if (value !== "") return [name, value];
  }
  return undefined;
}

function parseProxy(name: string, text: string): { readonly origin: string; readonly token: string | undefined } {
  const remedy = "must be the URL of an HTTP proxy, such as http://proxy.example.com:3128";
  let url: URL;
  let pair: string;
  try {
    // "proxy:3128" is common, and as a URL would have the scheme "proxy:".
    url = new URL(text.includes("://") ? text : `http://${text}`);
    pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  } catch {
    // Without its cause, which would repeat the value.
    throw invalidArgument(name, remedy);
  }
  // "http:/proxy" and "http//proxy" become the host "http".
  const isMisspelt = url.hostname === "http" || url.hostname === "https";
  if (isMisspelt || (url.protocol !== "http:" && url.protocol !== "https:")) throw invalidArgument(name, remedy);
  return {
    origin: url.origin,
    token: pair === ":" ? undefined : `Basic ${Buffer.from(pair, "utf8").toString("base64")}`,
  };
}

function reasonOf(thrown: unknown, connectMs: number): string {
  const first: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  const { code, message } = first instanceof Error ? (first as NodeJS.ErrnoException) : {};
  if (code === "UND_ERR_HEADERS_TIMEOUT") return `no answer within ${connectMs / 1000} s`;
  return message ?? String(first);
}
