import { performance } from "node:perf_hooks";
import { setMaxListeners } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { EmulatorClock } from "./clock.ts";
import { answerControl, controlsOf, isControlRequest, type Controls } from "./control.ts";
import { Bucket, type StoredObject } from "./cos/bucket.ts";
import { answerCos, cosOperation } from "./cos/operations.ts";
import { carryOut } from "./deliver.ts";
import { comesFromElsewhere, isNavigation, namesLoopback, refusalOf, refuse } from "./door.ts";
import { Disconnected, Exchange, readHeaders, type Answer } from "./exchange.ts";
import { parseTarget, type Target } from "./request-target.ts";
import { FaultPlan } from "./fault-rules.ts";
import { Inspection, type InspectionParts } from "./inspection.ts";
import type { Settings } from "./options.ts";
import type { Page } from "./page/page.ts";
import { answerPlay, playedObject } from "./play.ts";
import { Pusher } from "./vod/push.ts";
import { Identifiers } from "./random.ts";
import { redactHeader, redactQuery, RequestLog, type Api, type Entry } from "./request-log.ts";
import { Sessions } from "./sessions.ts";
import { DirectoryStore } from "./store/directory.ts";
import { DiscardStore } from "./store/discard.ts";
import { MemoryStore } from "./store/memory.ts";
import type { ObjectStore } from "./store/store.ts";
import type { VodContext } from "./vod/context.ts";
import { EventQueues } from "./vod/event-queues.ts";
import { MediaLibrary } from "./vod/media-library.ts";
import { answerVod, isVodRequest } from "./vod/operations.ts";
import { RateLimits } from "./vod/rate-limit.ts";
import { Regions } from "./vod/regions.ts";
import { SessionIds } from "./vod/session-ids.ts";
import { SubApps } from "./vod/sub-apps.ts";
import { Tasks } from "./vod/tasks.ts";
import { Templates } from "./vod/templates.ts";

async function openStore(settings: Settings): Promise<ObjectStore> {
  if (settings.discard) return new DiscardStore();
  return settings.dir === undefined ? new MemoryStore() : DirectoryStore.open(settings.dir);
}

function accountOf(settings: Settings, ids: Identifiers): { secretId: string; secretKey: string } {
  return { secretId: settings.secretId ?? `AKID${ids.word(32)}`, secretKey: settings.secretKey ?? ids.word(32) };
}

/** What comes into being while an emulator runs. A reset replaces all of it. */
interface Contents {
  readonly faults: FaultPlan;
  readonly rates: RateLimits;
  readonly vod: VodContext;
  readonly pusher: Pusher;
}

/** A request as its head has come. */
interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: ReadonlyMap<string, string>;
  readonly target: Target;
  readonly route: { readonly api: Api; readonly operation: string };
  readonly connection: number;
}

/** Everything that exists in one emulator, and the way of a request through it. */
export class World {
  readonly account: { readonly secretId: string; readonly secretKey: string };
  readonly inspection: Inspection;
  readonly #clock: EmulatorClock;
  readonly #log: RequestLog;
  readonly #controls: Controls;
  readonly #settings: Settings;
  #contents: Contents;
  #page: Promise<Page> | undefined;
  readonly #closing = new AbortController();

  private constructor(settings: Settings, store: ObjectStore) {
    // Every request that is kept waiting listens to it: more than ten are no leak.
    setMaxListeners(0, this.#closing.signal);
    this.account = accountOf(settings, new Identifiers(settings.seed));
    this.#settings = settings;
    this.#clock = new EmulatorClock(settings.clock);
    this.#log = new RequestLog(settings.requestLogLimit);
    this.#contents = this.#begin(store);
    this.inspection = new Inspection(this.#inspected(), () => this.#reset());
    this.#controls = controlsOf(this.inspection);
  }

  #begin(store: ObjectStore): Contents {
    const [settings, clock] = [this.#settings, this.#clock];
    const ids = new Identifiers(settings.seed);
    // Drawn once more for nothing: what a seed repeats must be the same after a reset.
    accountOf(settings, ids);
    const pusher = new Pusher(settings, clock, this.#closing.signal);
    const vod: VodContext = {
      settings,
      ids,
      clock,
      account: this.account,
      sessions: new Sessions(settings, ids),
      bucket: new Bucket(store),
      media: new MediaLibrary(),
      events: new EventQueues(settings, clock, ids, pusher),
      regions: new Regions(settings),
      subApps: new SubApps(settings, clock),
      tasks: new Tasks(settings, clock),
      templates: new Templates(clock),
      sessionIds: new SessionIds(),
    };
    return { faults: new FaultPlan(settings.faults), rates: new RateLimits(settings), vod, pusher };
  }

  #inspected(): InspectionParts {
    const { faults, pusher, vod } = this.#contents;
    const { defaultSubAppId: subAppId } = this.#settings;
    return { ...vod, log: this.#log, subAppId, faults, pusher };
  }

  /** What is still being answered ends with what it began with; nobody finds that again. */
  async #reset(): Promise<InspectionParts> {
    const store = await openStore(this.#settings);
    const { bucket } = this.#contents.vod;
    this.#contents = this.#begin(store);
    this.#clock.reset();
    this.#log.clear();
    for (const { key } of bucket.objects()) await bucket.remove(key);
    await bucket.store.close();
    return this.#inspected();
  }

  static async open(settings: Settings): Promise<World> {
    return new World(settings, await openStore(settings));
  }

  /** Answers one request, or lets it go when its sender has gone. */
  async respond(request: IncomingMessage, response: ServerResponse, connection: number): Promise<void> {
    const started = performance.now();
    const headers = readHeaders(request);
    const target = parseTarget(request.url ?? "/");
    const visitor = { method: request.method ?? "GET", headers, tls: this.#settings.tls };
    response.on("error", () => undefined);
    const forPage = this.#settings.page && isPageRequest(visitor.method, target, headers);
    const route = this.#route(visitor.method, target, headers);
    const refusal = forPage && isNavigation(visitor) && namesLoopback(headers) ? undefined : refusalOf(visitor);
    if (forPage || comesFromElsewhere(visitor) || (refusal !== undefined && answeredUnsigned.has(route.api))) {
      // Neither is logged, and no fault strikes it: what a page sends, this one or another, must not count.
      if (refusal === undefined) await this.#showPage(request, response, target);
      else dismiss(request, response, refuse(refusal));
      return;
    }
    const entry = this.#enter({ request, response, headers, target, route, connection });
    const fault = this.#contents.faults.strike({
      ...route,
      path: target.path ?? target.rawPath,
      partNumber: entry.partNumber,
    });
    entry.fault = fault?.kind;
    const now = entry.time + (fault?.kind === "clock-skew" ? fault.ms : 0);
    const closing = this.#closing.signal;
    const exchange = new Exchange({ request, response, entry, headers, target, now, fault, closing });
    if (this.#settings.page) this.#log.trace(entry, exchange.trace);
    try {
      await carryOut(exchange, () => this.#operate(exchange, route.api));
    } catch (error) {
      if (!(error instanceof Disconnected)) this.#collapse(exchange, error);
    } finally {
      entry.durationMs = performance.now() - started;
    }
  }

  /** Logs what could not be read as a request: a client's log would only say that it was answered 400. */
  refuseMalformed(line: string, complaint: string): void {
    // Anything else is no request line but what came where one should be, such as the rest of a body: kept out of logs.
    const [, method = "", target = ""] = /^([A-Z]{3,10}) (\/[^ ]*)/.exec(line) ?? [];
    this.#log.add({
      id: 0,
      time: this.#clock.now(),
      api: "cos",
      operation: "Malformed",
      method,
      path: target === "" ? "" : parseTarget(target).rawPath,
      query: {},
      headers: {},
      connection: 0,
      verified: false,
      status: 400,
      message: `not an HTTP request: ${complaint}`,
      bodyBytes: 0,
    });
  }

  /** Lets go of everybody who is being kept waiting, and keeps no further appointment. */
  hangUp(): void {
    this.#closing.abort();
    this.#clock.close();
  }

  async close(): Promise<void> {
    this.hangUp();
    await this.#contents.vod.bucket.store.close();
  }

  #route(method: string, target: Target, headers: ReadonlyMap<string, string>): { api: Api; operation: string } {
    if (isControlRequest(method, target.rawPath, headers, this.#controls)) {
      return { api: "control", operation: `${method} ${target.rawPath}` };
    }
    if (isVodRequest(headers)) return { api: "vod", operation: headers.get("x-tc-action") ?? "Unknown" };
    const operation = cosOperation(method, target.rawPath, target.query);
    if (this.#played(operation, target, headers) !== undefined) return { api: "media", operation: "PlayMedia" };
    return { api: "cos", operation };
  }

  #enter({ request, response, headers, target, route, connection }: Arrival): Entry {
    const redacted = (map: ReadonlyMap<string, string>): Record<string, string> =>
      Object.fromEntries([...map].map(([name, value]) => [name, redactHeader(name, value)]));
    const partNumber = target.query.get("partNumber");
    const entry: Entry = {
      id: 0,
      time: this.#clock.now(),
      ...route,
      method: request.method ?? "GET",
      path: target.rawPath,
      query: redacted(target.query),
      rawQuery: target.rawQuery === "" ? undefined : redactQuery(target.rawQuery),
      headers: redacted(headers),
      connection,
      verified: false,
      status: 0,
      bodyBytes: 0,
      partNumber: partNumber === undefined ? undefined : Number(partNumber),
      uploadId: target.query.get("uploadId"),
    };
    if (route.api === "control" && entry.method === "GET") return entry;
    this.#log.add(entry);
    this.#settings.onRequest?.(request, response);
    return entry;
  }

  /** The media object that a GET or HEAD without a signature asks for. */
  #played(operation: string, target: Target, headers: ReadonlyMap<string, string>): StoredObject | undefined {
    const unsigned = !headers.has("authorization") && !target.query.has("q-signature");
    if (!unsigned || (operation !== "GetObject" && operation !== "HeadObject")) return undefined;
    return playedObject(target.path, this.#contents.vod.bucket, this.#contents.vod.media);
  }

  async #showPage(request: IncomingMessage, response: ServerResponse, target: Target): Promise<void> {
    // Loaded with the first who looks: an emulator in a test has nobody.
    this.#page ??= import("./page/page.ts").then(({ Page }) => new Page(this.inspection, this.#closing.signal));
    await (await this.#page).respond(request, response, target);
  }

  #operate(exchange: Exchange, api: Api): Promise<Answer> | Answer {
    if (api === "control") return answerControl(exchange, this.#controls);
    const { vod, rates } = this.#contents;
    const played = api === "media" ? playedObject(exchange.target.path, vod.bucket, vod.media) : undefined;
    if (played !== undefined) return answerPlay(exchange, vod, played);
    return api === "vod" ? answerVod(exchange, vod, rates) : answerCos(exchange, vod);
  }

  /** A defect of the emulator's own (or a full disk) must not look like an answer of the service. */
  #collapse(exchange: Exchange, error: unknown): void {
    exchange.entry.diagnosis = `the emulator failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    exchange.reset();
  }
}

/** What is answered without a signature, to this machine only. */
const answeredUnsigned: ReadonlySet<Api> = new Set(["control", "media"]);

function isPageRequest(method: string, target: Target, headers: ReadonlyMap<string, string>): boolean {
  if (headers.has("authorization") || headers.has("x-tc-action")) return false;
  if (target.rawPath.startsWith("/_vodup/")) return true;
  const bare = target.rawPath === "/" && !target.query.has("uploads") && !target.query.has("q-signature");
  return bare && (method === "GET" || method === "HEAD");
}

/** Answers at once; the body of the request is let go. */
function dismiss(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  request.resume();
  response.writeHead(answer.status, answer.headers);
  response.end(request.method === "HEAD" ? undefined : answer.body);
}
