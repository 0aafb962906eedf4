<?php
declare(strict_types=1);
namespace Vod;

// Where a 3.0 body carries its event: most members are the type and "Event" (wire §13.1).
const EVENT_MEMBERS = [
    'NewFileUpload' => ['FileUploadEvent'],
    'ProcedureStateChanged' => ['ProcedureStateChangeEvent'],
    'FileDeleted' => ['FileDeleteEvent'],
    'EditMediaComplete' => ['EditMediaCompleteEvent', 'EditMediaComplete'],
    'WechatPublishComplete' => ['WechatPublishCompleteEvent', 'WechatPublishComplete'],
    'WechatMiniProgramPublishComplete' => ['WechatMiniProgramPublishCompleteEvent', 'WechatMiniProgramPublishEvent'],
    'RemoveWatermark' => ['RemoveWatermarkCompleteEvent'],
    'ExtractBlindWatermarkComplete' => ['ExtractBlindWatermarkComplete'],
    'AigcImageTaskComplete' => ['AigcImageCompleteEvent'],
    'AigcVideoTaskComplete' => ['AigcVideoCompleteEvent'],
    'AigcHunyuan3DTaskComplete' => ['AigcHunyuan3DCompleteEvent'],
    'CreateSnapshotByTimeOffsetComplete' => ['SnapshotByTimeOffsetCompleteEvent'],
];

const REGULAR_EVENTS = [
    'PullComplete', 'SplitMediaComplete', 'ComposeMediaComplete', 'RestoreMediaComplete', 'ReviewAudioVideoComplete',
    'DescribeFileAttributesComplete', 'PersistenceComplete', 'RebuildMediaComplete', 'ReduceMediaBitrateComplete',
    'QualityInspectComplete', 'QualityEnhanceComplete', 'ComplexAdaptiveDynamicStreamingComplete',
    'ProcessMediaByMPSComplete', 'MediaCastStatusChanged', 'ExtractTraceWatermarkComplete',
    'ExtractCopyRightWatermarkComplete', 'DescribeAigcFaceInfoAsyncComplete', 'TranscodeComplete', 'ConcatComplete',
    'ClipComplete', 'CreateImageSpriteComplete',
];

// Documented with the member's name as the type's.
const SELF_NAMED_EVENTS = [
    'SceneAigcImageCompleteEvent', 'ProcessImageAsyncCompleteEvent', 'CreateAigcAdvancedCustomElementCompleteEvent',
    'CreateAigcCustomVoiceCompleteEvent',
];

/** @return list<string>|null null: a type that is not known */
function eventMembers(string $type): ?array
{
    if (in_array($type, REGULAR_EVENTS, true)) {
        return ["{$type}Event"];
    }
    return in_array($type, SELF_NAMED_EVENTS, true) ? [$type] : EVENT_MEMBERS[$type] ?? null;
}

/** The first member that says something. */
function firstText(mixed $value, string ...$names): ?string
{
    foreach ($names as $name) {
        $text = is_object($value) ? text($value->$name ?? null) : null;
        if ($text !== null) {
            return $text;
        }
    }
    return null;
}

/**
 * A notification of either format in one form (wire §13), with the members that it has; null: it is none.
 *
 * @param mixed $body what was parsed, objects as objects
 * @return array<string, mixed>|null
 */
function parseEvent(mixed $body): ?array
{
    if (!is_object($body)) {
        return null;
    }
    $content = is_object($body->eventContent ?? null) ? $body->eventContent : $body;
    $handle = firstText($body, 'EventHandle', 'msgHandle');
    foreach (['3.0' => 'EventType', '2.0' => 'eventType'] as $format => $member) {
        $type = firstText($content, $member);
        if ($type !== null) {
            return eventView((string) $format, $type, $handle, $content);
        }
    }
    return null;
}

function eventView(string $format, string $type, ?string $handle, object $content): array
{
    $members = eventMembers($type);
    $payload = null;
    foreach ($members !== null && $format === '2.0' ? ['data'] : $members ?? [] as $member) {
        $payload ??= is_object($content->$member ?? null) ? $content->$member : null;
    }
    $outer = $payload->MediaBasicInfo ?? null;
    $media = is_object($outer->MediaBasicInfo ?? null) ? $outer->MediaBasicInfo : $outer;
    $source = $media->SourceInfo ?? null;
    [$fileId, $fileUrl] = soleFile($payload);
    $sourceType = firstText($source, 'SourceType') ?? firstText($payload, 'sourceType');
    return present([
        'type' => $members === null ? 'Other' : $type,
        'format' => $format,
        'handle' => $handle,
        'fileId' => firstText($payload, 'FileId', 'fileId') ?? firstText($outer, 'FileId') ?? $fileId,
        'sourceType' => $sourceType,
        'isServerUpload' => $sourceType === null ? null : in_array($sourceType, ['ServerUpload', 'Upload'], true),
        'sourceContext' => firstText($source, 'SourceContext') ?? firstText($payload, 'sourceContext'),
        'procedureTaskId' => firstText($payload, 'ProcedureTaskId', 'procedureTaskId'),
        'taskId' => firstText($payload, 'TaskId', 'vodTaskId'),
        'status' => firstText($payload, 'Status', 'status'),
        'mediaUrl' => firstText($media, 'MediaUrl') ?? firstText($payload, 'FileUrl', 'fileUrl') ?? $fileUrl,
    ]);
}

/**
 * FileId and URL where the event is about exactly one file.
 *
 * @return array{?string, ?string}
 */
function soleFile(?object $payload): array
{
    $ids = $payload->FileIdSet ?? null;
    if (is_array($ids)) {
        $named = array_values(array_filter($ids, static fn ($one) => text($one) !== null)); // the others say nothing
        return [count($named) === 1 ? $named[0] : null, null];
    }
    $listed = $payload->fileInfo ?? null;
    $entries = is_array($listed) ? array_values(array_filter($listed, is_object(...))) : [$listed];
    $legacy = count($entries) === 1 ? $entries[0] : null;
    $output = $payload->Output ?? null;
    return [
        firstText($output, 'FileId') ?? firstText($legacy, 'fileId'),
        firstText($output, 'FileUrl') ?? firstText($legacy, 'fileUrl'),
    ];
}
