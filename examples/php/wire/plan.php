<?php
declare(strict_types=1);
namespace Vod;

const MIB = 1 << 20;
const GIB = 1 << 30;

function ceilDiv(int $a, int $b): int
{
    return intdiv($a + $b - 1, $b); // ceil() counts in floats
}

function upToMib(int $size): int
{
    return ceilDiv($size, MIB) * MIB;
}

/**
 * How an object of a known size is cut (wire §7.3), or null: larger than any may be. A part size of null is chosen.
 *
 * @return array{wanted: int, needed: int, kind: string, partSize: int, partCount: int, lastPartSize: int}|null
 */
function planParts(int $size, ?int $partSize = null): ?array
{
    if ($size > 50_000 * GIB) {
        return null;
    }
    $wanted = $partSize ?? max(8 * MIB, upToMib(ceilDiv($size, 1000)));
    $needed = upToMib(ceilDiv($size, 10_000));
    $chosen = min(5 * GIB, max($wanted, $needed));
    $count = max(1, ceilDiv($size, $chosen));
    return [
        'wanted' => $wanted,
        'needed' => $needed,
        'kind' => $count === 1 ? 'put' : 'multipart',
        'partSize' => $chosen,
        'partCount' => $count,
        'lastPartSize' => $size - ($count - 1) * $chosen,
    ];
}

/** What the bytes sent so far ask of the next part of a stream (wire §7.4). */
function grownPart(int $sent): int
{
    return upToMib(ceilDiv($sent, 500));
}

function nextPart(int $base, int $sent): int
{
    return min(5 * GIB, max($base, grownPart($sent)));
}

// wire §11.5
const RETRY_POLICY = [
    'attempts' => 6,
    'baseDelayMs' => 250,
    'throttleDelayMs' => 1000,
    'maxDelayMs' => 8000,
    'maxRetryAfterMs' => 60_000,
];

/**
 * The longest pause after an attempt, and what chance makes of it.
 *
 * @param array<string, int> $policy
 * @return array{ceilingMs: int|float, jitteredMs: int|float}
 */
function retrySteps(string $kind, int $attempt, array $policy, float $random): array
{
    $base = $policy[$kind === 'throttle' ? 'throttleDelayMs' : 'baseDelayMs'];
    $ceiling = min($policy['maxDelayMs'], $base * 2 ** ($attempt - 1));
    return ['ceilingMs' => $ceiling, 'jitteredMs' => $random * $ceiling];
}

/**
 * Milliseconds to wait after attempt n, counted from 1; null: give up.
 *
 * @param array<string, int> $policy
 */
function retryDelay(string $kind, int $attempt, array $policy, float $random, int|float|null $retryAfterMs = null): ?int
{
    if ($kind === 'never' || $attempt >= $policy['attempts']) {
        return null;
    }
    if (in_array($kind, ['now', 'resync-clock', 'refresh-credentials'], true)) {
        return 0;
    }
    if ($retryAfterMs !== null && $retryAfterMs > $policy['maxRetryAfterMs']) {
        return null;
    }
    return (int) floor(max($retryAfterMs ?? 0, retrySteps($kind, $attempt, $policy, $random)['jitteredMs']) + 0.5);
}

// fixtures/vectors/api-retry.json without the rules that say what a code without rule is: never (wire §3.8).
const RETRY_RULES = [
    ['code' => 'AuthFailure.SignatureExpire', 'match' => 'exact', 'retry' => 'resync-clock-once'],
    ['code' => 'AuthFailure.SecretIdNotFound', 'match' => 'exact', 'retry' => 'refresh-credentials-once'],
    ['code' => 'AuthFailure.TokenFailure', 'match' => 'exact', 'retry' => 'refresh-credentials-once'],
    ['code' => 'InternalError', 'match' => 'prefix', 'retry' => 'backoff'],
    ['code' => 'RequestLimitExceeded', 'match' => 'prefix', 'retry' => 'backoff'],
    ['code' => 'ServiceUnavailable', 'match' => 'prefix', 'retry' => 'backoff'],
    ['code' => 'FailedOperation', 'match' => 'prefix', 'retry' => 'caller'],
    ['code' => 'FailedOperation.CoverType', 'match' => 'exact', 'retry' => 'never'],
    ['code' => 'FailedOperation.InvalidVodUser', 'match' => 'exact', 'retry' => 'never'],
    ['code' => 'FailedOperation.MediaType', 'match' => 'exact', 'retry' => 'never'],
    ['code' => 'ResourceInUse', 'match' => 'prefix', 'retry' => 'caller'],
    ['code' => 'ResourceInsufficient', 'match' => 'prefix', 'retry' => 'caller'],
    ['code' => 'ResourceUnavailable', 'match' => 'prefix', 'retry' => 'caller'],
];

/**
 * What the table says of an error code: the longest rule counts, the exact one first.
 *
 * @param list<array{code: string, match: string, retry: string}> $rules
 */
function retryClass(string $code, array $rules = RETRY_RULES): string
{
    $class = 'never';
    $longest = -1;
    foreach ($rules as ['code' => $rule, 'match' => $match, 'retry' => $retry]) {
        if ($code !== $rule && !($match === 'prefix' && str_starts_with($code, "$rule."))) {
            continue;
        }
        $rank = 2 * strlen($rule) + ($match === 'exact' ? 1 : 0);
        if ($rank > $longest) {
            [$class, $longest] = [$retry, $rank];
        }
    }
    return $class;
}
