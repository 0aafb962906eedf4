import type { Check } from "./check.ts";
import type { SubAppIdInfo, VodApi } from "../vod-api/index.ts";
import { entriesOf } from "../json.ts";
import { NetworkError, VodApiError } from "../vod-api/index.ts";
import { fail, isUnauthorized, messageOf, pass, unknown } from "./check.ts";

/** Beyond this the service refuses signatures; half of it deserves a word. */
const refusedSkewMs = 300_000;
const noticedSkewMs = 60_000;

/** What one harmless call shows of the way to the service, the clock and the key. */
export interface Probe {
  /** Only when the proxy turned out not to let through. */
  readonly proxy?: Check | undefined;
  readonly endpoint: Check;
  readonly clock: Check;
  readonly key: Check;
  /** Whether the service can be asked anything more. */
  readonly accepted: boolean;
  /** The account's applications; undefined when the key may not list them. */
  readonly subApps: readonly SubAppIdInfo[] | undefined;
}

/**
 * Asks for the account's applications.
 * @param hasKey false when the API signs with a placeholder, only to see whether anyone is there
 */
export async function probe(api: VodApi, hasKey: boolean, signal: AbortSignal): Promise<Probe> {
  try {
    const { SubAppIdInfoSet } = await api.call("DescribeSubAppIds", { Limit: 200 }, { signal });
    const answered = { endpoint: pass("endpoint", "the service answers"), clock: judgeClock(api.clockSkewMs) };
    const subApps = entriesOf(SubAppIdInfoSet);
    return { ...answered, key: pass("key", "the service accepts it"), accepted: true, subApps };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NetworkError) return unreached(error);
    if (!(error instanceof VodApiError)) return unasked(error);
    const key = hasKey ? judgeKey(error) : unknown("key", "there is none to try");
    return {
      endpoint: pass("endpoint", "the service answers"),
      clock: judgeClock(api.clockSkewMs),
      key,
      accepted: key.status === "pass",
      subApps: undefined,
    };
  }
}

const remedies: Readonly<Record<string, string>> = {
  PROXY: "check HTTPS_PROXY, with user name and password if the proxy wants them",
  BAD_ANSWER: "something else than the service answers here: check proxies, captive portals and --vod-endpoint",
  TIMEOUT: "check the firewall: the service is reached on TCP port 443",
};

function unreached(error: NetworkError): Probe {
  const remedy =
    remedies[error.code] ?? "check the network and its DNS, a proxy that may be needed, and --vod-endpoint";
  const untried = "the service was not reached";
  const isProxy = error.code === "PROXY";
  return {
    proxy: isProxy ? fail("proxy", error.message, remedy, error) : undefined,
    endpoint: isProxy ? unknown("endpoint", untried) : fail("endpoint", error.message, remedy, error),
    clock: unknown("clock", untried),
    key: unknown("key", untried),
    accepted: false,
    subApps: undefined,
  };
}

/** The call could not even be made: a provider that failed when it was asked again. */
function unasked(error: unknown): Probe {
  const untried = "the service was not asked";
  return {
    endpoint: unknown("endpoint", untried),
    clock: unknown("clock", untried),
    key: fail("key", messageOf(error), "fix the provider of the credentials", error),
    accepted: false,
    subApps: undefined,
  };
}

function judgeClock(skewMs: number | undefined): Check {
  if (skewMs === undefined) return unknown("clock", "the service did not say what time it is");
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  // A Date header counts whole seconds, and travels for a while.
  const detail = seconds <= 2 ? "right" : `${seconds} s ${skewMs > 0 ? "behind" : "ahead of"} the service's`;
  const remedy = "synchronise this machine's clock (NTP)";
  if (Math.abs(skewMs) > refusedSkewMs) {
    const consequence = "beyond 5 minutes signatures are refused; vodup corrects itself, others cannot";
    return fail("clock", `${detail}: ${consequence}`, remedy);
  }
  return pass("clock", detail, Math.abs(skewMs) > noticedSkewMs ? remedy : undefined);
}

function judgeKey(error: VodApiError): Check {
  if (isUnauthorized(error)) return pass("key", "the service accepts it, though it may not list applications");
  if (!error.apiCode.startsWith("AuthFailure")) return unknown("key", error.message);
  return fail("key", `${error.apiCode} (request ${error.requestId ?? "unknown"})`, error.hint, error);
}
