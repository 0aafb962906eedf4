<?php
declare(strict_types=1);
namespace Vod;

/** A text that says something, or null: "", null and absence are the same (wire §3.12). */
function text(mixed $value): ?string
{
    return is_string($value) && $value !== '' ? $value : null;
}

/** Objects stay objects: an array would not tell {} from []. FileIds are texts; what exceeds an integer stays one too. */
function json(string $text): mixed
{
    return json_decode($text, false, 512, JSON_BIGINT_AS_STRING);
}

function retryableStatus(int $status): bool
{
    return ($status >= 200 && $status < 300) || $status === 408 || $status === 429 || $status >= 500;
}

/**
 * What an answer of the VOD API comes to (wire §3.4, §3.5): `success` with the Response, `apiError` with apiCode and
 * requestId, or `gateway` with whether it is worth sending again.
 *
 * @return array<string, mixed>
 */
function readEnvelope(int $status, string $body): array
{
    $value = json($body);
    $response = is_object($value) ? $value->Response ?? null : null;
    if (is_object($response)) {
        $error = $response->Error ?? null;
        // Whatever its form: what is called an error is never a success.
        if ($error !== null && $error !== '') {
            $requestId = text($response->RequestId ?? null);
            $code = is_object($error) ? text($error->Code ?? null) : null;
            return ['apiError' => ['apiCode' => $code ?? 'Unknown', 'requestId' => $requestId]];
        }
        if ($status === 200) {
            return ['success' => $response];
        }
    } elseif (is_object($value)) {
        $code = $value->code ?? null;
        // The old API's error (wire §3.5).
        if ((is_string($code) || is_int($code)) && !in_array((string) $code, ['', '0'], true)) {
            return ['apiError' => ['apiCode' => text($value->codeDesc ?? null) ?? (string) $code, 'requestId' => null]];
        }
    }
    return ['gateway' => ['retryable' => retryableStatus($status)]];
}

/** Whether a MediaUrl is about a storage path: encoded or not, decoded once at most (wire §10.5). */
function sameMedia(?string $mediaUrl, string $storagePath): bool
{
    if ($mediaUrl === null || preg_match('#^[a-z]+://[^/]+(/.*)$#Ds', $mediaUrl, $found) !== 1) {
        return false;
    }
    return $found[1] === $storagePath || rawurldecode($found[1]) === $storagePath;
}

/** The FileId that the directory of a storage path names after 8 hex characters (wire §11.4). */
function candidate(string $storagePath): ?string
{
    return preg_match('#(?:^|/)[0-9a-f]{8}([0-9]+)/[^/]*$#D', $storagePath, $found) === 1 ? $found[1] : null;
}
