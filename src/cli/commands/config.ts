import type { Command } from "../command.ts";
import type { ConnectionFlag } from "../connection.ts";
import { connectionFlags, wantsMetadata } from "../connection.ts";
import { lookUp, settings } from "../settings/settle.ts";
import { shownSource } from "../../shown-source.ts";
import { stateDirectory } from "../../state/directory.ts";
import { visibleLine } from "../terminal.ts";
import { uploadFlags } from "../upload/flags.ts";

type ConfigFlag = Exclude<ConnectionFlag, "retries" | "retry-for" | "debug"> | SettingFlag | "json";
type SettingFlag = "storage-region" | "class-id" | "procedure" | "limit-rate";

const { retries: _retries, "retry-for": _retryFor, debug: _debug, ...connection } = connectionFlags;
const { "storage-region": storageRegion, "class-id": classId, procedure, "limit-rate": limitRate } = uploadFlags;

/** One line of the answer; `from` is `default` where nothing is set. */
interface Line {
  readonly name: string;
  readonly value: string | null;
  readonly from: string;
}

const defaults: Readonly<Record<string, string>> = { site: "intl", region: "ap-singapore" };

/** `vodup config`: what a command would use, and where each of it comes from. */
export const configCommand: Command<ConfigFlag> = {
  spec: {
    name: "config",
    operands: "",
    summary: "print the settings in force and where each comes from; secrets are hidden",
    count: { least: 0, most: 0 },
    flags: {
      ...connection,
      "storage-region": storageRegion,
      "class-id": classId,
      procedure,
      "limit-rate": limitRate,
      json: { summary: 'print one line of JSON for each setting: {"type":"setting","name","value","from"}' },
    },
    notes: [
      "The config file is ~/.config/vodup/config.toml ($XDG_CONFIG_HOME/vodup/config.toml; VODUP_CONFIG=FILE names " +
        "another). It has a table for each profile, with flags as names:",
      '  [default]\n  site = "intl"\n  sub-app-id = 1500000001',
      `These can be set: ${Object.keys(settings).join(", ")}. Flags win over variables, and variables over the file.`,
    ],
  },
  run: async (args, terminal) => {
    const { env } = process;
    const found = await lookUp(args, Object.keys(settings), env);
    const lines: Line[] = [
      { name: "config file", value: found.path, from: found.exists ? "found" : "not there" },
      { name: "profile", value: found.profile, from: found.profileFrom ?? "default" },
    ];
    for (const [flag, variable] of Object.entries(settings)) {
      const set = found.settled.find((setting) => setting.flag === flag);
      if (flag === "credentials") lines.push(await keys(set?.value, found, env));
      else if (set !== undefined) lines.push({ name: flag, value: shownSource(set.value), from: set.from });
      else lines.push({ name: flag, value: defaults[flag] ?? null, from: `default (${variable})` });
    }
    lines.push(proxy(env), { name: "state directory", value: stateDirectory(env), from: stateFrom(env) });
    for (const line of lines) {
      await terminal.print(args.has("json") ? JSON.stringify({ type: "setting", ...line }) : textOf(line));
    }
    return 0;
  },
};

/** Whether there are keys and where; nothing of them is shown. */
async function keys(
  setting: string | undefined,
  { profile, profileFrom }: { readonly profile: string; readonly profileFrom: string | undefined },
  env: NodeJS.ProcessEnv,
): Promise<Line> {
  const name = "credentials";
  if (wantsMetadata(setting)) return { name, value: "metadata", from: "the role of this instance, not asked now" };
  const { defaultCredentials } = await import("../../index.ts");
  try {
    const named = profileFrom === undefined ? undefined : profile;
    const found: { readonly source?: string | undefined; readonly token?: string | undefined } =
      await defaultCredentials({ env, profile: named })();
    const value = found.token === undefined ? "(hidden)" : "(hidden, temporary)";
    return { name, value, from: found.source ?? "unknown" };
  } catch (error) {
    return { name, value: null, from: error instanceof Error ? error.message : String(error) };
  }
}

function proxy(env: NodeJS.ProcessEnv): Line {
  const variable = ["https_proxy", "HTTPS_PROXY"].find((name) => (env[name] ?? "") !== "");
  if (variable === undefined) return { name: "proxy", value: null, from: "default (HTTPS_PROXY)" };
  // One without a scheme may hold a password all the same.
  const value = shownSource((env[variable] ?? "").replace(/^.*@/s, ""));
  return { name: "proxy", value, from: variable };
}

function stateFrom(env: NodeJS.ProcessEnv): string {
  return (env["XDG_STATE_HOME"] ?? "") === "" ? "default (XDG_STATE_HOME)" : "XDG_STATE_HOME";
}

function textOf({ name, value, from }: Line): string {
  return `${name.padEnd(15)}  ${visibleLine(value ?? "-")}  [${visibleLine(from)}]`;
}
