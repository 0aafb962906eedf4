import { writeFileSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { spawn } from "node:child_process";
import type { Emulator, EmulatorOptions, FaultRule, LoggedRequest } from "../../../src/emulator/index.ts";
import type { CliResult, RunningCli } from "../../cli/support/run-cli.ts";
import type { Sample } from "./scenarios.ts";
import { startEmulator } from "../../../src/emulator/index.ts";
import { builtCli } from "../../cli/support/built-cli.ts";
import { cleanEnvironment, startCli, until } from "../../cli/support/run-cli.ts";
import { mib, sha256 } from "./trial.ts";

export const concurrency = 2;
const limitMs = 60_000;

/** Where the first run dies: around a request, or around a write of its checkpoint. */
export type Point =
  | { readonly at: "request"; readonly nth: number; readonly moment: "before" | "after" }
  | { readonly at: "rename" | "rm"; readonly nth: number; readonly moment: "before" | "after" };

export const nameOf = ({ at, nth, moment }: Point): string => `${moment} ${at} ${nth}`;

/** Who uploads: the command line with its own state, the library with a checkpoint in a file, or a batch of one entry. */
export type Uploader = "cli" | "library" | "batch";

/** One emulator and one folder, for the run that dies and the one after it. */
export interface Scene {
  readonly emulator: Emulator;
  readonly folder: string;
  readonly start: (env?: Readonly<Record<string, string>>) => Pick<RunningCli, "child" | "ended">;
  /** What is left of the state. */
  readonly left: () => Promise<string[]>;
  readonly close: () => Promise<void>;
}

/** Of the batch, in the scene's folder. */
export const manifestName = "films.ndjson";

const dieAt = pathToFileURL(join(import.meta.dirname, "die-at.mjs")).href;

export async function openScene(uploader: Uploader, sample: Sample, options: EmulatorOptions = {}): Promise<Scene> {
  const emulator = await startEmulator({ strictSignature: true, ...options });
  const folder = await mkdtemp(join(tmpdir(), "vodup-crash-"));
  const start = { cli: startCommand, library: startLibrary, batch: startBatch }[uploader];
  const state = uploader === "batch" ? `${manifestName}.journal.state` : "state/vodup";
  return {
    emulator,
    folder,
    start: (env = {}) => start(emulator, folder, sample, { NODE_OPTIONS: `--import=${dieAt}`, ...env }),
    left: () => readdir(join(folder, state)).catch(() => []),
    close: async () => {
      await emulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function startCommand(
  emulator: Emulator,
  folder: string,
  { path, coverPath }: Sample,
  env: Readonly<Record<string, string>>,
): Pick<RunningCli, "child" | "ended"> {
  const args = ["upload", path, "--cover", coverPath, "--part-size", "1MiB", "--concurrency", String(concurrency)];
  return startArguments(args, emulator, folder, env);
}

function startBatch(
  emulator: Emulator,
  folder: string,
  { path, coverPath }: Sample,
  env: Readonly<Record<string, string>>,
): Pick<RunningCli, "child" | "ended"> {
  const manifest = join(folder, manifestName);
  writeFileSync(manifest, `${JSON.stringify({ source: path, cover: coverPath })}\n`);
  return startArguments(["batch", manifest], emulator, folder, env);
}

function startArguments(
  args: readonly string[],
  emulator: Emulator,
  folder: string,
  env: Readonly<Record<string, string>>,
): Pick<RunningCli, "child" | "ended"> {
  return startCli(args, {
    limitMs,
    cwd: folder,
    env: {
      HOME: folder,
      XDG_STATE_HOME: join(folder, "state"),
      TENCENTCLOUD_SECRET_ID: emulator.secretId,
      TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
      VODUP_VOD_ENDPOINT: emulator.vodEndpoint,
      VODUP_COS_ENDPOINT: emulator.cosEndpoint,
      ...env,
    },
  });
}

function startLibrary(
  { secretId, secretKey, origin }: Emulator,
  folder: string,
  { path, coverPath }: Sample,
  env: Readonly<Record<string, string>>,
): Pick<RunningCli, "child" | "ended"> {
  const library = pathToFileURL(join(dirname(builtCli()), "../index.js")).href;
  const checkpoint = join(folder, "checkpoint.json");
  const job = { library, origin, secretId, secretKey, path, coverPath, checkpoint, concurrency };
  const script = join(import.meta.dirname, "upload-once.mjs");
  const args = ["--unhandled-rejections=strict", script, JSON.stringify(job)];
  const child = spawn(process.execPath, args, { cwd: folder, env: cleanEnvironment(env) });
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? signal ?? "?", ...output });
    });
  });
  return { child, ended };
}

/** Counts what an undisturbed run does, for every point of it to be visited. */
export async function enumerate(uploader: Uploader, sample: Sample): Promise<Point[]> {
  const scene = await openScene(uploader, sample);
  const folder = await mkdtemp(join(tmpdir(), "vodup-log-"));
  try {
    const log = join(folder, "log");
    const { code, stderr } = await scene.start({ DIE_LOG: log }).ended;
    if (code !== 0) throw new Error(`the undisturbed run ended with ${code}: ${stderr}`);
    const noted = (await readFile(log, "utf8")).split("\n");
    const totals = {
      request: scene.emulator.requests().length,
      rename: noted.filter((name) => name === "rename").length,
      rm: noted.filter((name) => name === "rm").length,
    };
    return (["request", "rename", "rm"] as const).flatMap((at) =>
      Array.from({ length: totals[at] }, (_, index) => index + 1).flatMap((nth) =>
        (["before", "after"] as const).map((moment): Point => ({ at, nth, moment })),
      ),
    );
  } finally {
    await scene.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs until the point, and no further. @param more faults on the way there */
export async function runUntil(scene: Scene, point: Point, more: readonly FaultRule[] = []): Promise<CliResult> {
  const { emulator } = scene;
  if (point.at !== "request") return scene.start({ DIE_AT: `${point.at}:${point.nth}:${point.moment}` }).ended;
  const fault = point.moment === "before" ? { kind: "hang" as const } : { kind: "slow-response" as const, ms: 120_000 };
  const before = emulator.requests().length;
  emulator.setFaults([{ operation: "*", nth: point.nth, fault }, ...more]);
  const run = scene.start();
  let over = false;
  void run.ended.then(() => (over = true));
  const struck = (): LoggedRequest | undefined => emulator.requests().slice(before)[point.nth - 1];
  await until(() => struck() !== undefined || over, nameOf(point), limitMs);
  const request = struck();
  if (point.moment === "after" && request !== undefined) await effect(emulator, request);
  run.child.kill("SIGKILL");
  return run.ended;
}

/** Waits until what was asked for is done; its answer is on the way and never arrives. */
async function effect(emulator: Emulator, request: LoggedRequest): Promise<void> {
  const limit = Date.now() + limitMs;
  while (Date.now() < limit) {
    if (await isDone(emulator, request)) return;
    await sleep(5);
  }
  throw new Error(`${request.operation} never took effect`);
}

async function isDone(
  emulator: Emulator,
  { operation, partNumber: part, key = "", uploadId }: LoggedRequest,
): Promise<boolean> {
  switch (operation) {
    case "ApplyUpload":
      return emulator.sessions().length > 0;
    case "InitiateMultipartUpload":
      return emulator.uploads().length > 0;
    case "ListMultipartUploads":
    case "ListParts":
      return true;
    case "AbortMultipartUpload":
      return emulator.uploads().every((upload) => upload.uploadId !== uploadId);
    case "UploadPart":
      return emulator.uploads().some(({ parts }) => parts.some(({ partNumber }) => partNumber === part));
    case "PutObject":
    case "CompleteMultipartUpload":
      return (await emulator.objects()).has(key);
    case "CommitUpload":
      return emulator.media().length > 0;
    default:
      throw new Error(`${operation} was not expected here`);
  }
}

/** What the second run found and did; answers what is wrong with it. */
export async function runAgain(scene: Scene, sample: Sample): Promise<string[]> {
  const { emulator } = scene;
  // Requests that the dead process had sent whole are still being carried out.
  await until(
    () => emulator.requests().every((one) => one.durationMs !== undefined || one.fault === "slow-response"),
    "requests on their way",
    limitMs,
  );
  const stored = emulator.uploads().reduce((sum, { parts }) => Math.max(sum, parts.length), 0);
  const whole = emulator.sessions().some(({ key }) => key !== "" && isWhole(emulator, key));
  emulator.setFaults([]);
  emulator.clearRequests();
  const { code, stdout, stderr } = await scene.start().ended;
  const problems = code === 0 ? [] : [`the second run ended with ${code}: ${stderr.slice(0, 300)}`];
  const media = emulator.media();
  const committed = emulator.sessions().filter(({ state }) => state === "committed");
  const [only] = media;
  if (media.length !== 1 || committed.length !== 1 || only === undefined) {
    return [...problems, `${media.length} media, ${committed.length} sessions committed`];
  }
  if (stdout.trim() !== only.fileId) problems.push(`printed ${stdout.trim()}, committed ${only.fileId}`);
  for (const [key, expected] of [
    [only.key, sample.media],
    [only.coverKey ?? "", sample.cover],
  ] as const) {
    const found = await emulator.readObject(key).catch(() => Buffer.from("absent"));
    if (sha256(found) !== sha256(expected)) problems.push(`${key} is not what was sent`);
  }
  const sent = emulator.requests().filter(({ operation }) => operation === "UploadPart").length;
  const missing = whole ? 0 : Math.ceil(sample.media.length / mib) - stored;
  if (sent > missing + (whole ? 0 : concurrency)) problems.push(`${sent} parts sent, ${missing} were missing`);
  // Those whose ids never arrived, too.
  const open = emulator.uploads().length;
  if (open > 0) problems.push(`${open} multipart uploads left open`);
  const state = await scene.left();
  if (state.length > 0) problems.push(`state is left: ${state.join(", ")}`);
  return problems;
}

/** Whether the media was joined already: then no part of it is to be sent again. */
function isWhole(emulator: Emulator, key: string): boolean {
  return emulator.requests().some((one) => one.operation === "CompleteMultipartUpload" && one.key === key && done(one));
}

const done = ({ status, fault }: LoggedRequest): boolean => status === 200 || fault === "slow-response";

/** Does `work` for each, some at a time. */
export async function inPool<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
