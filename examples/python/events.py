"""Event notifications (docs/wire.md §13) in one form, whichever format and way they came in."""

import json

# §13.1: the member of a 3.0 body that carries an event; most are called "<type>Event".
MEMBERS = {
    "NewFileUpload": ["FileUploadEvent"],
    "ProcedureStateChanged": ["ProcedureStateChangeEvent"],
    "FileDeleted": ["FileDeleteEvent"],
    "EditMediaComplete": ["EditMediaCompleteEvent", "EditMediaComplete"],
    "WechatPublishComplete": ["WechatPublishCompleteEvent", "WechatPublishComplete"],
    "WechatMiniProgramPublishComplete": ["WechatMiniProgramPublishCompleteEvent", "WechatMiniProgramPublishEvent"],
    "RemoveWatermark": ["RemoveWatermarkCompleteEvent"],
    "ExtractBlindWatermarkComplete": ["ExtractBlindWatermarkComplete"],
    "AigcImageTaskComplete": ["AigcImageCompleteEvent"],
    "AigcVideoTaskComplete": ["AigcVideoCompleteEvent"],
    "AigcHunyuan3DTaskComplete": ["AigcHunyuan3DCompleteEvent"],
    "CreateSnapshotByTimeOffsetComplete": ["SnapshotByTimeOffsetCompleteEvent"],
}
REGULAR = """
PullComplete SplitMediaComplete ComposeMediaComplete RestoreMediaComplete ReviewAudioVideoComplete
DescribeFileAttributesComplete PersistenceComplete RebuildMediaComplete ReduceMediaBitrateComplete
QualityInspectComplete QualityEnhanceComplete ComplexAdaptiveDynamicStreamingComplete ProcessMediaByMPSComplete
MediaCastStatusChanged ExtractTraceWatermarkComplete
ExtractCopyRightWatermarkComplete DescribeAigcFaceInfoAsyncComplete TranscodeComplete ConcatComplete ClipComplete
CreateImageSpriteComplete
"""
MEMBERS.update({name: [f"{name}Event"] for name in REGULAR.split()})
# Documented with the member's name as the type's.
SELF_NAMED = """
SceneAigcImageCompleteEvent ProcessImageAsyncCompleteEvent CreateAigcAdvancedCustomElementCompleteEvent
CreateAigcCustomVoiceCompleteEvent
"""
MEMBERS.update({name: [name] for name in SELF_NAMED.split()})


class EventInvalid(Exception):
    """Not an object with a non-empty EventType or eventType."""


def _member(value, name):
    return value.get(name) if isinstance(value, dict) else None


def _text(value, *names):
    """The first that says something: nothing is "", null or absence."""
    texts = (_member(value, name) for name in names)
    return next((text for text in texts if isinstance(text, str) and text), None)


def parse_event(body):
    """`body` is JSON text or what was parsed from it; the answer has the members that the event has."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            raise EventInvalid("not JSON") from None
    if not isinstance(body, dict):
        raise EventInvalid("not an object")
    content = body["eventContent"] if isinstance(body.get("eventContent"), dict) else body
    handle = _text(body, "EventHandle", "msgHandle")
    for form, member in (("3.0", "EventType"), ("2.0", "eventType")):
        name = _text(content, member)
        if name:
            return _view(form, name, handle, content)
    raise EventInvalid("no event type")


def _view(form, name, handle, content):
    known = name in MEMBERS
    members = (["data"] if form == "2.0" else MEMBERS[name]) if known else []
    payload = next((one for one in (_member(content, member) for member in members) if isinstance(one, dict)), None)
    outer = _member(payload, "MediaBasicInfo")
    nested = _member(outer, "MediaBasicInfo")
    media = nested if isinstance(nested, dict) else outer
    source = _member(media, "SourceInfo")
    file_id, file_url = _sole_file(payload)

    def first(*values):
        return next((value for value in values if value is not None), None)

    source_type = first(_text(source, "SourceType"), _text(payload, "sourceType"))
    event = {
        "type": name if known else "Other",
        "format": form,
        "handle": handle,
        "fileId": first(_text(payload, "FileId", "fileId"), _text(outer, "FileId"), file_id),
        "sourceType": source_type,
        "isServerUpload": None if source_type is None else source_type in ("ServerUpload", "Upload"),
        "sourceContext": first(_text(source, "SourceContext"), _text(payload, "sourceContext")),
        "procedureTaskId": _text(payload, "ProcedureTaskId", "procedureTaskId"),
        "taskId": _text(payload, "TaskId", "vodTaskId"),
        "status": _text(payload, "Status", "status"),
        "mediaUrl": first(_text(media, "MediaUrl"), _text(payload, "FileUrl", "fileUrl"), file_url),
    }
    return {name: value for name, value in event.items() if value is not None}


def _sole_file(payload):
    """FileId and URL where the event is about exactly one file."""
    ids = _member(payload, "FileIdSet")
    if isinstance(ids, list):
        named = [one for one in ids if isinstance(one, str) and one]
        return (named[0] if len(named) == 1 else None), None
    listed = _member(payload, "fileInfo")
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    legacy = entries[0] if len(entries) == 1 else listed
    output = _member(payload, "Output")
    ids = [text for text in (_text(output, "FileId"), _text(legacy, "fileId")) if text is not None]
    urls = [text for text in (_text(output, "FileUrl"), _text(legacy, "fileUrl")) if text is not None]
    return (ids or [None])[0], (urls or [None])[0]
