import { performance } from "node:perf_hooks";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Emulator } from "../emulator/index.ts";
import { percentEncode } from "../signing/index.ts";
import { environmentOf, expandArguments } from "./environment.ts";
import { gather, givenMediaType, partSizeOf, soFar, type Seen } from "./evidence.ts";
import type { Finding } from "./finding.ts";
import { judge, whyNotJudged } from "./judge.ts";
import { runCommand, type CommandRun } from "./run-command.ts";
import type { Evidence, MediaFile, Scenario } from "./scenario.ts";
import { Transcript } from "./transcript.ts";
import { verdictOf, type Verdict } from "./verdict.ts";
import { Watch, type Family } from "./watch.ts";

const defaultTimeoutMs = 60_000;

/** How a command did in one scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly verdict: Verdict;
  /** Why it was not judged, where it was not. */
  readonly reason?: string | undefined;
  /** Rules that must be kept and were not; none: passed. */
  readonly findings: readonly Finding[];
  /** Rules that should be kept and were not. */
  readonly remarks: readonly Finding[];
  readonly durationMs: number;
  /** Of the last run; null when it was killed or did not start. */
  readonly exitCode: number | null;
  /** The last lines of stderr, without secrets. */
  readonly stderr: string;
}

export interface ScenarioTask {
  readonly command: readonly string[];
  readonly scenario: Scenario;
  /** @defaultValue process.env */
  readonly env?: Readonly<NodeJS.ProcessEnv> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Makes identifiers, keys and file contents repeat from run to run. */
  readonly seed?: number | undefined;
  /** Called with each exchange as text, by the name of its file, without secrets. */
  readonly onTranscript?: ((files: ReadonlyMap<string, string>) => Promise<void>) | undefined;
}

/**
 * Runs the command against an emulator of its own, under the condition of the scenario, and judges what was seen.
 * Everything is closed and removed afterwards.
 */
export async function runScenario(task: ScenarioTask): Promise<ScenarioResult> {
  const { scenario, seed } = task;
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "vodup-conformance-"));
  try {
    const { startEmulator } = await import("../emulator/index.ts");
    const file = join(folder, scenario.fileName ?? "media.mp4");
    const watch = new Watch(folder, file);
    const transcript = new Transcript();
    let family: Family | undefined;
    const emulator = await startEmulator({
      ...scenario.emulator,
      host: scenario.host,
      seed,
      onRequest: (...exchange) => {
        transcript.listen(...exchange);
        watch.look(family);
      },
    }).catch((error: unknown) => {
      if (scenario.host !== "::1") throw error;
    });
    if (emulator === undefined) return notPossible(scenario, "this machine has no IPv6 loopback address");
    try {
      scenario.prepare?.(emulator);
      const media = await mediaFile(file, mediaBytes(scenario, seed));
      const onStart = (one: Family): void => void (family = one);
      const seen = await runCommands(task, emulator, { folder, media, watch, onStart });
      watch.look(undefined);
      const evidence = await gather(scenario, emulator, { ...seen, bytes: media.bytes, watch });
      await task.onTranscript?.(textsOf(transcript.files(emulator.requests()), evidence.secrets));
      return resultOf(evidence, performance.now() - started);
    } finally {
      await emulator.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bytes that look random, and are the same in every run with the same seed. */
function mediaBytes({ name, fileSize }: Scenario, seed = 0): Buffer {
  const blocks = Array.from({ length: Math.ceil(fileSize / 64) }, (_, index) =>
    createHash("sha512").update(`${name}:${seed}:${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, fileSize);
}

async function mediaFile(path: string, bytes: Buffer): Promise<MediaFile> {
  const media = {
    path,
    bytes,
    replace: async (other: Buffer): Promise<void> => {
      await writeFile(path, other);
      media.bytes = other;
    },
  };
  await media.replace(bytes);
  return media;
}

interface Place {
  readonly folder: string;
  readonly media: MediaFile;
  readonly watch: Watch;
  readonly onStart: (family: Family) => void;
}

async function runCommands(
  { command, scenario, env = process.env, signal }: ScenarioTask,
  emulator: Emulator,
  { folder, media, watch, onStart }: Place,
): Promise<Pick<Seen, "runs" | "killed">> {
  const [stateDirectory, temporaryDirectory] = [join(folder, "state"), join(folder, "tmp")];
  await mkdir(stateDirectory);
  await mkdir(temporaryDirectory);
  const variables = environmentOf(
    {
      emulator,
      scenario: scenario.name,
      file: media.path,
      mediaType: givenMediaType,
      partSize: partSizeOf(scenario),
      stateDirectory,
      temporaryDirectory,
      more: scenario.env ?? {},
    },
    env,
    new Date(),
  );
  const options = {
    command: expandArguments(command, variables),
    env: variables,
    mark: folder,
    timeoutMs: scenario.timeoutMs ?? defaultTimeoutMs,
    signal,
    onStart,
  };
  const { killWhen } = scenario;
  if (killWhen === undefined) return { runs: [await runCommand(options)], killed: undefined };
  const first = await runCommand({ ...options, killWhen: () => killWhen(emulator) });
  if (first.killed !== "scenario") return { runs: [first], killed: undefined };
  const killed = await soFar(emulator);
  watch.look(undefined);
  await scenario.between?.(emulator, media);
  const second: CommandRun = await runCommand(options);
  return { runs: [first, second], killed };
}

function textsOf(files: ReadonlyMap<string, string>, secrets: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...files].map(([name, text]) => [name, without(secrets, text)]));
}

function notPossible(scenario: Scenario, reason: string): ScenarioResult {
  const nothing = { findings: [], remarks: [], durationMs: 0, exitCode: null, stderr: "" };
  return { scenario, verdict: "not judged", reason, ...nothing };
}

function resultOf(evidence: Evidence, durationMs: number): ScenarioResult {
  const { scenario, runs, secrets } = evidence;
  const found = judge(evidence).map((finding) => withoutSecrets(secrets, finding));
  const reason = whyNotJudged(evidence);
  const run = runs.at(-1);
  return {
    scenario,
    verdict: verdictOf(found, reason),
    reason,
    findings: found.filter(({ level }) => level === "must"),
    remarks: found.filter(({ level }) => level === "should"),
    durationMs,
    exitCode: run?.exitCode ?? null,
    stderr: without(secrets, (run?.stderr ?? "").trimEnd().split("\n").slice(-20).join("\n")),
  };
}

/** A client may sign its session token: the line of the signed text that differs would repeat it. */
function withoutSecrets(secrets: readonly string[], finding: Finding): Finding {
  const { message, difference, expectedText } = finding;
  const clean = (text: string | undefined): string | undefined => text && without(secrets, text);
  return {
    ...finding,
    message: without(secrets, message),
    difference: difference && {
      ...difference,
      expected: clean(difference.expected),
      signed: clean(difference.signed),
    },
    expectedText: clean(expectedText),
  };
}

/** What a client prints that must not is not printed again. */
function without(secrets: readonly string[], text: string): string {
  const forms = secrets.flatMap((secret) => [secret, percentEncode(secret)]);
  return forms.reduce((kept, secret) => kept.replaceAll(secret, "<redacted>"), text);
}
