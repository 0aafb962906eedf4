import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Arguments, CommandSpec } from "../args.ts";
import type { Profiles } from "./config-file.ts";
import { UsageError } from "../args.ts";
import { homeFolder } from "../../home.ts";

/** Flags that belong to an account or a machine and not to one run, with the variables that may hold them. */
export const settings: Readonly<Record<string, string>> = {
  site: "VODUP_SITE",
  region: "TENCENTCLOUD_REGION",
  "sub-app-id": "VODUP_SUB_APP_ID",
  "vod-endpoint": "VODUP_VOD_ENDPOINT",
  "cos-endpoint": "VODUP_COS_ENDPOINT",
  credentials: "VODUP_CREDENTIALS",
  "storage-region": "VODUP_STORAGE_REGION",
  "class-id": "VODUP_CLASS_ID",
  procedure: "VODUP_PROCEDURE",
  "limit-rate": "VODUP_LIMIT_RATE",
};

/** `VODUP_CONFIG`, else `$XDG_CONFIG_HOME/vodup/config.toml`, by default `~/.config/vodup/config.toml`. */
function configPath(env: NodeJS.ProcessEnv): string {
  const base = env["XDG_CONFIG_HOME"] ?? "";
  return env["VODUP_CONFIG"] || join(isAbsolute(base) ? base : join(homeFolder(), ".config"), "vodup", "config.toml");
}

/** Most runs have none: then nothing is loaded to read it. A file that was named must be there. */
async function readProfiles(path: string, env: NodeJS.ProcessEnv): Promise<Profiles | undefined> {
  if ((env["VODUP_CONFIG"] ?? "") === "" && !existsSync(path)) return undefined;
  return (await import("./config-file.ts")).readConfig(path, Object.keys(settings));
}

/** A setting in force. */
export interface Settled {
  readonly flag: string;
  readonly value: string;
  /** `--site`, `VODUP_SITE`, or the file and profile. */
  readonly from: string;
}

/** All settings in force for a command line; later sources in this order lose: flags, variables, the config file. */
export interface InForce {
  readonly profile: string;
  /** Where the profile was named; undefined for the default one. */
  readonly profileFrom: string | undefined;
  readonly path: string;
  /** Whether the config file exists. */
  readonly exists: boolean;
  readonly settled: readonly Settled[];
}

/**
 * Looks up every setting that a command takes.
 * @throws UsageError for a config file that cannot be used, or a profile that neither it nor the credentials file has
 */
export async function lookUp(
  args: Arguments<never>,
  flags: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<InForce> {
  const all: Arguments = args;
  const typed = (flag: string): string | undefined =>
    all.set.some((set) => set.startsWith(`--${flag}=`)) ? undefined : all.text(flag);
  const named = typed("profile") ?? (env["VODUP_PROFILE"] || undefined);
  const profile = named ?? "default";
  const path = configPath(env);
  const profiles = await readProfiles(path, env);
  if (named !== undefined && profiles?.has(named) !== true) await checkProfile(named, path, profiles);
  const stored = profiles?.get(profile);
  const settled = Object.entries(settings).flatMap(([flag, variable]): Settled[] => {
    if (!flags.includes(flag)) return [];
    // An empty variable is how a shell unsets one.
    const places: [string | undefined, string][] = [
      [typed(flag), `--${flag}`],
      [isElsewhere(flag, all) ? undefined : env[variable] || undefined, variable],
      [isElsewhere(flag, all) ? undefined : stored?.get(flag), `${path} [${profile}]`],
    ];
    const found = places.find(([value]) => value !== undefined);
    return found?.[0] === undefined ? [] : [{ flag, value: found[0], from: found[1] }];
  });
  const profileFrom = named === undefined ? undefined : typed("profile") !== undefined ? "--profile" : "VODUP_PROFILE";
  return { profile, profileFrom, path, exists: profiles !== undefined, settled };
}

/** An emulator inside this process is where everything goes, whatever is set for other runs. */
function isElsewhere(flag: string, args: Arguments): boolean {
  return args.has("emulator") && (flag === "vod-endpoint" || flag === "cos-endpoint");
}

/** A profile of the credentials file alone is one too. */
async function checkProfile(profile: string, path: string, profiles: Profiles | undefined): Promise<void> {
  const { fromIni } = await import("../../index.ts");
  try {
    await fromIni({ profile })();
  } catch (error) {
    const names = profiles === undefined ? "" : ` (it has ${[...profiles.keys()].join(", ") || "none"})`;
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`there is no profile "${profile}" in ${path}${names}, and none with keys: ${why}`);
  }
}

/**
 * The arguments of a command with what is set elsewhere: what was not typed reads as if it had been, but for `typed`.
 * @throws UsageError
 */
export async function settle<Flag extends string>(
  args: Arguments<Flag>,
  spec: CommandSpec<Flag>,
  env: NodeJS.ProcessEnv,
): Promise<Arguments<Flag>> {
  const flags = Object.keys(spec.flags);
  // Only a command that talks to the service has an account; a conformance profile is another thing.
  if (!flags.includes("credentials")) return args;
  const { settled, profile, profileFrom } = await lookUp(args, flags, env);
  const known: Arguments = args;
  const elsewhere = settled.filter(({ flag }) => !known.has(flag));
  const more = new Map(elsewhere.map(({ flag, value }) => [flag, value]));
  if (profileFrom === "VODUP_PROFILE") more.set("profile", profile);
  return {
    ...args,
    has: (flag) => args.has(flag) || more.has(flag),
    text: (flag) => args.text(flag) ?? more.get(flag),
    texts: (flag) => (args.has(flag) || !more.has(flag) ? args.texts(flag) : [more.get(flag) ?? ""]),
    set: [...more].map(([flag, value]) => `--${flag}=${value}`),
    from: (name) => elsewhere.find(({ flag }) => flag === name)?.from,
  };
}
