import type { CommandSpec, FlagSpec } from "./args.ts";
import type { CommandEntry } from "./command.ts";

/** Lines longer than this are hard to read, however wide the terminal is. */
const widest = 100;

/** Of a terminal that does not say. */
export const defaultColumns = 80;

/** Flags that many commands share, in the order of help; what stands in none of these is the command's own. */
const groups: readonly (readonly [title: string, flags: readonly string[]])[] = [
  [
    "The media",
    [
      "media-type",
      "media-name",
      "cover",
      "procedure",
      "storage-region",
      "class-id",
      "source-context",
      "session-context",
      "expire-time",
      "media-storage-path",
    ],
  ],
  [
    "How it is sent",
    [
      "part-size",
      "concurrency",
      "limit-rate",
      "require-crc64",
      "allow-empty",
      "offline-manifest",
      "checkpoint",
      "no-resume",
      "keep-parts",
      "session-refresh",
      "retries",
      "retry-for",
      "timeout",
    ],
  ],
  [
    "Account and service",
    ["site", "region", "sub-app-id", "credentials", "profile", "vod-endpoint", "cos-endpoint", "emulator"],
  ],
  ["Output", ["json", "quiet", "no-progress", "dry-run", "debug"]],
];

/** A command with fewer has them in one list. */
const leastGrouped = 10;

/** `vodup --help`. */
export function overview(commands: readonly CommandEntry[], columns: number = defaultColumns): string {
  const width = Math.min(columns, widest);
  const rows = commands.map(({ name, summary }): [string, string] => [name, summary]);
  return [
    ...wrapped("vodup uploads video to Tencent Cloud VOD", width),
    "",
    "Usage: vodup COMMAND [ARGUMENTS]",
    "",
    "Commands:",
    ...table(rows, width),
    "",
    ...paragraphs(about, width),
    "",
    "Exit codes:",
    ...table(exitCodes, width),
  ].join("\n");
}

/** `vodup COMMAND --help`. */
export async function commandHelp(spec: CommandSpec, columns: number = defaultColumns): Promise<string> {
  const { examples } = await import("./examples.ts");
  const width = Math.min(columns, widest);
  const shown = (examples[spec.name] ?? []).flatMap(([what, line]) => [
    ...wrapped(`# ${what}`, width, "  "),
    // To be copied: a line that is broken would be two commands.
    `  ${line}`,
  ]);
  return [
    ...wrapped(`Usage: ${`vodup ${spec.name} ${spec.operands}`.trim()}`, width),
    "",
    ...wrapped(sentence(spec.summary), width),
    ...flagLists(spec.flags, width),
    ...(shown.length === 0 ? [] : ["", "Examples:", ...shown]),
    ...(spec.notes === undefined ? [] : ["", ...paragraphs(spec.notes, width)]),
    "",
    ...wrapped('Sizes end in K, M or G, durations in s, m, h or d. Exit codes: "vodup --help".', width),
  ].join("\n");
}

const about: readonly string[] = [
  'Help about one command: "vodup COMMAND --help". "vodup --version" prints the version. Results go to stdout, everything ' +
    "else to stderr.",
  "Credentials come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, for temporary ones also " +
    "TENCENTCLOUD_SESSION_TOKEN or TENCENTCLOUD_TOKEN, then from ~/.tencentcloud/credentials; never from arguments.",
  "Settings: flags win over the variables VODUP_SITE, TENCENTCLOUD_REGION, VODUP_SUB_APP_ID, VODUP_VOD_ENDPOINT, " +
    "VODUP_COS_ENDPOINT, VODUP_CREDENTIALS, VODUP_STORAGE_REGION, VODUP_CLASS_ID, VODUP_PROCEDURE, VODUP_LIMIT_RATE and " +
    "VODUP_PROFILE, and these over ~/.config/vodup/config.toml (VODUP_CONFIG names another file). " +
    '"vodup config" prints what is in force. Also read: VODUP_DEBUG, HTTPS_PROXY, NO_PROXY, NO_COLOR.',
];

const exitCodes: readonly (readonly [string, string])[] = [
  ["0", "done"],
  ["1", "permanent failure; retrying will not help"],
  ["2", "the command line or a setting is wrong; nothing was sent"],
  ["3", "the source cannot be read, or changed while it was read"],
  ["4", "no valid credentials, or no permission"],
  ["5", "temporary failure, --timeout, full stdout, or another vodup is uploading it: safe to run again"],
  ["6", "the stored bytes differ from the sent ones; nothing was committed"],
  ["7", "some sources failed, or all failed for different reasons"],
  ["130, 143", "stopped by SIGINT or SIGTERM"],
];

function flagLists(flags: Readonly<Record<string, FlagSpec>>, width: number): string[] {
  const names = Object.keys(flags);
  if (names.length === 0) return [];
  const rowsOf = (chosen: readonly string[]): [string, string][] =>
    chosen.map((name) => {
      const { value, summary = "" } = flags[name] ?? {};
      return [value === undefined ? `--${name}` : `--${name} ${value}`, summary];
    });
  if (names.length < leastGrouped) return ["", "Flags:", ...table(rowsOf(names), width)];
  const shared = new Set(groups.flatMap(([, members]) => members));
  const own = names.filter((name) => !shared.has(name));
  return [["Flags", own] as const, ...groups].flatMap(([title, members]) => {
    const present = members.filter((name) => Object.hasOwn(flags, name));
    return present.length === 0 ? [] : ["", `${title}:`, ...table(rowsOf(present), width)];
  });
}

/** Two columns; where the first one leaves too little room, the second stands below it. */
function table(rows: readonly (readonly [string, string])[], width: number): string[] {
  const first = Math.min(Math.max(...rows.map(([name]) => name.length)), 26);
  const isNarrow = width - first - 4 < 30;
  return rows.flatMap(([name, text]) => {
    if (isNarrow || name.length > first)
      return [`  ${name}`, ...wrapped(text, width, " ".repeat(isNarrow ? 6 : first + 4))];
    const [head = "", ...rest] = wrapped(text, width, " ".repeat(first + 4));
    return [`  ${name.padEnd(first)}  ${head.trimStart()}`, ...rest];
  });
}

function paragraphs(notes: readonly string[], width: number): string[] {
  const isLiteral = (note: string): boolean => note.startsWith("  ");
  return notes.flatMap((note, index) => [
    ...(index === 0 ? [] : [""]),
    ...(isLiteral(note) ? note.split("\n") : note.split("\n\n").flatMap((part) => wrapped(oneLine(part), width))),
  ]);
}

/** A list of JSON's fields has no blanks where its lines were broken in the sources. */
function oneLine(text: string): string {
  return text.replace(/(?<=",)\n(?=")/g, "").replaceAll("\n", " ");
}

/** Breaks a text between its words; a list without blanks also behind its commas. */
function wrapped(text: string, width: number, indent = "", hanging: string = indent): string[] {
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  const pieces = text.split(" ").flatMap((word) => {
    const parts = word.length > width - indent.length - 20 ? word.split(/(?<=,)/) : [word];
    return parts.map((part, index) => ({ part, gap: index === 0 ? " " : "" }));
  });
  for (const { part, gap } of pieces) {
    if (!isEmpty && line.length + gap.length + part.length > width) {
      lines.push(line);
      line = hanging;
      isEmpty = true;
    }
    line += isEmpty ? part : gap + part;
    isEmpty = false;
  }
  return [...lines, line];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
