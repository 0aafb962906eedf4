import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { builtCli } from "../../cli/support/built-cli.ts";
import { cleanEnvironment } from "../../cli/support/run-cli.ts";
import { startEmulator, type Emulator, type FaultRule } from "../../../src/emulator/index.ts";

const mib = 2 ** 20;
export const concurrency = 2;
export const partCount = 6;

/** An emulator and a folder with a video of six parts and a cover. */
export interface Stage {
  readonly emulator: Emulator;
  readonly folder: string;
  readonly source: string;
  readonly cover: string;
  readonly media: Buffer;
  readonly picture: Buffer;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const emulator = await startEmulator({ strictSignature: true });
  const folder = await mkdtemp(join(tmpdir(), "vodup-kill-"));
  const [media, picture] = [randomBytes((partCount - 1) * mib + 4_321), randomBytes(40_000)];
  const [source, cover] = [join(folder, "lesson.mp4"), join(folder, "lesson.jpg")];
  await Promise.all([writeFile(source, media), writeFile(cover, picture)]);
  return {
    emulator,
    folder,
    source,
    cover,
    media,
    picture,
    close: async () => {
      await emulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Run {
  readonly child: ChildProcess;
  /** Resolves when the process is gone. */
  readonly ended: Promise<{ readonly code: number | string; readonly stdout: string; readonly stderr: string }>;
}

function watch(child: ChildProcess): Run {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const ended = new Promise<{ code: number | string; stdout: string; stderr: string }>((resolve) => {
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? signal ?? "?", stdout, stderr });
    });
  });
  return { child, ended };
}

/** The two ways to upload that are killed. */
export const programs = ["library", "cli"] as const;
export type Program = (typeof programs)[number];

export interface Death {
  readonly dieAtWrite?: number;
  readonly moment?: "before" | "torn" | "after";
}

export function start(program: Program, stage: Stage, death: Death = {}): Run {
  const { emulator, folder, source, cover } = stage;
  const main = builtCli();
  const { origin, secretId, secretKey } = emulator;
  if (program === "cli") {
    const args = [
      "upload",
      source,
      "--cover",
      cover,
      "--part-size",
      "1MiB",
      "--concurrency",
      String(concurrency),
      "--json",
    ];
    const env = cleanEnvironment({
      HOME: folder,
      XDG_STATE_HOME: join(folder, "state"),
      TENCENTCLOUD_SECRET_ID: secretId,
      TENCENTCLOUD_SECRET_KEY: secretKey,
      VODUP_VOD_ENDPOINT: origin,
      VODUP_COS_ENDPOINT: origin,
    });
    return watch(spawn(process.execPath, ["--unhandled-rejections=strict", main, ...args], { env, cwd: folder }));
  }
  const library = pathToFileURL(join(dirname(main), "../index.js")).href;
  const checkpoint = join(folder, "checkpoint.json");
  const job = { library, source, cover, checkpoint, concurrency, origin, secretId, secretKey, ...death };
  const child = join(import.meta.dirname, "kill-child.mjs");
  return watch(
    spawn(process.execPath, ["--unhandled-rejections=strict", child, JSON.stringify(job)], { env: cleanEnvironment() }),
  );
}

/** The FileId that a run printed. */
export function printedFileId(stdout: string): string | undefined {
  const last = stdout.trim().split("\n").at(-1) ?? "";
  return /"fileId":"(\d+)"/.exec(last)?.[1];
}

/** Stops the world at a request: before it has an effect, or after. */
export function stopAt(nth: number, moment: "before" | "after"): FaultRule {
  return { operation: "*", nth, fault: moment === "before" ? { kind: "hang" } : { kind: "slow-response", ms: 60_000 } };
}

/** Waits until the request that stops the world has come, and has done what it does. */
export async function stopped(stage: Stage, run: Run): Promise<boolean> {
  const struck = (): ReturnType<Emulator["requests"]>[number] | undefined =>
    stage.emulator.requests().find(({ fault }) => fault !== undefined);
  for (let request = struck(); ; request = struck()) {
    if (request !== undefined && arrived(request)) break;
    if (run.child.exitCode !== null) return false;
    await sleep(5);
  }
  // The effect follows the last byte at once; nothing tells of it before the answer that never comes.
  await sleep(40);
  return true;
}

function arrived({ headers, bodyBytes }: { headers: Readonly<Record<string, string>>; bodyBytes: number }): boolean {
  return bodyBytes >= Number(headers["content-length"] ?? 0);
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What must be so after the second run; answers what is not. */
export async function flaws(
  stage: Stage,
  second: { readonly code: number | string; readonly stdout: string; readonly stderr: string },
  stored: number,
  applied: boolean,
): Promise<string[]> {
  const { emulator } = stage;
  const problems: string[] = [];
  if (second.code !== 0) return [`the second run ended with ${second.code}: ${second.stderr.slice(-500)}`];
  const media = emulator.media();
  const committed = emulator.sessions().filter(({ state }) => state === "committed");
  if (media.length !== 1 || committed.length !== 1) problems.push(`${media.length} media, ${committed.length} commits`);
  const [only] = media;
  if (only === undefined) return problems;
  if (sha256(await emulator.readObject(only.key)) !== sha256(stage.media))
    problems.push("a wrong object was committed");
  if (sha256(await emulator.readObject(only.coverKey ?? "")) !== sha256(stage.picture)) problems.push("a wrong cover");
  if (printedFileId(second.stdout) !== only.fileId)
    problems.push(`printed ${printedFileId(second.stdout)} for ${only.fileId}`);
  const seen = emulator.requests();
  const count = (operation: string): number => seen.filter((request) => request.operation === operation).length;
  const missing = partCount - stored;
  if (applied && count("UploadPart") > missing + concurrency)
    problems.push(`${count("UploadPart")} parts sent, ${missing} were missing`);
  if (applied && count("ApplyUpload") > 0) problems.push("applied again");
  if (count("CommitUpload") > 1) problems.push(`committed ${count("CommitUpload")} times in one run`);
  // An upload that was opened and not noted has no parts, and so costs nothing.
  for (const { parts } of emulator.uploads())
    if (parts.length > 0) problems.push(`${parts.length} parts are left over`);
  return problems;
}
