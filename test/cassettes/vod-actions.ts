/** One cassette for every action of the API: the documented example, asked and answered. */
import type { CassetteFile, Json, VodCall } from "./author.ts";
import { envelope, vodCassette } from "./author.ts";

const examples = "github.com/TencentCloud/tencentcloud-cli@6e53beb52 tccli/services/vod/v20180717/examples.json";
const model = "github.com/TencentCloud/tencentcloud-cli@6e53beb52 tccli/services/vod/v20180717/api.json";

interface Example extends VodCall {
  readonly response: Json;
  /** Names of the response whose values the client must hand over; default all of them. */
  readonly pick?: readonly string[];
  readonly note?: string;
  readonly constructed?: true;
}

/** `ApplyUpload` → `apply-upload` */
export function kebab(action: string): string {
  return action.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
}

const asPrinted = "Request and answer as in the published example; the request in its JSON form";
const otherIds = `${asPrinted}, account numbers replaced by made-up ones.`;

const actions: readonly Example[] = [
  {
    action: "ApplyUpload",
    params: { MediaType: "mp4" },
    subAppId: 1_500_000_001,
    response: {
      CoverStoragePath: "/dir/cover.xx",
      RequestId: "880f3005-a8c9-4bba-8c87-74e216a17a0b",
      StorageBucket: "xadacq111211-100922",
      StorageRegion: "ap-chongqing",
      MediaStoragePath: "/dir/name.xx",
      VodSessionKey: "VodSessionKey",
      TempCertificate: { SecretId: "xxxxxxx", SecretKey: "xxxxxxxx", Token: "xxxxxxxx", ExpiredTime: 182_823_331 },
    },
    note: otherIds,
  },
  {
    action: "CommitUpload",
    params: {
      // Base64 with + and /: lost by whoever sends it as a form.
      VodSessionKey:
        "3KEGq9DWHl1xF819mM4jVFkGn5WON80NwN/rTrx56UoEFApIV9DQ7t5m1g4hASR11gKWwGxkignB3AmhKOpUnym7wyNEHOwDJPcT5fBu66iCLcW7bhyRfDSsQcVpX0Wt96RKSsZFf62jeAB+e5640U8rMPV3Rf2eR+y1AgI+EC3JZU5iZbjLX4qNVI4R",
    },
    subAppId: 1,
    response: {
      FileId: "24820810452266399",
      MediaUrl: "http://example.com/6c0f1c00vodgzp1250000000/dee2125c24820810452266399/f0.mp4",
      CoverUrl: "http://example.com/6c0f1c00vodgzp1250000000/dee2125c24820810452266399/24820810452266400.jpg",
      RequestId: "requestId",
    },
    note: otherIds,
  },
  {
    action: "PullUpload",
    params: { MediaUrl: "http://www.example.com/abc.mp4", StorageRegion: "ap-chongqing" },
    response: {
      RequestId: "6ca61e3a-6b8e-4b4e-9256-fdc701190064ef0",
      TaskId: "125xxxxxx07-pull-793dc41e6fdc22dcf24aa6e9c61cp94",
    },
    note: `${asPrinted}, the media's host replaced.`,
  },
  {
    action: "ParseStreamingManifest",
    params: {
      MediaManifestContent:
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9.009,\nfirst.ts\n#EXTINF:9.009,\nsecond.ts\n#EXT-X-ENDLIST",
    },
    response: { MediaSegmentSet: ["first.ts", "second.ts"], RequestId: "requestId" },
  },
  {
    action: "PullEvents",
    params: {},
    response: {
      EventSet: [
        {
          EventHandle: "EventHandle.N",
          EventType: "NewFileUpload",
          FileUploadEvent: {
            FileId: "5285890784273533167",
            MediaBasicInfo: {
              Name: "동물의 세계",
              Description: "",
              CreateTime: "2019-01-09T16:36:22Z",
              UpdateTime: "2019-01-09T16:36:24Z",
              ExpireTime: "9999-12-31T23:59:59Z",
              ClassId: 0,
              ClassName: "Other",
              ClassPath: "Other",
              CoverUrl: "",
              Type: "mp4",
              MediaUrl: "http://1250000000.vod2.myqcloud.com/xxx/xxx/q1BORBPQH1IA.mp4",
              TagSet: [],
              StorageRegion: "ap-guangzhou-2",
              SourceInfo: { SourceType: "Upload", SourceContext: "" },
              Vid: "5285890784273533167",
            },
            ProcedureTaskId: "",
          },
          ProcedureStateChangeEvent: null,
          FileDeleteEvent: null,
          PullCompleteEvent: null,
          TranscodeCompleteEvent: null,
        },
      ],
      RequestId: "335bdaa3-db0e-46ce-9946-51941d9cb0f5",
    },
    note: "The published answer of reliable notification (266/33950) with its unused events as null, texts translated, account numbers replaced.",
  },
  {
    action: "ConfirmEvents",
    params: { EventHandles: ["12ae8d3e", "13ae8d8e"] },
    response: { RequestId: "12ae8d8e-dce3-4151-9d4b-5594145287e1" },
  },
  {
    action: "DescribeEventConfig",
    params: {},
    response: {
      Mode: "PUSH",
      NotificationUrl: "http://mydemo.com/receiveevent",
      UploadMediaCompleteEventSwitch: "ON",
      DeleteMediaCompleteEventSwitch: "OFF",
      PersistenceCompleteEventSwitch: "OFF",
      RequestId: "27217d38-95c0-4335-8532-e5154ffb03aa",
    },
  },
  {
    action: "ModifyEventConfig",
    params: {
      Mode: "PUSH",
      NotificationUrl: "http://mydemo.com/receiveevent",
      UploadMediaCompleteEventSwitch: "ON",
    },
    response: { RequestId: "12ae8d8e-dce3-4151-9d4b-5594145287e1" },
  },
  {
    action: "DescribeEventsState",
    params: {},
    response: { RequestId: "12ae8d8e-dce3-4151-9d4b-5594145287e1", CountOfEventsToPull: 1 },
  },
  {
    action: "DescribeStorageRegions",
    params: {},
    response: {
      RequestId: "requestId",
      StorageRegionInfos: [
        {
          Region: "ap-chongqing",
          Description: "重庆",
          Status: "opened",
          IsDefault: true,
          Area: "Chinese Mainland",
        },
      ],
    },
  },
  {
    action: "CreateStorageRegion",
    params: { StorageRegion: "ap-chongqing" },
    response: { RequestId: "requestId" },
  },
  {
    action: "DescribeSubAppIds",
    params: {},
    response: {
      TotalCount: 2,
      SubAppIdInfoSet: [
        {
          SubAppId: 1_500_000_001,
          Name: "应用1",
          SubAppIdName: "应用1",
          Description: "first",
          CreateTime: "2018-10-01T10:00:00Z",
          Status: "On",
        },
        {
          SubAppId: 1_500_000_002,
          Name: "应用2",
          SubAppIdName: "应用2",
          Description: "second",
          CreateTime: "2018-10-01T10:00:00Z",
          Status: "On",
        },
      ],
      RequestId: "12ae8d8e-dce3-4151-9d4b-5594145287e1",
    },
    note: otherIds,
  },
  {
    action: "CreateSubAppId",
    params: { Name: "MyAppName", Description: "description of my app" },
    response: { RequestId: "5ca61e3a-6b8e-4b4e-9256-fdc701190064ef0", SubAppId: 1_500_000_003 },
    note: otherIds,
  },
  {
    action: "ProcessMediaByProcedure",
    params: { MediaStoragePath: "/dir/video.mp4", ProcedureName: "TranscodeAndSnapshot" },
    response: {
      RequestId: "6ca31e3a-6b8e-4b4e-9256-fdc700064ef3",
      TaskId: "125xxx65-procedurev2-bffb15f07530b57bc1aabb01fac74bca",
      ReviewAudioVideoTaskId: "",
    },
  },
  {
    action: "DescribeTaskDetail",
    params: { TaskId: "12567683xx-transcode-58a1bc57b1c23ed1079597ec17a47666t0" },
    response: {
      TaskType: "Transcode",
      Status: "FINISH",
      CreateTime: "2019-01-22T06:50:31Z",
      BeginProcessTime: "2019-01-22T06:50:32Z",
      FinishTime: "2019-01-22T06:50:45Z",
      ProcedureTask: null,
      EditMediaTask: null,
      TranscodeTask: {
        TaskId: "12567683xx-transcode-58a1bc57b1c23ed1079597ec17a47666t0",
        ErrCode: 0,
        Message: "",
        FileId: "5285890784246869930",
        FileName: "small",
        Duration: 60,
        CoverUrl: "http://example.com/c643347c5285890784246869930/cover.jpg",
        PlayInfoSet: [
          {
            Url: "http://example.com/c643347c5285890784246869930/AtUCmy6gmIYA.mp4",
            Definition: 0,
            Bitrate: 1_021_028,
            Height: 480,
            Width: 640,
          },
        ],
      },
      PullUploadTask: null,
      RequestId: "04db7d25-f590-414a-a341-8f1584f15f84",
    },
    pick: ["TaskType", "Status", "TranscodeTask", "PullUploadTask", "RequestId"],
    note: "The published example, cut: fewer null tasks, one rendition, paths without account numbers.",
  },
  {
    action: "DescribeTasks",
    params: { Status: "FINISH", Limit: 5, ScrollToken: "taskId6" },
    response: {
      TaskSet: [
        {
          TaskId: "taskId6",
          Status: "FINISH",
          TaskType: "transcode",
          CreateTime: "2018-12-27T13:57:15Z",
          BeginProcessTime: "2018-12-27T13:57:15Z",
          FinishTime: "2018-12-27T13:57:15Z",
          SessionContext: "",
          SessionId: "",
          FileId: "528xx124",
        },
      ],
      ScrollToken: "token-test",
      RequestId: "46311b39-10ce-47eb-b2b6-7ce82bb4476d",
    },
  },
  {
    action: "DescribeMediaInfos",
    params: { Filters: ["basicInfo"], FileIds: ["5285485487985271488", "5285485487985271487"] },
    response: {
      RequestId: "6ca31e3a-6b8e-4b4e-9256-fdc700064ef3",
      MediaInfoSet: [
        {
          FileId: "5285485487985271487",
          BasicInfo: {
            Name: "test file",
            Description: "",
            CreateTime: "2017-01-23T07:25:52Z",
            UpdateTime: "2017-01-23T07:25:52Z",
            ExpireTime: "2017-03-23T07:25:52Z",
            ClassId: 1,
            ClassName: "体育",
            ClassPath: "田径",
            StoragePath: "/xx/xx/f0.mp4",
            CoverUrl: "http://example.com/xxxxxxxx/shotup/f0.100_0.jpg",
            Type: "mp4",
            MediaUrl: "http://example.com/xx/xx/f0.mp4",
            TagSet: [],
            SourceInfo: { SourceType: "Record", SourceContext: "", TrtcRecordInfo: null },
            Category: "Video",
            Vid: "",
            StorageClass: "STANDARD",
            StorageRegion: "gzp",
            Status: "Normal",
          },
          MetaData: null,
          TranscodeInfo: null,
        },
      ],
      NotExistFileIdSet: ["5285485487985271488"],
    },
    note: `${asPrinted}, with fewer null members. The answer carries its RequestId first, as printed.`,
  },
  {
    action: "DeleteMedia",
    params: { FileId: "7447398156998994860" },
    subAppId: 1,
    response: { RequestId: "requestId" },
  },
  {
    action: "ModifyMediaInfo",
    params: { FileId: "7447398156998994860", Name: "봄 \u{1F338} 'quoted' \"double\" \\ / +%&", AddTags: ["a", "b"] },
    response: { CoverUrl: "", AddedSubtitleSet: null, RequestId: "6ca31e3a-6b8e-4b4e-9256-fdc700064ef3" },
    constructed: true,
  },
  {
    action: "CreateProcedureTemplate",
    params: {
      Name: "我的一个任务流",
      MediaProcessTask: { TranscodeTaskSet: [{ Definition: 30, WatermarkSet: [{ Definition: 15_780 }] }] },
    },
    response: { RequestId: "6ca31e3a-6b8e-4b4e-9256-fdc700064ef3" },
    note: `${asPrinted}, with one transcoding instead of three.`,
  },
  {
    action: "DescribeProcedureTemplates",
    params: { SortBy: [{ Field: "create_time", Order: "desc" }] },
    subAppId: 1_500_000_001,
    response: {
      ProcedureTemplateSet: [
        {
          AiAnalysisTask: null,
          Comment: "",
          CreateTime: "2026-05-12T14:58:40+08:00",
          MediaProcessTask: {
            AdaptiveDynamicStreamingTaskSet: [],
            TranscodeTaskSet: [{ Definition: 1140, WatermarkSet: [], TraceWatermark: { Definition: 0, Switch: "" } }],
          },
          Name: "hy-test2",
          Type: "Custom",
          UpdateTime: "2026-05-12T14:58:40+08:00",
        },
      ],
      TotalCount: 5,
      RequestId: "884b286f-de85-4065-a5d5-64ce54dfe5bf",
    },
    note: "The published example, cut to one transcoding and its first members.",
  },
  {
    action: "DescribeFileAttributes",
    params: { FileId: "5285890784246869930", SessionId: "attributes-of-5285890784246869930" },
    response: {
      TaskId: "125xxx65-DescribeFileAttributes-bffb15f07530b57bc1aabb01fac74bca",
      RequestId: "6ca31e3a-6b8e-4b4e-9256-fdc700064ef3",
    },
    constructed: true,
  },
];

export function actionCassettes(): CassetteFile[] {
  return actions.map(({ response, pick, note = `${asPrinted}.`, constructed, ...call }) => {
    const picked = Object.entries(response).filter(([name]) => pick === undefined || pick.includes(name));
    return vodCassette({
      ...call,
      name: `vod/${kebab(call.action)}`,
      description: `${call.action} as documented`,
      source: constructed === true ? "constructed" : "documented",
      note:
        constructed === true
          ? `${model} ${call.action}: no example is published; made after the action's published fields.`
          : `${examples} ${call.action}. ${note}`,
      replies: [envelope(response)],
      expect: { result: Object.fromEntries(picked) },
    });
  });
}
