<?php
declare(strict_types=1);
namespace Vod;

/**
 * Every stage of a TC3 signature (wire §2).
 *
 * @param array<string, string> $headers as sent
 * @param list<string> $signed names of those that are signed
 * @return array<string, string>
 */
function signTc3(
    string $method,
    array $headers,
    array $signed,
    string $payload,
    string $service,
    int $timestamp,
    string $secretId,
    string $secretKey,
    string $query = '',
): array {
    $values = [];
    foreach ($headers as $name => $value) {
        // In the canonical text values are in lower case too; the header keeps its own (wire §2.2).
        $values[strtolower($name)] = strtolower(trim($value));
    }
    sort($signed, SORT_STRING);
    $lines = '';
    foreach ($signed as $name) {
        $lines .= "$name:{$values[$name]}\n";
    }
    $names = implode(';', $signed);
    $date = gmdate('Y-m-d', $timestamp); // the UTC date of the timestamp, not the local one (wire §2.3)
    $r = ['hashedPayload' => hash('sha256', $payload)];
    $r['canonicalRequest'] = implode("\n", [$method, '/', $query, $lines, $names, $r['hashedPayload']]);
    $r['hashedCanonicalRequest'] = hash('sha256', $r['canonicalRequest']);
    $r['credentialScope'] = "$date/$service/tc3_request";
    $r['stringToSign'] = "TC3-HMAC-SHA256\n$timestamp\n{$r['credentialScope']}\n{$r['hashedCanonicalRequest']}";
    // The derived keys are raw bytes; hex is for the vectors only (wire §2.6).
    $byDate = hash_hmac('sha256', $date, "TC3$secretKey", true);
    $byService = hash_hmac('sha256', $service, $byDate, true);
    $signing = hash_hmac('sha256', 'tc3_request', $byService, true);
    $r['secretDate'] = bin2hex($byDate);
    $r['secretService'] = bin2hex($byService);
    $r['secretSigning'] = bin2hex($signing);
    $r['signature'] = hash_hmac('sha256', $r['stringToSign'], $signing);
    $r['authorization'] = "TC3-HMAC-SHA256 Credential=$secretId/{$r['credentialScope']}, "
        . "SignedHeaders=$names, Signature={$r['signature']}";
    return $r;
}

/**
 * Encodes, then lower-cases the names, then sorts, once and in this order (wire §5.2).
 *
 * @param array<string, string|int|null> $pairs
 * @return array{string, string} the list of names, and the text
 */
function sortedFields(array $pairs): array
{
    $fields = [];
    foreach ($pairs as $name => $value) {
        // PHP makes an integer of a key like "7".
        $fields[strtolower(enc((string) $name))] = enc((string) $value);
    }
    ksort($fields, SORT_STRING);
    $texts = array_map(static fn ($name, $value) => "$name=$value", array_keys($fields), $fields);
    return [implode(';', array_keys($fields)), implode('&', $texts)];
}

/**
 * Every stage of a COS signature (wire §5). Path, query and headers are decoded; all headers are signed.
 *
 * @param array<string, string|int|null> $query
 * @param array<string, string> $headers
 * @return array<string, mixed>
 */
function signCos(
    string $method,
    string $path,
    array $query,
    array $headers,
    int $start,
    int $end,
    string $secretId,
    string $secretKey,
): array {
    $time = "$start;$end";
    $r = ['keyTime' => $time, 'signKey' => hash_hmac('sha1', $time, $secretKey)];
    [$r['urlParamList'], $params] = sortedFields($query);
    [$r['headerList'], $signed] = sortedFields($headers);
    // The path is decoded here; the encoded one is for the request line (wire §5.1).
    $r['httpString'] = strtolower($method) . "\n$path\n$params\n$signed\n";
    $r['httpStringSha1'] = sha1($r['httpString']);
    $r['stringToSign'] = "sha1\n$time\n{$r['httpStringSha1']}\n";
    $r['signature'] = hash_hmac('sha1', $r['stringToSign'], $r['signKey']); // its 40 characters (wire §5.3)
    $r['fields'] = [
        'q-sign-algorithm' => 'sha1',
        'q-ak' => $secretId,
        'q-sign-time' => $time,
        'q-key-time' => $time,
        'q-header-list' => $r['headerList'],
        'q-url-param-list' => $r['urlParamList'],
        'q-signature' => $r['signature'],
    ];
    $texts = array_map(static fn ($name, $value) => "$name=$value", array_keys($r['fields']), $r['fields']);
    $r['authorization'] = implode('&', $texts);
    return $r;
}

/**
 * The same stages, and `url`, which needs no header (wire §5.10): the host is always signed, the token never.
 *
 * @param array<string, string|null> $query
 * @param array<string, string> $headers
 * @return array<string, mixed>
 */
function presignCos(
    string $method,
    string $origin,
    string $path,
    array $query,
    array $headers,
    int $start,
    int $end,
    string $secretId,
    string $secretKey,
    ?string $token,
): array {
    $others = array_filter($headers, static fn ($name) => strtolower($name) !== 'host', ARRAY_FILTER_USE_KEY);
    $signed = [...$others, 'host' => explode('://', $origin)[1]];
    $r = signCos($method, $path, $query, $signed, $start, $end, $secretId, $secretKey);
    $texts = [];
    foreach ($query + $r['fields'] + ($token === null ? [] : ['x-cos-security-token' => $token]) as $name => $value) {
        $texts[] = enc((string) $name) . '=' . enc((string) $value);
    }
    $r['url'] = $origin . keyPath($path) . '?' . implode('&', $texts);
    return $r;
}

/**
 * The permission that lets a browser upload (wire §15). Their order is part of the text: `$params` is a list of pairs.
 *
 * @param list<array{string, string|int}> $params
 * @return array{original: string, macHex: string, signature: string}
 */
function signClientUpload(array $params, string $secretKey): array
{
    $texts = array_map(
        static fn ($pair) => encodeUriComponent($pair[0]) . '=' . encodeUriComponent((string) $pair[1]),
        $params,
    );
    $original = implode('&', $texts);
    $mac = hash_hmac('sha1', $original, $secretKey, true);
    return ['original' => $original, 'macHex' => bin2hex($mac), 'signature' => base64_encode($mac . $original)];
}

/** Checks Sign and T of a notification (wire §14.1); null where both are good, otherwise why not. */
function verifyCallback(mixed $body, string $signKey, int $now, int $tolerance = 0): ?string
{
    $sign = $body->Sign ?? null;
    $expiry = $body->T ?? null;
    $digits = is_int($expiry) || (is_float($expiry) && floor($expiry) === $expiry) ? sprintf('%.0f', $expiry) : $expiry;
    if (!is_string($sign) || preg_match('/^[0-9a-f]{32}$/Di', $sign) !== 1) {
        return 'malformed';
    }
    // One way to write a number: neither a sign nor leading zeros, nor what no clock will show.
    if (!is_string($digits) || preg_match('/^(0|[1-9][0-9]{0,14})$/D', $digits) !== 1) {
        return 'malformed';
    }
    if (!hash_equals(md5($signKey . $digits), strtolower($sign))) {
        return 'sign-mismatch';
    }
    if ($now > (int) $digits + $tolerance) {
        return 'expired';
    }
    return (int) $digits > $now + 900 + $tolerance ? 'too-far-ahead' : null;
}
