import type { ChildProcess } from "node:child_process";
import type { UploadWorkerOptions } from "../../src/index.ts";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { VodClientOptions } from "vodup";
import type { CommittedMedia, EmulatorOptions, LoggedRequest, ObjectSummary, OpenUpload } from "vodup/emulator";

export interface WorkerEvent {
  readonly event: "ready" | "active" | "completed" | "failed" | "lost" | "error" | "closed";
  readonly id?: string;
  readonly ids?: readonly string[];
  readonly fileId?: string;
  readonly message?: string;
}

export interface Account {
  readonly origin: string;
  readonly secretId: string;
  readonly secretKey: string;
}

export interface WorkerConfig
  extends Account, Pick<UploadWorkerOptions, "concurrency" | "lockDuration" | "stalledInterval" | "partsEveryMs"> {
  readonly redisPort: number;
  readonly client: Partial<VodClientOptions>;
}

function run(script: string, argument: object): { child: ChildProcess; lines: AsyncIterable<string> } {
  const path = join(import.meta.dirname, script);
  const child = spawn(process.execPath, [path, JSON.stringify(argument)], { stdio: ["pipe", "pipe", "inherit"] });
  if (child.stdout === null) throw new Error("no stdout");
  return { child, lines: createInterface(child.stdout) };
}

/** A worker in a process of its own, and everything it has told. */
export class WorkerProcess {
  readonly events: WorkerEvent[] = [];
  readonly #child: ChildProcess;
  readonly #reading: Promise<void>;

  constructor(config: WorkerConfig) {
    const { child, lines } = run("worker-process.mjs", config);
    this.#child = child;
    this.#reading = (async () => {
      for await (const line of lines) this.events.push(JSON.parse(line) as WorkerEvent);
    })();
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ids of the jobs that it has begun and not ended. */
  get working(): Set<string> {
    const ids = new Set<string>();
    for (const { event, id = "" } of this.events) {
      if (event === "active") ids.add(id);
      else if (event === "completed" || event === "failed") ids.delete(id);
    }
    return ids;
  }

  kill(signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** Until the process has gone and all that it told is read. @returns its exit code */
  async ended(): Promise<number | null> {
    if (this.isRunning) await once(this.#child, "exit");
    await this.#reading;
    return this.#child.exitCode;
  }
}

/** The emulator in a process of its own, asked over its control interface. */
export class EmulatorProcess {
  readonly account: Account;
  readonly #child: ChildProcess;

  private constructor(account: Account, child: ChildProcess) {
    this.account = account;
    this.#child = child;
  }

  static async start(options: EmulatorOptions): Promise<EmulatorProcess> {
    const { child, lines } = run("emulator-process.mjs", options);
    for await (const line of lines) return new EmulatorProcess(JSON.parse(line) as Account, child);
    throw new Error("the emulator did not start");
  }

  requests = (): Promise<LoggedRequest[]> => this.#get("requests");
  media = (): Promise<CommittedMedia[]> => this.#get("media");
  objects = (): Promise<Record<string, ObjectSummary>> => this.#get("objects");
  uploads = (): Promise<OpenUpload[]> => this.#get("uploads");

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  async #get<T>(what: string): Promise<T> {
    return (await (await fetch(`${this.account.origin}/${what}`)).json()) as T;
  }
}
