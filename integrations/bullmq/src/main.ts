#!/usr/bin/env node
// The commands of this package, configured by the environment (README.md):
//   vodup-bullmq worker             works until SIGTERM or SIGINT
//   vodup-bullmq add SOURCE ...     adds uploads, prints a job id a line
//   vodup-bullmq board              serves a page on the queue until SIGTERM or SIGINT
import { constants } from "node:os";
import { Redis } from "ioredis";
import { VodClient, defaultCredentials } from "vodup";
import {
  UploadMetrics,
  addUploads,
  drain,
  redirectsWithin,
  startStatusServer,
  startUploadWorker,
  uploadQueue,
} from "./index.ts";
import { Settings } from "./settings.ts";

const settings = new Settings(process.env);
const redisUrl = settings.text("REDIS_URL") ?? "redis://127.0.0.1:6379";
const name = settings.text("QUEUE") ?? "vodup";
const prefix = settings.text("QUEUE_PREFIX") ?? "bull";
const tell = (line: string): void => console.error(line);

/** Says what goes wrong on a connection once, and not at each try, until it is ready again. */
function sayOnce(connection: Redis): (error: Error) => void {
  let last: string | undefined;
  connection.on("ready", () => (last = undefined));
  return ({ message }) => {
    if (message !== last) tell(message);
    last = message;
  };
}

async function work(): Promise<void> {
  const concurrency = settings.wholeNumber("UPLOADS", 1);
  const rate = settings.wholeNumber("RATE", 1) ?? 80;
  const finishSeconds = settings.wholeNumber("DRAIN_SECONDS", 0) ?? 8;
  const [host, port] = [settings.text("STATUS_HOST"), settings.wholeNumber("STATUS_PORT", 0)];
  const [roots, hosts] = [settings.folders("ROOTS"), settings.words("HOSTS")];
  if (roots === undefined && hosts === undefined) {
    throw new Error(
      "name what this worker may upload: ROOTS=/folder:/other for files, HOSTS=media.example.com for URLs",
    );
  }
  const credentials = defaultCredentials();
  // A worker without any would fail every job of the queue, one after the other.
  await credentials();
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const vod = new VodClient({
    credentials,
    subAppId: settings.text("SUB_APP_ID"),
    region: settings.text("TENCENTCLOUD_REGION"),
    vodEndpoint: settings.text("VODUP_VOD_ENDPOINT"),
    cosEndpoint: settings.text("VODUP_COS_ENDPOINT"),
    allowRedirect: redirectsWithin(hosts),
  });
  const queue = uploadQueue({ connection, prefix }, name);
  queue.on("error", () => undefined);
  const metrics = new UploadMetrics({ queue });
  // In tenths of a second, or longer where that would be less than a job.
  const max = Math.ceil(rate / 10);
  const limiter = { max, duration: Math.ceil((max / rate) * 1_000) };
  const options = { connection, prefix, vod, uploadMetrics: metrics, roots, hosts, limiter, autorun: false };
  const worker = startUploadWorker(concurrency === undefined ? options : { ...options, concurrency }, name);
  worker.on("completed", (job, { fileId }) => console.log(`${job.id} ${fileId}`));
  worker.on("failed", (job, error) => tell(`${job?.id} ${error.message}`));
  worker.on("error", sayOnce(connection));
  const status = port === undefined ? undefined : await startStatusServer({ worker, connection, metrics, host, port });
  if (status !== undefined) tell(`status: ${status.url}/metrics, /healthz, /readyz`);
  worker.run().catch((error: unknown) => tell(`the worker has ended: ${String(error)}`));
  tell(await toldToEnd());
  const isClosed = await drain(worker, { finishMs: finishSeconds * 1_000, tell });
  await status?.close();
  if (!isClosed) process.exit(1);
  await queue.close();
  await vod.close();
  await connection.quit();
}

async function add(sources: readonly string[]): Promise<void> {
  // A caller sees at once that Redis is away; workers wait for it.
  const connection = new Redis(redisUrl, { retryStrategy: () => null });
  connection.on("error", () => undefined);
  const queue = uploadQueue({ connection, prefix }, name);
  queue.on("error", () => undefined);
  const requests = sources.map((source) => ({ source }));
  for (const { id } of await addUploads(queue, requests)) console.log(id);
  await queue.close();
  await connection.quit();
}

async function showBoard(): Promise<void> {
  const [host, port, names] = [
    settings.text("BOARD_HOST"),
    settings.wholeNumber("BOARD_PORT", 0),
    settings.words("BOARD_NAMES"),
  ];
  const { startBoard } = await import("./board.ts").catch((error: unknown) => {
    const isAbsent = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!isAbsent) throw error;
    throw new Error("the page needs Bull Board: npm install @bull-board/api @bull-board/express express", {
      cause: error,
    });
  });
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  connection.on("error", sayOnce(connection));
  const queue = uploadQueue({ connection, prefix }, name);
  const board = await startBoard({ queue, host, port, names });
  tell(`board: ${board.url}`);
  await toldToEnd();
  await board.close();
  await queue.close();
  connection.disconnect();
}

/** The first signal asks for an end; a second one is an end. */
function toldToEnd(): Promise<string> {
  return new Promise((resolve) => {
    let isTold = false;
    const onSignal = (signal: "SIGTERM" | "SIGINT"): void => {
      if (isTold) {
        tell(`${signal} again: ends at once`);
        process.exit(128 + constants.signals[signal]);
      }
      isTold = true;
      resolve(signal);
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  });
}

async function run([command, ...sources]: readonly string[]): Promise<void> {
  if (command === "worker" && sources.length === 0) await work();
  else if (command === "add" && sources.length > 0) await add(sources);
  else if (command === "board" && sources.length === 0) await showBoard();
  else {
    tell("usage: vodup-bullmq worker | add SOURCE ... | board");
    process.exitCode = 2;
  }
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  tell(`vodup-bullmq: ${error instanceof Error ? error.message : String(error)}`);
  // Not by itself: connections may be open.
  process.exit(1);
}
