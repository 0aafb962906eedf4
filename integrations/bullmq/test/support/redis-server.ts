import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

/** A redis-server of its own on a free loopback port, set as the README says, that can be killed and started again. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), "vodup-redis-")));
    await server.start();
    return server;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error("redis-server is not running");
    return this.#child.pid;
  }

  /** Reads what the run before has written, and answers when it takes commands. */
  async start(): Promise<void> {
    const where = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#folder];
    const settings = ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"];
    const child = spawn("redis-server", [...where, ...settings], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    child.stdout.resume();
    child.on("error", (error) => console.error(`redis-server: ${error.message}`));
    const probe = new Redis({ port: this.port, host: "127.0.0.1", maxRetriesPerRequest: null });
    probe.on("error", () => undefined);
    try {
      for (let turn = 0; (await Promise.race([probe.ping().catch(() => ""), sleep(1_000)])) !== "PONG"; turn += 1) {
        if (turn === 20 || child.exitCode !== null) throw new Error("redis-server did not start");
        await sleep(100);
      }
    } finally {
      probe.disconnect();
    }
  }

  /** Ends it, by SIGKILL at once, by SIGTERM in good order; what it held is kept. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  async remove(): Promise<void> {
    await this.end("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A connection as workers have it. */
  connect(): Redis {
    const connection = new Redis({ port: this.port, host: "127.0.0.1", maxRetriesPerRequest: null });
    connection.on("error", () => undefined);
    return connection;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}
