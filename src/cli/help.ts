import type { CommandSpec } from "./args.ts";
import type { CommandEntry } from "./command.ts";

/** `vodup --help`. */
export function overview(commands: readonly CommandEntry[]): string {
  const rows = commands.map(({ name, summary }): [string, string] => [name, summary]);
  return [
    "vodup uploads video to Tencent Cloud VOD",
    "",
    "Usage: vodup COMMAND [ARGUMENTS]",
    "",
    "Commands:",
    ...table(rows),
    "",
    'Each command explains itself: "vodup COMMAND --help". "vodup --version" prints the version.',
    "Results go to stdout, everything else to stderr.",
    "",
    "Credentials come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, of temporary ones also",
    "TENCENTCLOUD_SESSION_TOKEN or TENCENTCLOUD_TOKEN, then from ~/.tencentcloud/credentials; never from arguments.",
    "Also read: TENCENTCLOUD_REGION, VODUP_SITE, VODUP_SUB_APP_ID, VODUP_VOD_ENDPOINT, VODUP_COS_ENDPOINT,",
    "VODUP_STORAGE_REGION, VODUP_CLASS_ID, VODUP_PROCEDURE, VODUP_LIMIT_RATE, VODUP_CREDENTIALS, VODUP_PROFILE,",
    "VODUP_CONFIG, VODUP_DEBUG, HTTPS_PROXY, NO_PROXY, then ~/.config/vodup/config.toml. Flags win;",
    '"vodup config" prints what is in force.',
    "",
    ...exitCodes,
  ].join("\n");
}

/** `vodup COMMAND --help`. */
export function commandHelp(spec: CommandSpec): string {
  const rows = Object.entries(spec.flags).map(([name, { value, summary }]): [string, string] => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    summary,
  ]);
  return [
    `Usage: ${`vodup ${spec.name} ${spec.operands}`.trim()}`,
    "",
    sentence(spec.summary),
    ...(rows.length === 0 ? [] : ["", "Flags:", ...table(rows)]),
    ...(spec.notes ?? []).flatMap((note) => ["", ...wrapped(note)]),
  ].join("\n");
}

const exitCodes: readonly string[] = [
  "Exit codes:",
  ...table([
    ["0", "done"],
    ["1", "failed, and running the same command again is no remedy"],
    ["2", "the command line or a setting is wrong; nothing was sent"],
    ["3", "the source cannot be read, or changed while it was read"],
    ["4", "no valid credentials, or no permission"],
    ["5", "a temporary failure, --timeout, or another vodup is uploading it: safe to run again"],
    ["6", "the stored bytes are not the sent ones; nothing was committed"],
    ["7", "some of several sources failed, or all, but not alike"],
    ["130, 143", "stopped by SIGINT or SIGTERM"],
  ]),
];

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}

/** As long as the lines of the sources, so that what is broken by hand there is not broken again. */
const longestLine = 120;

/** Breaks lines that are too long between words. */
function wrapped(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const lines = [""];
    for (const word of line.split(" ")) {
      const last = lines.at(-1) ?? "";
      if (last === "") lines[lines.length - 1] = word;
      else if (last.length + 1 + word.length > longestLine) lines.push(word);
      else lines[lines.length - 1] = `${last} ${word}`;
    }
    return lines;
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
