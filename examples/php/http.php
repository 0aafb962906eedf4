<?php
declare(strict_types=1);
namespace Vod;

// wire §3.14: seconds to connect, and without a byte that moves; Complete merges before its document.
const CONNECT_SECONDS = 10;
const IDLE_SECONDS = 30;
const COMPLETE_SECONDS = 120;

/** No usable answer; what the service did is not known. `kind` is of wire §11.5: backoff or throttle. */
final class Passing extends \RuntimeException
{
    public function __construct(
        string $message,
        public readonly string $kind = 'backoff',
        public readonly ?int $retryAfterMs = null,
    ) {
        parent::__construct($message);
    }
}

/** The same request would be refused again. The text never holds an answer: one may repeat a token (wire §5.11). */
final class Refused extends \RuntimeException
{
    public function __construct(
        string $message,
        public readonly string $apiCode = '',
        public readonly int $status = 0,
        public readonly ?Answer $answer = null,
    ) {
        parent::__construct($message);
    }
}

final class Answer
{
    /** @param array<string, string> $headers by their names in lower case (wire §3.11) */
    public function __construct(
        public readonly int $status,
        public readonly array $headers,
        public readonly string $body,
    ) {
    }

    public function header(string $name): string
    {
        return $this->headers[$name] ?? '';
    }

    /** A lower bound for the next pause (wire §11.5): seconds or a date. */
    public function retryAfterMs(): ?int
    {
        $text = $this->header('retry-after');
        if (preg_match('/^[0-9]{1,9}$/D', $text) === 1) {
            return 1000 * (int) $text;
        }
        $at = strtotime($text);
        return $at === false ? null : 1000 * max(0, $at - time());
    }

    /** How far the service's clock is ahead of this machine's (wire §3.6, §6.11); null where it does not say. */
    public function ahead(): ?int
    {
        $at = strtotime($this->header('date'));
        return $at === false ? null : $at - time();
    }
}

/**
 * One request, its answer read to the end. The target goes out as it is (wire §5.9).
 *
 * @param array<string, string> $headers
 */
function send(
    string $method,
    string $origin,
    string $target,
    array $headers,
    ?string $body,
    int $idle = IDLE_SECONDS,
): Answer {
    $received = [];
    $lines = ['Accept:', 'Expect:']; // curl adds both, and a Content-Type to whatever has a body
    if ($body !== null && !isset($headers['Content-Type'])) {
        $lines[] = 'Content-Type:';
    }
    foreach ($headers as $name => $value) {
        $lines[] = "$name: $value";
    }
    $curl = curl_init();
    curl_setopt_array($curl, [
        CURLOPT_URL => rtrim($origin, '/') . $target,
        CURLOPT_PATH_AS_IS => true,
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_NOBODY => $method === 'HEAD',
        CURLOPT_HTTPHEADER => $lines,
        CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,
        CURLOPT_FOLLOWLOCATION => false, // wire §1.5: a signature is good for one host and path
        CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_FRESH_CONNECT => true, // curl would send what an old connection lost again, not signed anew (wire §11.8)
        CURLOPT_FORBID_REUSE => true,
        CURLOPT_CONNECTTIMEOUT => CONNECT_SECONDS,
        CURLOPT_LOW_SPEED_LIMIT => 1,
        CURLOPT_LOW_SPEED_TIME => $idle,
        CURLOPT_HEADERFUNCTION => static function ($curl, string $line) use (&$received): int {
            if (str_starts_with($line, 'HTTP/')) {
                $received = []; // an interim answer went before
            } elseif (str_contains($line, ':')) {
                [$name, $value] = explode(':', $line, 2);
                $received[strtolower(trim($name))] = trim($value);
            }
            return strlen($line);
        },
    ]);
    if ($body !== null) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
    }
    $text = curl_exec($curl);
    if (!is_string($text) || curl_errno($curl) !== 0) {
        throw new Passing("$method: no whole answer (curl error " . curl_errno($curl) . ')');
    }
    return new Answer(curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $received, $text);
}

/**
 * Repeats what is passing: bounded attempts, growing pauses, chance, Retry-After (wire §11.5 to §11.8). `$once` signs
 * each time.
 *
 * @template T
 * @param callable(): T $once
 * @return T
 */
function retrying(callable $once): mixed
{
    for ($attempt = 1; ; $attempt++) {
        try {
            return $once();
        } catch (Passing $why) {
            if (!pause($attempt, $why)) {
                throw new Passing("{$why->getMessage()}, after $attempt attempts", $why->kind, $why->retryAfterMs);
            }
        }
    }
}

/** Waits before the next attempt; false: there is none. */
function pause(int $attempt, ?Passing $why = null): bool
{
    $random = mt_rand() / mt_getrandmax();
    $delay = retryDelay($why->kind ?? 'backoff', $attempt, RETRY_POLICY, $random, $why?->retryAfterMs);
    if ($delay !== null) {
        usleep(1000 * $delay);
    }
    return $delay !== null;
}
