import type { Emulator } from "../emulator/index.ts";

/** What the machine of a command says of its account, its endpoints and its proxies would be judged instead. */
const foreignVariable = /^(TENCENTCLOUD_|VODUP_|XDG_STATE_HOME$|TMPDIR$|TZ$)|^(https?|all)_proxy$/i;

export interface CommandTask {
  readonly emulator: Pick<Emulator, "vodEndpoint" | "cosEndpoint" | "secretId" | "secretKey">;
  readonly scenario: string;
  readonly file: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly partSize: number;
  /** Where a client may keep what it must remember between two runs. */
  readonly stateDirectory: string;
  readonly temporaryDirectory: string;
  /** Of the scenario. */
  readonly more: Readonly<Record<string, string>>;
}

export type Environment = Readonly<Record<string, string>>;

/**
 * The environment of a command: the caller's own, without what would lead it elsewhere, and the contract's variables.
 */
export function environmentOf(task: CommandTask, inherited: Readonly<NodeJS.ProcessEnv>, now: Date): Environment {
  const kept = Object.entries(inherited).flatMap(([name, value]): [string, string][] =>
    value === undefined || foreignVariable.test(name) ? [] : [[name, value]],
  );
  return {
    ...Object.fromEntries(kept),
    VODUP_VOD_ENDPOINT: task.emulator.vodEndpoint,
    VODUP_COS_ENDPOINT: task.emulator.cosEndpoint,
    VODUP_FILE: task.file,
    VODUP_MEDIA_TYPE: task.mediaType,
    VODUP_PART_SIZE: String(task.partSize),
    VODUP_SCENARIO: task.scenario,
    TENCENTCLOUD_SECRET_ID: task.emulator.secretId,
    TENCENTCLOUD_SECRET_KEY: task.emulator.secretKey,
    XDG_STATE_HOME: task.stateDirectory,
    TMPDIR: task.temporaryDirectory,
    TZ: farTimeZone(now),
    ...task.more,
  };
}

/** A time zone in which it is another day than in UTC: a date made of local time shows at once. */
function farTimeZone(now: Date): string {
  return now.getUTCHours() < 11 ? "Etc/GMT+12" : "Etc/GMT-14";
}

/**
 * Puts the variables of the contract into arguments that name them as a shell would, `$VODUP_FILE` or
 * `${VODUP_FILE}`: the shell of the caller has no value for them yet.
 */
export function expandArguments(command: readonly string[], env: Environment): string[] {
  return command.map((argument) =>
    argument.replace(/\$(?:\{(VODUP_[A-Z_]+)\}|(VODUP_[A-Z_]+))/g, (whole, braced?: string, plain?: string) => {
      return env[braced ?? plain ?? ""] ?? whole;
    }),
  );
}
