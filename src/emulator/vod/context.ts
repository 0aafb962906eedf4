import type { Bucket } from "../cos/bucket.ts";
import type { EmulatorClock } from "../clock.ts";
import type { JsonObject } from "../json.ts";
import type { Settings } from "../options.ts";
import type { Identifiers } from "../random.ts";
import type { Sessions } from "../sessions.ts";
import type { EventQueues } from "./event-queues.ts";
import type { MediaLibrary } from "./media-library.ts";
import type { Regions } from "./regions.ts";
import type { SessionIds } from "./session-ids.ts";
import type { SubApps } from "./sub-apps.ts";
import type { Tasks } from "./tasks.ts";
import type { Templates } from "./templates.ts";

/** What the VOD actions work on. */
export interface VodContext {
  readonly settings: Settings;
  readonly ids: Identifiers;
  readonly clock: EmulatorClock;
  readonly sessions: Sessions;
  readonly bucket: Bucket;
  readonly media: MediaLibrary;
  readonly events: EventQueues;
  readonly regions: Regions;
  readonly subApps: SubApps;
  readonly tasks: Tasks;
  readonly templates: Templates;
  readonly sessionIds: SessionIds;
  readonly account: { readonly secretId: string; readonly secretKey: string };
}

/** One call whose signature, names and types are right. */
export interface VodCall {
  readonly context: VodContext;
  readonly params: JsonObject;
  /** The sub-app the call is about: its SubAppId, or the default one. */
  readonly subAppId: number;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

/** Carries out an action and returns the members of its `Response`, but for RequestId. */
export type VodAction = (call: VodCall) => JsonObject | Promise<JsonObject>;
