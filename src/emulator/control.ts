import { sealed } from "./door.ts";
import { BodyTooLarge, type Answer, type Exchange } from "./exchange.ts";
import { parseFaultRules } from "./fault-rules.ts";
import type { Inspection } from "./inspection.ts";
import { isRecord, parseJson, type Json } from "./json.ts";

/** What the control interface can see and do: the programmatic one, over HTTP for other processes. */
export interface Controls {
  readonly reads: Readonly<Record<string, () => unknown>>;
  /** By method and path; each is given the JSON of the request's body, undefined without one. */
  readonly changes: Readonly<Record<string, (order: Json | undefined) => void | Promise<void>>>;
}

const maxBody = 2 ** 20;

/** Whether a request without any signature is one of the control interface. */
export function isControlRequest(
  method: string,
  path: string,
  headers: ReadonlyMap<string, string>,
  { reads, changes }: Controls,
): boolean {
  if (headers.has("authorization") || headers.has("x-tc-action")) return false;
  return (method === "GET" && Object.hasOwn(reads, path)) || Object.hasOwn(changes, `${method} ${path}`);
}

export async function answerControl(exchange: Exchange, { reads, changes }: Controls): Promise<Answer> {
  const { method, target } = exchange;
  try {
    const read = method === "GET" ? reads[target.rawPath] : undefined;
    if (read !== undefined) return json(200, await read());
    await changes[`${method} ${target.rawPath}`]?.(await readJson(exchange));
    return json(200, { ok: true });
  } catch (error) {
    const mistaken = error instanceof TypeError || error instanceof SyntaxError || error instanceof BodyTooLarge;
    if (!mistaken) throw error;
    return json(400, { error: error.message });
  }
}

async function readJson(exchange: Exchange): Promise<Json | undefined> {
  const text = (await exchange.readBody(maxBody)).toString("utf8");
  return text.trim() === "" ? undefined : parseJson(text);
}

function json(status: number, value: unknown): Answer {
  const headers = { ...sealed, "Content-Type": "application/json" };
  return { status, headers, body: Buffer.from(JSON.stringify(value)) };
}

/** The control interface of one emulator, as docs/emulator.md lists it. */
export function controlsOf(inspection: Inspection): Controls {
  return {
    reads: {
      "/requests": () => inspection.requests(),
      "/objects": async () => Object.fromEntries(await inspection.objects()),
      "/media": () => inspection.media(),
      "/uploads": () => inspection.uploads(),
      "/sessions": () => inspection.sessions(),
      "/events": () => inspection.events(),
      "/deliveries": () => inspection.deliveries(),
      "/faults": () => inspection.faults(),
    },
    changes: {
      "PUT /faults": (rules) => inspection.setFaults(parseFaultRules(rules)),
      "POST /reset": () => inspection.reset(),
      "POST /clock": (order) => inspection.advanceClock(numberIn(order, "advanceMs")),
      "POST /certificates": (order) => inspection.expireCertificates(textIn(order, "fileId")),
      "POST /events": (order) => sendEvent(inspection, order),
    },
  };
}

function sendEvent(inspection: Inspection, order: Json | undefined): void {
  if (isRecord(order) && "again" in order) return inspection.sendEventAgain(numberIn(order, "again"));
  const url = textIn(order, "url");
  if (url === undefined) throw new TypeError('give {"again": id} or {"url": "http://127.0.0.1:…"}');
  inspection.sendTestEvent(url, { type: textIn(order, "type"), signKey: textIn(order, "signKey") });
}

function numberIn(order: Json | undefined, name: string): number {
  const value = isRecord(order) ? order[name] : undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) throw new TypeError(`${name} must be a number`);
  return value;
}

function textIn(order: Json | undefined, name: string): string | undefined {
  const value = isRecord(order) ? order[name] : undefined;
  if (value !== undefined && typeof value !== "string") throw new TypeError(`${name} must be text`);
  return value;
}
