import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import type { VodAction } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import type { Template } from "./templates.ts";
import { isoTime } from "./time.ts";
import { checkLength, numberOf, textOf, textsOf } from "./validate.ts";

const maxTemplates = 50;
const processSets = [
  "TranscodeTaskSet",
  "AnimatedGraphicTaskSet",
  "SnapshotByTimeOffsetTaskSet",
  "SampleSnapshotTaskSet",
  "ImageSpriteTaskSet",
  "CoverBySnapshotTaskSet",
  "AdaptiveDynamicStreamingTaskSet",
];
const templateContents = [
  "MediaProcessTask",
  "AiContentReviewTask",
  "AiAnalysisTask",
  "AiRecognitionTask",
  "ReviewAudioVideoTask",
] as const;

/** CreateProcedureTemplate. */
export const createProcedureTemplate: VodAction = ({ context, params, subAppId }) => {
  const name = textOf(params, "Name") ?? "";
  if (name === "") throw new VodFailure("InvalidParameterValue.Name", "Name is empty.");
  checkLength(params, "Name", 20, "InvalidParameterValue.Name");
  checkLength(params, "Comment", 256, "InvalidParameterValue.Comment");
  if (context.templates.find(name, subAppId) !== undefined) {
    throw new VodFailure("InvalidParameterValue.Name", `There is a template ${name} already.`);
  }
  if (context.templates.list(subAppId).filter((one) => one.type === "Custom").length >= maxTemplates) {
    throw new VodFailure("LimitExceeded", `There are ${maxTemplates} templates already.`);
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
  return Object.fromEntries(processSets.map((name) => [name, task[name] ?? []]));
}

function templateInfo(template: Template): JsonObject {
  const { content } = template;
  return {
    Name: template.name,
    Type: template.type,
    Comment: template.comment,
    ...Object.fromEntries(templateContents.map((name) => [name, content[name] ?? null])),
    MediaProcessTask: withAllSets(content["MediaProcessTask"]),
    AiRecognitionTaskSet: content["AiRecognitionTaskSet"] ?? [],
    MiniProgramPublishTask: null,
    ImportMediaKnowledgeTaskSet: content["ImportMediaKnowledgeTaskSet"] ?? [],
    CreateTime: isoTime(template.createTime),
    UpdateTime: isoTime(template.createTime),
  };
}
