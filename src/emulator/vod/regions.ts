import type { JsonObject } from "../json.ts";
import type { Settings } from "../options.ts";

/** Storage regions of 266/9760 (2024-10-22); the real list is asked for, never assumed. */
const knownRegions: readonly (readonly [region: string, description: string, mainland?: true])[] = [
  ["ap-beijing", "Beijing", true],
  ["ap-shanghai", "Shanghai", true],
  ["ap-guangzhou", "Guangzhou", true],
  ["ap-chongqing", "Chongqing", true],
  ["ap-beijing-1", "Tianjin", true],
  ["ap-nanjing", "Nanjing", true],
  ["ap-chengdu", "Chengdu", true],
  ["ap-hongkong", "Hong Kong"],
  ["ap-taipei", "Taipei"],
  ["ap-singapore", "Singapore"],
  ["ap-jakarta", "Jakarta"],
  ["ap-seoul", "Seoul"],
  ["ap-bangkok", "Bangkok"],
  ["ap-tokyo", "Tokyo"],
  ["na-siliconvalley", "Silicon Valley"],
  ["na-ashburn", "Virginia"],
  ["sa-saopaulo", "Sao Paulo"],
  ["eu-frankfurt", "Frankfurt"],
];

/** Which storage regions exist and which are open; one set for all sub-apps. */
export class Regions {
  readonly #open: Set<string>;
  readonly defaultRegion: string;

  constructor(settings: Settings) {
    this.defaultRegion = settings.storageRegion;
    this.#open = new Set([settings.storageRegion, ...settings.openRegions]);
  }

  isOpen(region: string): boolean {
    return this.#open.has(region);
  }

  exists(region: string): boolean {
    return this.isOpen(region) || knownRegions.some(([known]) => known === region);
  }

  open(region: string): void {
    this.#open.add(region);
  }

  list(): JsonObject[] {
    const listed = new Set(knownRegions.map(([region]) => region));
    const added = [...this.#open].filter((region) => !listed.has(region)).map((region) => [region, region] as const);
    return [...knownRegions, ...added].map(([region, description, mainland]) => ({
      Region: region,
      Description: description,
      Status: this.isOpen(region) ? "opened" : "unopened",
      IsDefault: region === this.defaultRegion,
      Area: mainland === true ? "Chinese Mainland" : "Outside Chinese Mainland",
    }));
  }
}
