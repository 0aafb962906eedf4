import type { Agent, Dispatcher, buildConnector } from "undici";

/** What sending takes of undici. */
export interface UndiciAgent {
  /** Makes an Agent that has `request`. */
  readonly open: (options: Agent.Options) => Agent;
  readonly buildConnector: typeof buildConnector;
}

/** The three of its files that are used. */
interface UndiciInside {
  readonly Agent: typeof Agent;
  readonly connector: typeof buildConnector;
  readonly request: (this: Dispatcher, asked: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>;
}

/** Not written into `import()`: a bundler would put fetch, WebSocket and the rest of undici into every program. */
const wholePackage = "undici/index.js";

/** By these Node, Bun and Deno say that a file is not there, or not for others. */
const notFound = new Set(["ERR_MODULE_NOT_FOUND", "ERR_PACKAGE_PATH_NOT_EXPORTED", "MODULE_NOT_FOUND"]);

/**
 * Loads undici's Agent without fetch, WebSocket, caches and mocks, which the package's entry brings along
 * (docs/decisions/0010); where a version of undici keeps these files elsewhere, the whole package. Any other failure to
 * load them is one: it would only come back later, and say less.
 * @param inside undici's own files
 */
export async function loadAgent(inside: () => Promise<UndiciInside> = loadInside): Promise<UndiciAgent> {
  const loaded = await inside().catch((error: unknown) => {
    if (error instanceof Error && "code" in error && notFound.has(String(error.code))) return undefined;
    throw error;
  });
  if (loaded === undefined) {
    const { Agent, buildConnector: connector } = (await import(
      /* webpackIgnore: true */ /* @vite-ignore */ wholePackage
    )) as Pick<UndiciInside, "Agent"> & { readonly buildConnector: UndiciInside["connector"] };
    return { open: (options) => new Agent(options), buildConnector: connector };
  }
  const { Agent, connector, request } = loaded;
  const open = (options: Agent.Options): Agent => {
    const agent = new Agent(options);
    // The package's entry is what gives dispatchers their `request`.
    const ask = (asked: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> => request.call(agent, asked);
    return Object.assign(agent, { request: ask });
  };
  return { open, buildConnector: connector };
}

/**
 * One after the other: where a loader's hooks hand over CommonJS, Node 20 and 22 fail when two imports of files that
 * share others are under way.
 */
async function loadInside(): Promise<UndiciInside> {
  const agent = await import("undici/lib/dispatcher/agent.js");
  const connect = await import("undici/lib/core/connect.js");
  const request = await import("undici/lib/api/api-request.js");
  return { Agent: onlyExport(agent), connector: onlyExport(connect), request: onlyExport(request) };
}

/**
 * What a file of CommonJS exports, a function in all three: bundlers disagree on whether `import()` gives it as
 * `default`, as the `default` of that, or itself.
 * @throws Error when it is none of these: sending would fail later, and say less
 */
export function onlyExport<T>(module: { readonly default: T }): T {
  const inner: unknown = (module.default as { default?: unknown } | undefined)?.default;
  const found = [module.default, inner, module].find((value) => typeof value === "function");
  if (found !== undefined) return found as T;
  throw new Error("undici was changed by a bundler: leave it out of the bundle (docs/runtimes.md)");
}
