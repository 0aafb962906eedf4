import type { CredentialProvider, VodClientOptions } from "../index.ts";
import type { Check, CheckName } from "./check.ts";
import { proxyFromEnvironment } from "../index.ts";
import { VodApi } from "../vod-api/index.ts";
import { fail, unknown } from "./check.ts";
import { checkCredentials, checkNode, checkProxy } from "./machine.ts";
import { probe } from "./probe.ts";
import { checkEvents, checkRegions } from "./settings.ts";
import { checkState } from "./state.ts";
import { checkStorage, placeholder } from "./storage.ts";

/** What is to be looked at: the same as uploads would use. */
export interface Setup extends Pick<
  VodClientOptions,
  "site" | "region" | "vodEndpoint" | "cosEndpoint" | "limits" | "clock"
> {
  readonly credentials: CredentialProvider;
  readonly subAppId?: string | undefined;
  /** The region that uploads name; undefined: the application's default. */
  readonly storageRegion?: string | undefined;
  /** Where unfinished uploads are kept. */
  readonly stateDirectory: string;
  /** Where a proxy is named, and Node's settings are. */
  readonly env: NodeJS.ProcessEnv;
  /** As in `process.versions.node`. */
  readonly nodeVersion: string;
  readonly signal: AbortSignal;
}

type Dispatcher = NonNullable<Awaited<ReturnType<typeof proxyFromEnvironment>>>;

/** Somebody is watching: silence is told sooner than uploads would. */
const limits = { connectMs: 5_000, headersMs: 10_000, bodyMs: 10_000 };

/**
 * Looks at everything that an upload needs, without changing anything, and tells each finding as soon as it is known.
 * What rests on something that failed is `unknown`.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for options that no client would take; the signal's own reason
 */
export async function* diagnose(setup: Setup): AsyncGenerator<Check> {
  const { env, signal, storageRegion, nodeVersion, cosEndpoint, stateDirectory, ...connection } = setup;
  const { subAppId } = connection;
  const now = setup.clock ?? Date.now;
  yield checkNode(nodeVersion, env);
  yield await checkState(stateDirectory);
  const { check, found } = await checkCredentials(setup.credentials, now());
  yield check;
  const proxy = await openProxy(env);
  if (proxy.refusal !== undefined) {
    yield proxy.refusal;
    yield* untried(
      ["endpoint", "clock", "key", "sub-app", "storage-region", "events", "storage"],
      "the service was not reached: the proxy cannot be used",
    );
    return;
  }
  const { dispatcher } = proxy;
  const idle = { ...limits, ...setup.limits };
  const retry = { attempts: 2 };
  const api = new VodApi({ ...connection, limits: idle, credentials: found ?? placeholder, dispatcher, retry });
  try {
    const first = await probe(api, found !== undefined, signal);
    yield first.proxy ?? checkProxy(env);
    yield* [first.endpoint, first.clock, first.key];
    const regions = first.accepted
      ? await checkRegions(api, { subAppId, known: first.subApps, wanted: storageRegion }, signal)
      : undefined;
    if (regions === undefined) {
      const isReached = first.endpoint.status === "pass";
      const why = isReached ? "the service did not accept the key" : "the service was not reached";
      yield* untried(["sub-app", "storage-region", "events"], why);
    } else {
      yield* [regions.subApp, regions.storageRegion];
      if (regions.subApp.status === "fail") yield* untried(["events"], "the application is refused");
      else yield await checkEvents(api, signal);
    }
    const named = regions?.storageRegion.status === "fail" ? undefined : storageRegion;
    const region = named ?? regions?.defaultRegion ?? setup.region ?? "ap-singapore";
    yield await checkStorage({ cosEndpoint, dispatcher, limits: idle }, region, signal);
  } finally {
    await api.close();
    await dispatcher?.destroy();
  }
}

async function openProxy(
  env: NodeJS.ProcessEnv,
): Promise<{ dispatcher?: Dispatcher; refusal?: undefined } | { refusal: Check }> {
  try {
    const dispatcher = await proxyFromEnvironment(env, limits.connectMs);
    return dispatcher === undefined ? {} : { dispatcher };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { refusal: fail("proxy", error.message, undefined, error) };
  }
}

function untried(names: readonly CheckName[], why: string): Check[] {
  return names.map((name) => unknown(name, why));
}
