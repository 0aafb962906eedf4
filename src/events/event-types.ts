/**
 * Event type → the member of a 3.0 body that carries it, as data, because the names follow no rule: a suffix is added,
 * or not, or swapped for another word (vod ModifyEventConfig, PullEvents, EventContent; spec/vod-actions.json). A 2.0
 * body has the same type names, and one member for all, `data`. The service adds types every few months (wire §13.1).
 */
export const eventFields = {
  NewFileUpload: "FileUploadEvent",
  ProcedureStateChanged: "ProcedureStateChangeEvent",
  FileDeleted: "FileDeleteEvent",
  PullComplete: "PullCompleteEvent",
  EditMediaComplete: "EditMediaCompleteEvent",
  SplitMediaComplete: "SplitMediaCompleteEvent",
  ComposeMediaComplete: "ComposeMediaCompleteEvent",
  RestoreMediaComplete: "RestoreMediaCompleteEvent",
  ReviewAudioVideoComplete: "ReviewAudioVideoCompleteEvent",
  DescribeFileAttributesComplete: "DescribeFileAttributesCompleteEvent",
  PersistenceComplete: "PersistenceCompleteEvent",
  RemoveWatermark: "RemoveWatermarkCompleteEvent",
  RebuildMediaComplete: "RebuildMediaCompleteEvent",
  ReduceMediaBitrateComplete: "ReduceMediaBitrateCompleteEvent",
  QualityInspectComplete: "QualityInspectCompleteEvent",
  QualityEnhanceComplete: "QualityEnhanceCompleteEvent",
  ComplexAdaptiveDynamicStreamingComplete: "ComplexAdaptiveDynamicStreamingCompleteEvent",
  ProcessMediaByMPSComplete: "ProcessMediaByMPSCompleteEvent",
  MediaCastStatusChanged: "MediaCastStatusChangedEvent",
  WechatPublishComplete: "WechatPublishCompleteEvent",
  WechatMiniProgramPublishComplete: "WechatMiniProgramPublishCompleteEvent",
  ExtractTraceWatermarkComplete: "ExtractTraceWatermarkCompleteEvent",
  ExtractCopyRightWatermarkComplete: "ExtractCopyRightWatermarkCompleteEvent",
  ExtractBlindWatermarkComplete: "ExtractBlindWatermarkComplete",
  AigcImageTaskComplete: "AigcImageCompleteEvent",
  AigcVideoTaskComplete: "AigcVideoCompleteEvent",
  AigcHunyuan3DTaskComplete: "AigcHunyuan3DCompleteEvent",
  DescribeAigcFaceInfoAsyncComplete: "DescribeAigcFaceInfoAsyncCompleteEvent",
  // Documented with the member's name as the type's.
  SceneAigcImageCompleteEvent: "SceneAigcImageCompleteEvent",
  ProcessImageAsyncCompleteEvent: "ProcessImageAsyncCompleteEvent",
  CreateAigcAdvancedCustomElementCompleteEvent: "CreateAigcAdvancedCustomElementCompleteEvent",
  CreateAigcCustomVoiceCompleteEvent: "CreateAigcCustomVoiceCompleteEvent",
  // From 2017, still sent for the tasks of that time.
  TranscodeComplete: "TranscodeCompleteEvent",
  ConcatComplete: "ConcatCompleteEvent",
  ClipComplete: "ClipCompleteEvent",
  CreateImageSpriteComplete: "CreateImageSpriteCompleteEvent",
  CreateSnapshotByTimeOffsetComplete: "SnapshotByTimeOffsetCompleteEvent",
} as const;

/** The event types this version knows by name. */
export type EventType = keyof typeof eventFields;

/** Members under another name: of 2019 (CN 266/7830), before two got their suffix, and of a body seen in 2021. */
const olderFields: Readonly<Record<string, string>> = {
  EditMediaComplete: "EditMediaComplete",
  WechatPublishComplete: "WechatPublishComplete",
  WechatMiniProgramPublishComplete: "WechatMiniProgramPublishEvent",
};

export function isEventType(name: string): name is EventType {
  return Object.hasOwn(eventFields, name);
}

/** The members of a 3.0 body that may carry an event of this type, today's name first. */
export function fieldNamesOf(type: EventType): readonly string[] {
  const older = Object.hasOwn(olderFields, type) ? olderFields[type] : undefined;
  return older === undefined ? [eventFields[type]] : [eventFields[type], older];
}
