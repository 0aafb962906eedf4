import type { Json, JsonObject } from "../json.ts";
import type { EmulatorClock } from "../clock.ts";

export interface Template {
  readonly name: string;
  readonly type: "Preset" | "Custom";
  readonly comment: string;
  readonly subAppId: number | undefined;
  /** The parameters of CreateProcedureTemplate that say what to do. */
  readonly content: JsonObject;
  readonly createTime: number;
}

const streaming = (...definitions: readonly number[]): Json =>
  definitions.map((definition) => ({ Definition: definition, WatermarkSet: [] }));

const cover: Json = [{ Definition: 10, PositionType: "Time", PositionValue: 0, WatermarkSet: [] }];

/** The presets' names are the service's; what each does is simplified to its kind. */
const presets: Readonly<Record<string, JsonObject>> = {
  LongVideoPreset: {
    MediaProcessTask: { AdaptiveDynamicStreamingTaskSet: streaming(10), CoverBySnapshotTaskSet: cover },
  },
  SimpleAesEncryptPreset: {
    MediaProcessTask: { AdaptiveDynamicStreamingTaskSet: streaming(12), CoverBySnapshotTaskSet: cover },
  },
  WidevineFairPlayPreset: {
    MediaProcessTask: { AdaptiveDynamicStreamingTaskSet: streaming(11, 13), CoverBySnapshotTaskSet: cover },
  },
};

/** Procedure templates: the presets of every sub-app and the ones created. */
export class Templates {
  readonly #clock: EmulatorClock;
  readonly #templates: Template[];

  constructor(clock: EmulatorClock) {
    this.#clock = clock;
    this.#templates = Object.entries(presets).map(([name, content]) => ({
      name,
      type: "Preset",
      comment: "",
      subAppId: undefined,
      content,
      createTime: clock.now(),
    }));
  }

  list(subAppId: number): Template[] {
    return this.#templates.filter((one) => one.subAppId === undefined || one.subAppId === subAppId);
  }

  find(name: string, subAppId: number): Template | undefined {
    return this.list(subAppId).find((one) => one.name === name);
  }

  create(template: Omit<Template, "createTime" | "type">): void {
    this.#templates.push({ ...template, type: "Custom", createTime: this.#clock.now() });
  }
}
