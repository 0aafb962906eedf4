import type { Dispatcher } from "./dispatcher.ts";
import { invalidArgument } from "../errors.ts";
import { connectLimitMs } from "./dispatcher.ts";

/**
 * A dispatcher that goes through the proxy of `HTTPS_PROXY` (or `https_proxy`), but for the hosts of `NO_PROXY`; for
 * {@link VodClientOptions.dispatcher}. Requests travel in a CONNECT tunnel: the proxy sees host names, no request.
 *
 * @returns undefined when no proxy is set; otherwise yours to close, after the client
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when the variable holds no URL
 */
export async function proxyFromEnvironment(env: NodeJS.ProcessEnv = process.env): Promise<Dispatcher | undefined> {
  const httpsProxy = env["https_proxy"] ?? env["HTTPS_PROXY"] ?? "";
  if (httpsProxy === "") return undefined;
  const url = URL.canParse(httpsProxy) ? new URL(httpsProxy) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    // The value is not repeated: it may hold a password.
    throw invalidArgument("HTTPS_PROXY", "must be a URL such as http://proxy.example:3128");
  }
  const { EnvHttpProxyAgent } = await import("undici");
  return new EnvHttpProxyAgent({
    httpsProxy,
    // Plain http: goes to this machine only (see parseOrigin), where no proxy has any business.
    httpProxy: "",
    noProxy: env["no_proxy"] ?? env["NO_PROXY"] ?? "",
    connect: { timeout: connectLimitMs },
  });
}
