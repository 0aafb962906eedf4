import type { ServerResponse } from "node:http";
import type { Redis } from "ioredis";
import type { UploadWorker } from "./upload-worker.ts";
import { createServer } from "node:http";
import { inTime } from "./in-time.ts";
import { type Listening, listen } from "./listen.ts";
import { type UploadMetrics, isDraining } from "./metrics.ts";

export interface StatusServerOptions {
  readonly worker: UploadWorker;
  readonly connection: Redis;
  readonly metrics: UploadMetrics;
  /** @defaultValue "127.0.0.1": this machine only */
  readonly host?: string | undefined;
  /** 0 for any that is free. @defaultValue 9464 */
  readonly port?: number | undefined;
}

export type StatusServer = Listening;

/** Milliseconds that `/readyz` waits for Redis. */
const pingLimitMs = 1_000;

/**
 * `/metrics` in OpenMetrics; `/healthz`: 200 while the worker runs, 503 when it ended unasked and the process should be
 * restarted; `/readyz`: 200 while it takes jobs, 503 while it drains or Redis does not answer.
 * @throws Error when the port is taken
 */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const { worker, connection, metrics, host = "127.0.0.1", port = 9464 } = options;
  const ping = inTime(() => connection.ping(), pingLimitMs);

  async function unready(): Promise<string | undefined> {
    if (isDraining(worker)) return "draining: no more jobs are taken";
    if ((await ping()) !== "PONG") return `Redis did not answer within ${pingLimitMs / 1_000} s`;
    return undefined;
  }

  const pages = new Map<string, () => Promise<Page>>([
    ["/healthz", async () => page(worker.isRunning() || isDraining(worker) ? undefined : "the worker has ended")],
    ["/readyz", async () => page(await unready())],
    [
      "/metrics",
      async () => ({ status: 200, type: metrics.register.contentType, body: await metrics.register.metrics() }),
    ],
  ]);

  const server = createServer((request, response) => {
    const make = pages.get((request.url ?? "").replace(/\?.*$/s, ""));
    if (make === undefined) return send(response, page("see /metrics, /healthz and /readyz", 404));
    if (!["GET", "HEAD"].includes(request.method ?? "")) return send(response, page("only GET and HEAD", 405));
    make().then(
      (made) => send(response, made),
      (error: unknown) => send(response, page(String(error), 500)),
    );
  });
  return listen(server, host, port);
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function page(problem: string | undefined, status = problem === undefined ? 200 : 503): Page {
  return { status, type: "text/plain; charset=utf-8", body: `${problem ?? "ok"}\n` };
}

function send(response: ServerResponse, { status, type, body }: Page): void {
  response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" }).end(body);
}
