import type { Agent, Dispatcher, buildConnector } from "undici";

/** What sending takes of undici. */
export interface UndiciAgent {
  /** Makes an Agent that has `request`. */
  readonly open: (options: Agent.Options) => Agent;
  readonly buildConnector: typeof buildConnector;
}

/**
 * Loads undici's Agent without fetch, WebSocket, caches and mocks, which the package's entry brings along
 * (docs/decisions/0010); where a version of undici keeps these files elsewhere, the whole package.
 */
export async function loadAgent(): Promise<UndiciAgent> {
  try {
    const [{ default: Agent }, { default: connector }, { default: request }] = await Promise.all([
      import("undici/lib/dispatcher/agent.js"),
      import("undici/lib/core/connect.js"),
      import("undici/lib/api/api-request.js"),
    ]);
    const open = (options: Agent.Options): Agent => {
      const agent = new Agent(options);
      // The package's entry is what gives dispatchers their `request`.
      const ask = (asked: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> => request.call(agent, asked);
      return Object.assign(agent, { request: ask });
    };
    return { open, buildConnector: connector };
  } catch {
    const { Agent, buildConnector: connector } = await import("undici");
    return { open: (options) => new Agent(options), buildConnector: connector };
  }
}
