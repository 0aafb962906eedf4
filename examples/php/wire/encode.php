<?php
declare(strict_types=1);
// The pure functions of docs/wire.md, from PHP alone. Each is judged by the vectors of fixtures/vectors (verify.php), so
// begin a port here. "wire §n" cites that document.
namespace Vod;

/** The one percent-encoding (wire §1.2), of which rawurlencode is PHP's name; urlencode writes a blank as a plus. */
function enc(string $text): string
{
    return rawurlencode($text);
}

/** A decoded path as it goes into the request line: slashes stay (wire §5.9). */
function keyPath(string $path): string
{
    return str_replace('%2F', '/', rawurlencode($path));
}

/** What JavaScript's encodeURIComponent leaves, for client-upload signatures only (wire §15.1). */
function encodeUriComponent(string $text): string
{
    return strtr(rawurlencode($text), ['%21' => '!', '%27' => "'", '%28' => '(', '%29' => ')', '%2A' => '*']);
}

/**
 * A query as it stands on the wire; a parameter without value is its bare name (wire §1.6).
 *
 * @param array<string, string|int> $query
 */
function queryText(array $query): string
{
    $texts = [];
    foreach ($query as $name => $value) {
        $texts[] = (string) $value === '' ? enc($name) : enc($name) . '=' . enc((string) $value);
    }
    return implode('&', $texts);
}

/**
 * Where an object lies, in three forms, or `error`: empty, dot-segment or too-long (wire §4.3).
 *
 * @return array{key: string, signedPath: string, requestPath: string}|array{error: string}
 */
function storageKey(string $path): array
{
    $key = str_starts_with($path, '/') ? substr($path, 1) : $path; // ltrim would take every slash
    if ($key === '') {
        return ['error' => 'empty'];
    }
    if (array_intersect(explode('/', $key), ['.', '..']) !== []) {
        return ['error' => 'dot-segment'];
    }
    if (strlen($key) > 850) {
        return ['error' => 'too-long'];
    }
    return ['key' => $key, 'signedPath' => "/$key", 'requestPath' => '/' . keyPath($key)];
}
