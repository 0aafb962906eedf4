import type { Json, JsonObject } from "../json.ts";
import { isJsonObject } from "../json.ts";
import type { EmulatorClock } from "../clock.ts";
import type { VodAction } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { isoTime } from "./time.ts";
import { checkLength, numberOf, textOf, textsOf } from "./validate.ts";

interface Template {
  readonly name: string;
  readonly type: "Preset" | "Custom";
  readonly comment: string;
  readonly subAppId: number | undefined;
  /** The parameters of CreateProcedureTemplate that say what to do. */
  readonly content: JsonObject;
  readonly createTime: number;
}

const MAX_TEMPLATES = 50;
const PROCESS_SETS = [
  "TranscodeTaskSet",
  "AnimatedGraphicTaskSet",
  "SnapshotByTimeOffsetTaskSet",
  "SampleSnapshotTaskSet",
  "ImageSpriteTaskSet",
  "CoverBySnapshotTaskSet",
  "AdaptiveDynamicStreamingTaskSet",
];
const CONTENT = [
  "MediaProcessTask",
  "AiContentReviewTask",
  "AiAnalysisTask",
  "AiRecognitionTask",
  "ReviewAudioVideoTask",
] as const;

const streaming = (...definitions: readonly number[]): Json =>
  definitions.map((definition) => ({ Definition: definition, WatermarkSet: [] }));

const cover: Json = [{ Definition: 10, PositionType: "Time", PositionValue: 0, WatermarkSet: [] }];

/** The presets' names are the service's; what each does is simplified to its kind. */
const PRESETS: Readonly<Record<string, JsonObject>> = {
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
    this.#templates = Object.entries(PRESETS).map(([name, content]) => ({
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

/** CreateProcedureTemplate. */
export const createProcedureTemplate: VodAction = ({ context, params, subAppId }) => {
  const name = textOf(params, "Name") ?? "";
  if (name === "") throw new VodFailure("InvalidParameterValue.Name", "Name is empty.");
  checkLength(params, "Name", 20, "InvalidParameterValue.Name");
  checkLength(params, "Comment", 256, "InvalidParameterValue.Comment");
  if (context.templates.find(name, subAppId) !== undefined) {
    throw new VodFailure("InvalidParameterValue.Name", `There is a template ${name} already.`);
  }
  if (context.templates.list(subAppId).filter((one) => one.type === "Custom").length >= MAX_TEMPLATES) {
    throw new VodFailure("LimitExceeded", `There are ${MAX_TEMPLATES} templates already.`);
  }
  const { Name: _name, Comment: _comment, SubAppId: _subAppId, ...content } = params;
  context.templates.create({ name, comment: textOf(params, "Comment") ?? "", subAppId, content });
  return {};
};

/** DescribeProcedureTemplates. */
export const describeProcedureTemplates: VodAction = ({ context, params, subAppId }) => {
  const names = textsOf(params, "Names") ?? [];
  const type = textOf(params, "Type");
  if (names.length > 100) throw new VodFailure("InvalidParameterValue.Names", "Names has more than 100 members.");
  const matching = context.templates
    .list(subAppId)
    .filter((one) => (names.length === 0 || names.includes(one.name)) && (type === undefined || one.type === type));
  const offset = numberOf(params, "Offset") ?? 0;
  const page = matching.slice(offset, offset + Math.min(numberOf(params, "Limit") ?? 10, 100));
  return { TotalCount: matching.length, ProcedureTemplateSet: page.map(templateInfo) };
};

/** Every set of a MediaProcessTask is answered, the empty ones too. */
function withAllSets(task: Json | undefined): Json {
  if (!isJsonObject(task)) return null;
  return Object.fromEntries(PROCESS_SETS.map((name) => [name, task[name] ?? []]));
}

function templateInfo(template: Template): JsonObject {
  const { content } = template;
  return {
    Name: template.name,
    Type: template.type,
    Comment: template.comment,
    ...Object.fromEntries(CONTENT.map((name) => [name, content[name] ?? null])),
    MediaProcessTask: withAllSets(content["MediaProcessTask"]),
    AiRecognitionTaskSet: content["AiRecognitionTaskSet"] ?? [],
    MiniProgramPublishTask: null,
    ImportMediaKnowledgeTaskSet: content["ImportMediaKnowledgeTaskSet"] ?? [],
    CreateTime: isoTime(template.createTime),
    UpdateTime: isoTime(template.createTime),
  };
}
