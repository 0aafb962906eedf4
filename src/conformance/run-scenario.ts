import { performance } from "node:perf_hooks";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Emulator } from "../emulator/index.ts";
import { percentEncode } from "../signing/index.ts";
import { judgeHeader } from "./abort-uploads.ts";
import { applyFields, commitOrder } from "./checks/commit.ts";
import { completeForm, partForm, sentInParts } from "./checks/multipart.ts";
import { endedRightly, mediaIsTheFile, nothingLeftOpen, ranToItsEnd } from "./checks/outcome.ts";
import { refusedRequests, wrongSignatures } from "./checks/refusals.ts";
import { secretsKept } from "./checks/secrets.ts";
import { requestForm, signatureForm } from "./checks/signing.ts";
import { environmentOf, expandArguments } from "./environment.ts";
import { gathered, type Finding } from "./finding.ts";
import { runCommand, type CommandRun } from "./run-command.ts";
import type { Check, Evidence, Scenario, StoredObject } from "./scenario.ts";

const givenMediaType = "mp4";
const stateFolder = "state";
const defaultPartSize = 2 ** 20;
const defaultTimeoutMs = 60_000;

/** How a command did in one scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  /** None: passed. */
  readonly findings: readonly Finding[];
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
}

/** The checks of every scenario, in this order: what was done on the wire explains how the command ended. */
const checks = {
  // What was refused comes after what can be said more exactly of the same request.
  wire: [commitOrder, requestForm, completeForm, partForm, applyFields, refusedRequests, signatureForm],
  end: [mediaIsTheFile, secretsKept, ranToItsEnd, sentInParts, endedRightly, nothingLeftOpen],
} as const satisfies Readonly<Record<string, readonly Check[]>>;

/**
 * Runs the command against an emulator of its own, under the condition of the scenario, and judges what was seen.
 * Everything is closed and removed afterwards.
 */
export async function runScenario(task: ScenarioTask): Promise<ScenarioResult> {
  const { scenario } = task;
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "vodup-conformance-"));
  try {
    const { startEmulator } = await import("../emulator/index.ts");
    const emulator = await startEmulator(scenario.emulator);
    try {
      scenario.prepare?.(emulator);
      const bytes = mediaBytes(scenario);
      const file = join(folder, scenario.fileName ?? "media.mp4");
      await writeFile(file, bytes);
      const runs = await runCommands(task, emulator, { folder, file });
      const stateFiles = await filesBelow(folder, file);
      const evidence = await gather(scenario, emulator, { bytes, runs, stateFiles });
      return resultOf(evidence, performance.now() - started);
    } finally {
      await emulator.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bytes that look random and are the same in every run. */
function mediaBytes({ name, fileSize }: Scenario): Buffer {
  const blocks = Array.from({ length: Math.ceil(fileSize / 64) }, (_, index) =>
    createHash("sha512").update(`${name}:${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, fileSize);
}

async function runCommands(
  { command, scenario, env = process.env, signal }: ScenarioTask,
  emulator: Emulator,
  { folder, file }: { folder: string; file: string },
): Promise<CommandRun[]> {
  const stateDirectory = join(folder, stateFolder);
  await mkdir(stateDirectory);
  const partSize = scenario.partSize ?? defaultPartSize;
  const task = { emulator, scenario: scenario.name, file, mediaType: givenMediaType, partSize, stateDirectory };
  const variables = environmentOf(task, env, new Date());
  const options = {
    command: expandArguments(command, variables),
    env: variables,
    timeoutMs: scenario.timeoutMs ?? defaultTimeoutMs,
    signal,
  };
  const { killWhen } = scenario;
  if (killWhen === undefined) return [await runCommand(options)];
  const first = await runCommand({ ...options, killWhen: () => killWhen(emulator) });
  if (first.killed !== "scenario") return [first];
  await scenario.between?.(emulator);
  return [first, await runCommand(options)];
}

async function filesBelow(folder: string, media: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const all = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = all.filter((file) => file !== media);
  return new Map(
    await Promise.all(files.map(async (file) => [relative(folder, file), await readFile(file, "latin1")] as const)),
  );
}

async function gather(
  scenario: Scenario,
  emulator: Emulator,
  seen: { bytes: Buffer; runs: readonly CommandRun[]; stateFiles: ReadonlyMap<string, string> },
): Promise<Evidence> {
  const objects = new Map<string, StoredObject>();
  for (const [key, { size }] of await emulator.objects()) {
    objects.set(key, { size, bytes: await emulator.readObject(key) });
  }
  return {
    scenario,
    file: { bytes: seen.bytes },
    mediaType: givenMediaType,
    partSize: scenario.partSize ?? defaultPartSize,
    secretId: emulator.secretId,
    secrets: emulator.secrets(),
    runs: seen.runs,
    stateFiles: seen.stateFiles,
    requests: emulator.requests().filter(({ headers }) => headers[judgeHeader] === undefined),
    sessions: emulator.sessions(),
    media: emulator.media(),
    objects,
    uploads: emulator.uploads(),
  };
}

function resultOf(evidence: Evidence, durationMs: number): ScenarioResult {
  const { scenario, runs, secrets } = evidence;
  const findings = judge(evidence).map((finding) => ({ ...finding, message: without(secrets, finding.message) }));
  const run = runs.at(-1);
  return {
    scenario,
    findings,
    durationMs,
    exitCode: run?.exitCode ?? null,
    stderr: without(secrets, (run?.stderr ?? "").trimEnd().split("\n").slice(-20).join("\n")),
  };
}

/** All checks over what was seen. */
export function judge(evidence: Evidence): Finding[] {
  const own = evidence.scenario.checks ?? [];
  const all: readonly Check[] = [wrongSignatures, ...own, ...checks.wire, ...checks.end];
  const found = all.reduce<Finding[]>((earlier, check) => [...earlier, ...check(evidence, earlier)], []);
  return gathered(found);
}

/** What a client prints that must not is not printed again. */
function without(secrets: readonly string[], text: string): string {
  const forms = secrets.flatMap((secret) => [secret, percentEncode(secret)]);
  return forms.reduce((kept, secret) => kept.replaceAll(secret, "<redacted>"), text);
}
