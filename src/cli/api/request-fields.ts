/**
 * The request fields of the actions that this library has types for, as fixtures/spec has them: required ones first and
 * with a `*`, then the type.
 */
export const requestFields: Readonly<Record<string, string>> = {
  ApplyUpload:
    "MediaType* string, SubAppId uint64, MediaName string, CoverType string, Procedure string, ExpireTime datetime_iso, StorageRegion string, ClassId int64, SourceContext string, SessionContext string, ExtInfo string, MediaStoragePath string",
  CommitUpload: "VodSessionKey* string, SubAppId uint64",
  PullUpload:
    "MediaUrl* string, MediaType string, SubAppId uint64, MediaName string, CoverUrl string, Procedure string, ExpireTime datetime_iso, StorageRegion string, ClassId int64, TasksPriority int64, SessionContext string, SessionId string, ExtInfo string, SourceContext string, MediaStoragePath string",
  ParseStreamingManifest: "MediaManifestContent* string, ManifestType string",
  PullEvents: "ExtInfo string, SubAppId uint64",
  ConfirmEvents: "EventHandles* string[], ExtInfo string, SubAppId uint64",
  DescribeEventConfig: "SubAppId uint64",
  ModifyEventConfig:
    "SubAppId uint64, Mode string, NotificationUrl string, UploadMediaCompleteEventSwitch string, DeleteMediaCompleteEventSwitch string, PersistenceCompleteEventSwitch string, SignKey string",
  DescribeEventsState: "SubAppId uint64",
  DescribeStorageRegions: "SubAppId uint64",
  CreateStorageRegion: "StorageRegion* string, SubAppId uint64",
  DescribeSubAppIds: "Name string, Tags ResourceTag[], Offset uint64, Limit uint64",
  CreateSubAppId:
    "Name* string, Description string, Type string, Mode string, StorageRegion string, Tags ResourceTag[]",
  ProcessMediaByProcedure:
    "ProcedureName* string, FileId string, MediaStoragePath string, SubAppId uint64, TasksPriority int64, TasksNotifyMode string, SessionContext string, SessionId string, ExtInfo string",
  DescribeTaskDetail: "TaskId* string, SubAppId uint64",
  DescribeTasks:
    "SubAppId uint64, Status string, FileId string, CreateTime TimeRange, FinishTime TimeRange, Sort SortBy, Limit uint64, ScrollToken string",
  DescribeMediaInfos: "FileIds* string[], SubAppId uint64, Filters string[]",
  DeleteMedia: "FileId* string, SubAppId uint64, DeleteParts MediaDeleteItem[]",
  ModifyMediaInfo:
    "FileId* string, SubAppId uint64, Name string, Description string, ClassId int64, ExpireTime string, CoverData string, AddKeyFrameDescs MediaKeyFrameDescItem[], DeleteKeyFrameDescs float[], ClearKeyFrameDescs int64, AddTags string[], DeleteTags string[], ClearTags int64, AddSubtitles MediaSubtitleInput[], DeleteSubtitleIds string[], ClearSubtitles int64, DeleteKnowledgeBases string[], ClearKnowledgeBases int64",
  CreateProcedureTemplate:
    "Name* string, SubAppId uint64, Comment string, MediaProcessTask MediaProcessTaskInput, AiContentReviewTask AiContentReviewTaskInput, AiAnalysisTask AiAnalysisTaskInput, AiRecognitionTaskSet AiRecognitionTaskInput[], AiRecognitionTask AiRecognitionTaskInput, ReviewAudioVideoTask ProcedureReviewAudioVideoTaskInput, ImportMediaKnowledgeTaskSet ImportMediaKnowledgeTaskInput[]",
  DescribeProcedureTemplates:
    "SubAppId uint64, Names string[], Type string, Offset uint64, Limit uint64, SortBy SortBy[]",
  DescribeFileAttributes:
    "FileId* string, SubAppId uint64, SessionId string, SessionContext string, TasksPriority int64, ExtInfo string",
};
