<?php
declare(strict_types=1);
namespace Vod;

// What a server does with a signature, for those who write a test double.

/** @param list<string> $names whether they are sorted, none of them twice */
function sortedOnce(array $names): bool
{
    $sorted = array_unique($names);
    sort($sorted, SORT_STRING);
    return $sorted === $names;
}

/**
 * Whether the API takes a request at the second `$now` (wire §2, §3.6).
 *
 * @param array<string, string> $headers as sent
 */
function verifyTc3Received(
    string $method,
    array $headers,
    string $body,
    int $now,
    string $secretId,
    string $secretKey,
): bool {
    $sent = array_change_key_case($headers);
    $form = '#^TC3-HMAC-SHA256 Credential=([^/,\s]+)/(\d{4}-\d\d-\d\d)/vod/tc3_request, '
        . 'SignedHeaders=([^,\s]+), Signature=([0-9a-f]{64})$#D';
    $time = $sent['x-tc-timestamp'] ?? '';
    if (preg_match($form, $sent['authorization'] ?? '', $parts) !== 1 || preg_match('/^\d{1,11}$/D', $time) !== 1) {
        return false;
    }
    [, $id, $date, $list, $signature] = $parts;
    $names = explode(';', $list);
    if ($id !== $secretId || abs($now - (int) $time) > 300 || !sortedOnce($names)) {
        return false;
    }
    if (array_diff(['content-type', 'host'], $names) !== [] || array_diff($names, array_keys($sent)) !== []) {
        return false;
    }
    $s = signTc3($method, $headers, $names, $body, 'vod', (int) $time, $secretId, $secretKey);
    return str_starts_with($s['credentialScope'], "$date/") && hash_equals($s['signature'], $signature);
}

/**
 * Whether COS takes a request outside strict mode (wire §5). Path, query and headers are decoded, and all that was sent.
 *
 * @param array<string, string|null> $query
 * @param array<string, string> $headers
 */
function verifyCosReceived(
    string $method,
    string $path,
    array $query,
    array $headers,
    int $now,
    string $secretId,
    string $secretKey,
    ?string $token,
): bool {
    $sent = array_change_key_case($headers);
    $fields = [];
    foreach (explode('&', $sent['authorization'] ?? '') as $pair) {
        [$name, $value] = [...explode('=', $pair, 2), ''];
        $fields[$name] = $value;
    }
    if (count($fields) !== 7 || preg_match('/^(\d{1,11});(\d{1,11})$/D', $fields['q-key-time'] ?? '', $times) !== 1) {
        return false;
    }
    $known = [$fields['q-sign-time'] ?? '', $fields['q-sign-algorithm'] ?? '', $fields['q-ak'] ?? ''];
    if ($known !== [$times[0], 'sha1', $secretId] || ($sent['x-cos-security-token'] ?? null) !== $token) {
        return false;
    }
    [$start, $end] = [(int) $times[1], (int) $times[2]];
    if ($start > $now + 900 || $end < $now) {
        return false;
    }
    $headerList = $fields['q-header-list'] ?? '';
    $paramList = $fields['q-url-param-list'] ?? '';
    $listed = static fn (array $pairs, string $list) => array_filter(
        $pairs,
        static fn ($name) => in_array(strtolower(enc((string) $name)), explode(';', $list), true),
        ARRAY_FILTER_USE_KEY,
    );
    $signed = [$listed($query, $paramList), $listed($headers, $headerList)];
    $s = signCos($method, $path, ...$signed, start: $start, end: $end, secretId: $secretId, secretKey: $secretKey);
    // A name that was not sent, or stands in another order or case, gives another list.
    if ([$s['headerList'], $s['urlParamList']] !== [$headerList, $paramList]) {
        return false;
    }
    return in_array('host', explode(';', $headerList), true) && hash_equals($s['signature'], $fields['q-signature'] ?? '');
}
