import type { JsonObject } from "../json.ts";
import type { EmulatorClock } from "../clock.ts";
import type { Settings } from "../options.ts";
import { VodFailure } from "./envelope.ts";

export interface SubApp {
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
