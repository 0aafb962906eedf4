import type { JsonObject } from "../json.ts";
import type { EmulatorClock } from "../clock.ts";
import type { Settings } from "../options.ts";
import type { Identifiers } from "../random.ts";
import type { VodAction, VodCall } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { isoTime } from "./time.ts";
import { checkLength, numberOf, objectsOf, textOf } from "./validate.ts";

interface SubApp {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly mode: string;
  readonly storageRegions: readonly string[];
  readonly tags: readonly JsonObject[];
  readonly createTime: number;
}

/** The account's sub-apps. With `subAppIds: "any"` naming one is enough to have it. */
export class SubApps {
  readonly #settings: Settings;
  readonly #clock: EmulatorClock;
  readonly #apps = new Map<number, SubApp>();

  constructor(settings: Settings, clock: EmulatorClock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#found(settings.defaultSubAppId, "default");
    if (settings.subAppIds !== "any") for (const id of settings.subAppIds) this.#found(id, `app ${id}`);
  }

  /** The sub-app a call is about. @throws {VodFailure} */
  resolve(subAppId: number | undefined): number {
    if (subAppId === undefined) {
      if (!this.#settings.requireSubAppId) return this.#settings.defaultSubAppId;
      throw new VodFailure("InvalidParameterValue.SubAppId", "This account must name a SubAppId in every call.");
    }
    if (!this.#apps.has(subAppId)) {
      if (this.#settings.subAppIds !== "any") {
        throw new VodFailure("InvalidParameterValue.SubAppId", `There is no sub-app ${subAppId}.`);
      }
      this.#found(subAppId, `app ${subAppId}`);
    }
    return subAppId;
  }

  create(app: Omit<SubApp, "createTime">): void {
    this.#apps.set(app.id, { ...app, createTime: this.#clock.now() });
  }

  list(): SubApp[] {
    return [...this.#apps.values()];
  }

  #found(id: number, name: string): void {
    const storageRegions = [this.#settings.storageRegion];
    this.create({ id, name, description: "", mode: "fileid", storageRegions, tags: [] });
  }
}

export const describeSubAppIds: VodAction = ({ context, params }) => {
  const wantedName = textOf(params, "Name");
  const tags = objectsOf(params, "Tags");
  const hasTag = (app: SubApp, tag: JsonObject): boolean =>
    app.tags.some((one) => one["TagKey"] === tag["TagKey"] && one["TagValue"] === tag["TagValue"]);
  const matching = context.subApps
    .list()
    .filter((app) => (wantedName === undefined || app.name === wantedName) && tags.every((tag) => hasTag(app, tag)));
  const offset = numberOf(params, "Offset") ?? 0;
  const page = matching.slice(offset, offset + Math.min(numberOf(params, "Limit") ?? 200, 200));
  return { SubAppIdInfoSet: page.map(subAppInfo), TotalCount: matching.length };
};

function subAppInfo(app: SubApp): JsonObject {
  return {
    SubAppId: app.id,
    SubAppIdName: app.name,
    Name: app.name,
    Description: app.description,
    CreateTime: isoTime(app.createTime),
    Status: "On",
    Mode: app.mode,
    StorageRegions: app.storageRegions,
    Tags: app.tags,
  };
}

export const createSubAppId: VodAction = ({ context, params }: VodCall) => {
  checkLength(params, "Name", 40);
  const id = nextId(context.ids, context.subApps);
  context.subApps.create({
    id,
    name: textOf(params, "Name") ?? "",
    description: textOf(params, "Description") ?? "",
    mode: textOf(params, "Mode") ?? "fileid",
    storageRegions: [textOf(params, "StorageRegion") ?? context.regions.defaultRegion],
    tags: objectsOf(params, "Tags"),
  });
  return { SubAppId: id };
};

/** As the real ones: above 1.5 billion. */
function nextId(ids: Identifiers, subApps: SubApps): number {
  for (;;) {
    const id = 1_500_000_000 + Number(ids.digits(7));
    if (!subApps.list().some((app) => app.id === id)) return id;
  }
}
