import type { Answer, Exchange } from "./exchange.ts";
import { BodyTooLarge } from "./exchange.ts";
import { isRecord, parseJson } from "./json.ts";

/** What the control interface can see and do: the programmatic one, over HTTP for other processes. */
export interface Controls {
  readonly requests: () => unknown;
  readonly objects: () => Promise<unknown>;
  readonly media: () => unknown;
  readonly uploads: () => unknown;
  readonly deliveries: () => unknown;
  readonly setFaults: (rules: unknown) => void;
  readonly advanceClock: (ms: number) => void;
}

const maxBody = 2 ** 20;

/**
 * Whether a request without any signature is one of the control interface: `GET /requests`, `/objects`, `/media`,
 * `/uploads`, `/deliveries`, `PUT /faults` (a list of rules), `POST /clock` (`{"advanceMs": n}`).
 */
export function isControlRequest(method: string, path: string, headers: ReadonlyMap<string, string>): boolean {
  if (headers.has("authorization") || headers.has("x-tc-action")) return false;
  const reads = ["/requests", "/objects", "/media", "/uploads", "/deliveries"];
  return (
    (method === "GET" && reads.includes(path)) ||
    `${method} ${path}` === "PUT /faults" ||
    `${method} ${path}` === "POST /clock"
  );
}

export async function answerControl(exchange: Exchange, controls: Controls): Promise<Answer> {
  try {
    return json(200, (await perform(exchange, controls)) ?? { ok: true });
  } catch (error) {
    const mistaken = error instanceof TypeError || error instanceof SyntaxError || error instanceof BodyTooLarge;
    if (!mistaken) throw error;
    return json(400, { error: error.message });
  }
}

async function perform(exchange: Exchange, controls: Controls): Promise<unknown> {
  switch (exchange.target.rawPath) {
    case "/requests":
      return controls.requests();
    case "/objects":
      return controls.objects();
    case "/media":
      return controls.media();
    case "/uploads":
      return controls.uploads();
    case "/deliveries":
      return controls.deliveries();
    case "/faults":
      controls.setFaults(await readJson(exchange));
      return undefined;
    default: {
      const order = await readJson(exchange);
      const ms = isRecord(order) ? order["advanceMs"] : undefined;
      if (typeof ms !== "number" || !Number.isFinite(ms)) throw new TypeError("advanceMs must be a number");
      controls.advanceClock(ms);
      return undefined;
    }
  }
}

async function readJson(exchange: Exchange): Promise<unknown> {
  return parseJson((await exchange.readBody(maxBody)).toString("utf8"));
}

function json(status: number, value: unknown): Answer {
  return { status, headers: { "Content-Type": "application/json" }, body: Buffer.from(JSON.stringify(value)) };
}
