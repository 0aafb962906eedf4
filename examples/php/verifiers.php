<?php
declare(strict_types=1);
namespace Vod;

/** File of vectors → what computes its stages from the inputs of a vector. */
const VERIFIERS = [
    'api-retry' => 'verifyApiRetry',
    'callback-sign' => 'verifyCallbackSign',
    'client-upload-sign' => 'verifyClientUpload',
    'cos-presign' => 'verifyCosPresign',
    'cos-server-echo' => 'verifyCosSign',
    'cos-sign-v5' => 'verifyCosSign',
    'cos-verify' => 'verifyCosVerdict',
    'crc64' => 'verifyCrc64',
    'crc64-combine' => 'verifyCrc64Combine',
    'envelope' => 'verifyEnvelope',
    'event-parse' => 'verifyEvent',
    'part-plan' => 'verifyPartPlan',
    'percent-encoding' => 'verifyEncoding',
    'retry-decision' => 'verifyRetry',
    'storage-key' => 'verifyStorageKey',
    'tc3-sign' => 'verifyTc3',
    'tc3-verify' => 'verifyTc3Verdict',
    'xml' => 'verifyDocument',
];

/** The bytes of a vector's body; large ones are described rather than written out. */
function payload(object $test): string
{
    $maker = $test->payloadGenerator ?? null;
    $data = match (true) {
        $maker !== null => $maker->prefix . str_repeat($maker->unit, $maker->count) . $maker->suffix,
        $test->payloadEncoding === 'base64' => base64_decode($test->payload, true),
        default => $test->payload,
    };
    if (strlen($data) !== ($test->payloadLength ?? strlen($data))) {
        throw new \LengthException("$test->name: the payload has " . strlen($data) . ' bytes');
    }
    return $data;
}

function verifyEncoding(object $test): array
{
    $value = enc($test->input);
    return ['value' => $value, 'name' => strtolower($value), 'keyPath' => keyPath($test->input)];
}

function verifyStorageKey(object $test): array
{
    return storageKey($test->storagePath);
}

function verifyTc3(object $test): array
{
    $body = $test->payloadHashInput ?? payload($test);
    $headers = [...(array) $test->headers, 'Host' => $test->host];
    $keys = [$test->secretId, $test->secretKey];
    return signTc3(
        $test->method,
        $headers,
        $test->signedHeaders,
        $body,
        $test->service,
        $test->timestamp,
        ...$keys,
        query: $test->query,
    );
}

function verifyCosSign(object $test): array
{
    $signed = array_filter(
        (array) $test->headers,
        static fn ($name) => in_array(strtolower($name), $test->signedHeaders ?? [strtolower($name)], true),
        ARRAY_FILTER_USE_KEY,
    );
    $keys = [$test->secretId ?? '', $test->secretKey ?? ''];
    return signCos($test->method, $test->path, (array) $test->query, $signed, $test->startTime, $test->endTime, ...$keys);
}

function verifyCosPresign(object $test): array
{
    return presignCos(
        $test->method,
        $test->url,
        $test->path,
        (array) $test->query,
        (array) $test->headers,
        $test->startTime,
        $test->endTime,
        $test->secretId,
        $test->secretKey,
        $test->token ?? null,
    );
}

/** The rule is for people: a verifier says only yes or no. */
function verdict(object $test, bool $valid): array
{
    return [...(array) $test->expected, 'valid' => $valid];
}

function verifyTc3Verdict(object $test): array
{
    $request = [$test->method, (array) $test->headers, payload($test)];
    return verdict($test, verifyTc3Received(...$request, now: $test->now, secretId: $test->secretId, secretKey: $test->secretKey));
}

function verifyCosVerdict(object $test): array
{
    $request = [$test->method, $test->path, (array) $test->query, (array) $test->headers, $test->now];
    $keys = [$test->secretId, $test->secretKey, $test->token ?? null];
    return verdict($test, verifyCosReceived(...$request, ...$keys));
}

function verifyClientUpload(object $test): array
{
    return signClientUpload($test->params, $test->secretKey);
}

function verifyCallbackSign(object $test): array
{
    $reason = verifyCallback($test->body, $test->signKey, $test->now, $test->toleranceSeconds ?? 0);
    // Where T is unusable the vector names the one of the valid case: only the hash can be reproduced then.
    $text = $reason === 'malformed' ? $test->expected->md5Input : $test->signKey . $test->body->T;
    return ['md5Input' => $text, 'md5' => md5($text), 'valid' => $reason === null, 'reason' => $reason];
}

function verifyCrc64(object $test): array
{
    return ['crc64' => decimal(crc64(payload($test)))];
}

/** A decimal text of 64 bits; (int) of one above PHP_INT_MAX would give PHP_INT_MAX. */
function unsigned(string $decimal): int
{
    $high = $low = 0;
    foreach (str_split($decimal) as $digit) {
        $low = $low * 10 + (int) $digit;
        $high = ($high * 10 + ($low >> 32)) & 0xFFFFFFFF;
        $low &= 0xFFFFFFFF;
    }
    return ($high << 32) | $low;
}

function verifyCrc64Combine(object $test): array
{
    return ['crc64' => decimal(combineCrc64(unsigned($test->a), unsigned($test->b), $test->lengthOfB))];
}

function verifyPartPlan(object $test): array
{
    if (isset($test->base)) {
        return ['grown' => grownPart($test->sentBytes), 'partSize' => nextPart($test->base, $test->sentBytes)];
    }
    return planParts($test->size, $test->partSize === 'auto' ? null : $test->partSize) ?? ['error' => 'SOURCE_TOO_LARGE'];
}

function verifyRetry(object $test): array
{
    $given = [$test->kind, $test->attempt, (array) $test->policy, $test->random];
    return [...retrySteps(...$given), 'delayMs' => retryDelay(...$given, retryAfterMs: $test->retryAfterMs ?? null)];
}

/** Asks the table of the file, and then that of the client, which leaves out what is never anyway. */
function verifyApiRetry(object $test, object $file): string
{
    $class = retryClass($test->input, array_map(static fn ($rule) => (array) $rule, $file->rules));
    $own = retryClass($test->input);
    return $class === $own ? $class : "the table says $class, the client $own";
}

function verifyEnvelope(object $test): array
{
    return readEnvelope($test->status, $test->body);
}

function verifyEvent(object $test): array
{
    $event = parseEvent(isset($test->text) ? json($test->text) : $test->body);
    return $event === null ? ['error' => 'EVENT_INVALID'] : ['event' => (object) $event];
}

function verifyDocument(object $test): array
{
    try {
        return ['value' => readDocument($test->document, payload($test))];
    } catch (DocumentError $error) {
        return ['error' => present(['reason' => $error->reason, 'element' => $error->element])];
    }
}
