package wire

import (
	"encoding/json"
	"errors"
	"strings"
)

// Where a 3.0 body carries its event: most members are the type and "Event" (wire §13.1).
var eventMembers = map[string][]string{
	"NewFileUpload":                      {"FileUploadEvent"},
	"ProcedureStateChanged":              {"ProcedureStateChangeEvent"},
	"FileDeleted":                        {"FileDeleteEvent"},
	"EditMediaComplete":                  {"EditMediaCompleteEvent", "EditMediaComplete"},
	"WechatPublishComplete":              {"WechatPublishCompleteEvent", "WechatPublishComplete"},
	"WechatMiniProgramPublishComplete":   {"WechatMiniProgramPublishCompleteEvent", "WechatMiniProgramPublishEvent"},
	"RemoveWatermark":                    {"RemoveWatermarkCompleteEvent"},
	"ExtractBlindWatermarkComplete":      {"ExtractBlindWatermarkComplete"},
	"AigcImageTaskComplete":              {"AigcImageCompleteEvent"},
	"AigcVideoTaskComplete":              {"AigcVideoCompleteEvent"},
	"AigcHunyuan3DTaskComplete":          {"AigcHunyuan3DCompleteEvent"},
	"CreateSnapshotByTimeOffsetComplete": {"SnapshotByTimeOffsetCompleteEvent"},
}

const regularEvents = `PullComplete SplitMediaComplete ComposeMediaComplete RestoreMediaComplete
ReviewAudioVideoComplete DescribeFileAttributesComplete PersistenceComplete RebuildMediaComplete
ReduceMediaBitrateComplete QualityInspectComplete QualityEnhanceComplete ComplexAdaptiveDynamicStreamingComplete
ProcessMediaByMPSComplete MediaCastStatusChanged ExtractTraceWatermarkComplete ExtractCopyRightWatermarkComplete
DescribeAigcFaceInfoAsyncComplete TranscodeComplete ConcatComplete ClipComplete CreateImageSpriteComplete`

// Documented with the member's name as the type's.
const selfNamedEvents = `SceneAigcImageCompleteEvent ProcessImageAsyncCompleteEvent
CreateAigcAdvancedCustomElementCompleteEvent CreateAigcCustomVoiceCompleteEvent`

func init() {
	for _, name := range strings.Fields(regularEvents) {
		eventMembers[name] = []string{name + "Event"}
	}
	for _, name := range strings.Fields(selfNamedEvents) {
		eventMembers[name] = []string{name}
	}
}

// ErrEvent: not an object with a non-empty EventType or eventType.
var ErrEvent = errors.New("not an event")

func object(value any) map[string]any {
	found, _ := value.(map[string]any)
	return found
}

// firstText is the first member that says something: nothing is "", null or absence (wire §3.12).
func firstText(value map[string]any, names ...string) string {
	for _, name := range names {
		if text, _ := value[name].(string); text != "" {
			return text
		}
	}
	return ""
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// ParseEvent brings a notification of either format into one form (wire §13); the answer has the members it has.
func ParseEvent(data []byte) (map[string]any, error) {
	var value any
	if json.Unmarshal(data, &value) != nil || object(value) == nil {
		return nil, ErrEvent
	}
	body := object(value)
	content := body
	if inner := object(body["eventContent"]); inner != nil {
		content = inner
	}
	handle := firstText(body, "EventHandle", "msgHandle")
	if name := firstText(content, "EventType"); name != "" {
		return eventView("3.0", name, handle, content), nil
	}
	if name := firstText(content, "eventType"); name != "" {
		return eventView("2.0", name, handle, content), nil
	}
	return nil, ErrEvent
}

func eventView(format, name, handle string, content map[string]any) map[string]any {
	members, known := eventMembers[name]
	if known && format == "2.0" {
		members = []string{"data"}
	}
	var payload map[string]any
	for _, member := range members {
		if payload == nil {
			payload = object(content[member])
		}
	}
	outer := object(payload["MediaBasicInfo"])
	media := outer
	if nested := object(outer["MediaBasicInfo"]); nested != nil {
		media = nested
	}
	source := object(media["SourceInfo"])
	fileID, fileURL := soleFile(payload)
	event := map[string]any{"type": name, "format": format}
	if !known {
		event["type"] = "Other"
	}
	set := func(member, text string) {
		if text != "" {
			event[member] = text
		}
	}
	set("handle", handle)
	set("fileId", first(firstText(payload, "FileId", "fileId"), firstText(outer, "FileId"), fileID))
	sourceType := first(firstText(source, "SourceType"), firstText(payload, "sourceType"))
	set("sourceType", sourceType)
	if sourceType != "" {
		event["isServerUpload"] = sourceType == "ServerUpload" || sourceType == "Upload"
	}
	set("sourceContext", first(firstText(source, "SourceContext"), firstText(payload, "sourceContext")))
	set("procedureTaskId", firstText(payload, "ProcedureTaskId", "procedureTaskId"))
	set("taskId", firstText(payload, "TaskId", "vodTaskId"))
	set("status", firstText(payload, "Status", "status"))
	set("mediaUrl", first(firstText(media, "MediaUrl"), firstText(payload, "FileUrl", "fileUrl"), fileURL))
	return event
}

// given are the entries of a list that say something (wire §3.12).
func given(list []any, says func(any) bool) (entries []any) {
	for _, one := range list {
		if says(one) {
			entries = append(entries, one)
		}
	}
	return entries
}

// soleFile gives FileId and URL where the event is about exactly one file.
func soleFile(payload map[string]any) (id, url string) {
	if ids, isList := payload["FileIdSet"].([]any); isList {
		if named := given(ids, func(one any) bool { text, _ := one.(string); return text != "" }); len(named) == 1 {
			id = named[0].(string)
		}
		return id, ""
	}
	legacy := object(payload["fileInfo"])
	listed, _ := payload["fileInfo"].([]any)
	if entries := given(listed, func(one any) bool { return object(one) != nil }); len(entries) == 1 {
		legacy = object(entries[0])
	}
	output := object(payload["Output"])
	return first(firstText(output, "FileId"), firstText(legacy, "fileId")), first(firstText(output, "FileUrl"), firstText(legacy, "fileUrl"))
}
