import type { Outage, VodClient, VodClientOptions } from "../index.ts";
import type { Arguments, FlagSpec } from "./args.ts";
import { compileHttpParser } from "./http-parser.ts";
import { UsageError } from "./args.ts";
import { parseDuration, parseInteger } from "./numbers.ts";

export type ConnectionFlag =
  | "site"
  | "region"
  | "sub-app-id"
  | "vod-endpoint"
  | "cos-endpoint"
  | "emulator"
  | "credentials"
  | "profile"
  | "retries"
  | "retry-for"
  | "debug";

/** Those that say where requests go. */
export type TargetFlag = Exclude<ConnectionFlag, "credentials" | "profile" | "retries" | "retry-for" | "debug">;

/** The flags of every command that talks to the service. */
export const connectionFlags: Readonly<Record<ConnectionFlag, FlagSpec>> = {
  site: { value: "intl|cn", summary: "which of the two clouds the account belongs to (VODUP_SITE; default intl)" },
  region: { value: "NAME", summary: "access point of the API (TENCENTCLOUD_REGION; default ap-singapore)" },
  "sub-app-id": { value: "N", summary: "VOD application; accounts opened since 2023-12-25 need it (VODUP_SUB_APP_ID)" },
  "vod-endpoint": { value: "URL", summary: "VOD API origin instead of the site's (VODUP_VOD_ENDPOINT)" },
  "cos-endpoint": { value: "URL", summary: "COS origin, with {bucket} and {region} or without (VODUP_COS_ENDPOINT)" },
  emulator: { summary: "use an emulator inside this process: no account is needed, nothing leaves this machine" },
  credentials: {
    value: "metadata",
    summary: "use this instance's CAM role (the metadata service is contacted only with this flag)",
  },
  profile: {
    value: "NAME",
    summary: "section of the config file and of ~/.tencentcloud/credentials (VODUP_PROFILE)",
  },
  retries: { value: "N", summary: "how often a failed request is sent again, 0 to 99 (default 5)" },
  "retry-for": {
    value: "T",
    summary: "how long to wait for a service that stops answering: 90s, 10m (default), 0",
  },
  debug: { summary: "log requests and responses to stderr, secrets removed (VODUP_DEBUG=1)" },
};

/** Where requests go; undefined is the library's default. */
export interface Target {
  readonly site: string | undefined;
  readonly region: string | undefined;
  readonly subAppId: string | undefined;
  readonly vodEndpoint: string | undefined;
  readonly cosEndpoint: string | undefined;
}

/** A client with all that belongs to it. */
export interface Connection {
  readonly client: VodClient;
  readonly target: Target;
  /**
   * Looks for credentials without sending anything.
   * @throws VodupError `CREDENTIALS`
   */
  readonly checkCredentials: () => Promise<void>;
  /** Whether a service was waited for in vain, and has not answered since. */
  readonly isUnreachable: () => boolean;
  /** The service that is waited for now. */
  readonly awayHost: () => string | undefined;
  /** Waits for what is under way and frees everything, so that the process can end by itself. */
  readonly close: () => Promise<void>;
}

/** @throws UsageError */
export function readTarget(args: Arguments<TargetFlag>): Target {
  if (args.has("emulator")) {
    const other = (["vod-endpoint", "cos-endpoint"] as const).find((flag) => args.has(flag));
    if (other !== undefined) throw new UsageError(`--emulator and --${other} exclude each other; leave one out`);
  }
  return {
    site: args.text("site"),
    region: args.text("region"),
    subAppId: args.text("sub-app-id"),
    vodEndpoint: args.text("vod-endpoint"),
    cosEndpoint: args.text("cos-endpoint"),
  };
}

/**
 * Makes the client of a command. Credentials are looked for at the first request, so that a mistake in the arguments is
 * told before a missing key.
 * @param options the rates that all uploads of the client keep to together, and who is told of an outage
 * @throws UsageError; TypeError, RangeError `ERR_INVALID_ARG_VALUE`
 */
export async function connect(
  args: Arguments<ConnectionFlag>,
  env: NodeJS.ProcessEnv,
  note: (text: string) => void,
  options: Pick<VodClientOptions, "limitRate" | "apiRate" | "onOutage"> = {},
): Promise<Connection> {
  const target = readTarget(args);
  const retries = args.text("retries");
  const retry = {
    attempts: retries === undefined ? undefined : parseInteger("retries", retries, 0, 99) + 1,
    unreachableMs: parseDuration("retry-for", args.text("retry-for") ?? "10m", 0, 86_400_000),
  };
  const metadata = wantsMetadata(args.text("credentials"));
  const { VodClient, defaultCredentials, proxyFromEnvironment } = await import("../index.ts");
  compileHttpParser();
  const emulator = args.has("emulator") ? await startLocal(note) : undefined;
  const dispatcher = emulator === undefined ? await proxyFromEnvironment(env) : undefined;
  const credentials = emulator ?? defaultCredentials({ env, metadata, profile: args.text("profile") });
  let lost = false;
  let away: string | undefined;
  const onOutage = (outage: Outage): void => {
    lost = outage.state === "lost";
    away = outage.state === "away" ? outage.host : undefined;
    options.onOutage?.(outage);
  };
  const release = async (): Promise<void> => {
    // Its close() would wait for connections that a stopped run left half open.
    await dispatcher?.destroy();
    await emulator?.close();
  };
  try {
    const client = new VodClient({
      credentials,
      site: target.site as "intl" | "cn" | undefined,
      region: target.region,
      subAppId: target.subAppId,
      vodEndpoint: emulator?.vodEndpoint ?? target.vodEndpoint,
      cosEndpoint: emulator?.cosEndpoint ?? target.cosEndpoint,
      dispatcher,
      retry,
      ...options,
      onOutage,
    });
    const close = async (): Promise<void> => {
      await client.close();
      await release();
    };
    const checkCredentials = async (): Promise<void> => {
      // The instance's role is told over the network.
      if (!metadata && typeof credentials === "function") await credentials();
    };
    return { client, target, checkCredentials, isUnreachable: () => lost, awayHost: () => away, close };
  } catch (error) {
    await release();
    throw error;
  }
}

/** @throws UsageError */
export function wantsMetadata(text: string | undefined): boolean {
  if (text === undefined || text === "metadata") return text !== undefined;
  throw new UsageError('--credentials: the only value is "metadata", the role of this instance');
}

async function startLocal(note: (text: string) => void) {
  const { startEmulator } = await import("../emulator/index.ts");
  const emulator = await startEmulator({ discard: true });
  note("vodup: uploading to an emulator inside this process: nothing leaves this machine, and nothing is kept");
  return emulator;
}
