<?php
declare(strict_types=1);
namespace Vod;

/** The requests of one session to COS (wire §5, §6). */
final class Cos
{
    private readonly string $origin;
    /** @var array{key: string, signedPath: string, requestPath: string} */
    private readonly array $key;
    /** COS's clock may be another than the API's (wire §6.11). */
    private int $ahead;

    /** @param callable(Session): Session $renew gets a certificate for the same session (wire §12.2) */
    public function __construct(
        private readonly Api $api,
        private Session $session,
        ?string $endpoint,
        private readonly mixed $renew,
    ) {
        $key = storageKey($session->path());
        if (isset($key['error'])) {
            throw new Refused("the storage path cannot be used: {$key['error']}"); // wire §4.3
        }
        $this->key = $key;
        $place = $session->answer;
        $this->origin = $endpoint ?? "https://$place->StorageBucket.cos.$place->StorageRegion.myqcloud.com"; // wire §6.1
        $this->ahead = $api->ahead;
    }

    public function session(): Session
    {
        return $this->session;
    }

    /** @param array<string, string|int> $query */
    private function once(
        string $method,
        array $query,
        ?string $body,
        ?string $contentType,
        int $idle,
    ): Answer {
        $certificate = $this->session->certificate();
        // Signed is all that is sent but what curl adds (wire §5.6).
        $headers = present([
            'Host' => explode('://', rtrim($this->origin, '/'))[1],
            'Content-Length' => $body === null ? null : (string) strlen($body),
            'Content-Type' => $contentType,
            'x-cos-security-token' => $certificate->Token ?? null,
        ]);
        $start = time() + $this->ahead - 60; // from a minute ago, for 15 minutes (wire §5.8)
        $keys = [$certificate->SecretId ?? $this->api->secretId, $certificate->SecretKey ?? $this->api->secretKey];
        $signature = signCos($method, $this->key['signedPath'], $query, $headers, $start, $start + 900, ...$keys);
        $headers['Authorization'] = $signature['authorization'];
        $target = $this->key['requestPath'] . ($query === [] ? '' : '?' . queryText($query));
        return send($method, $this->origin, $target, $headers, $body, $idle);
    }

    /** Sends until COS answers; what it refuses is thrown. */
    public function request(string $method, array $query = [], ?string $body = null, ?string $contentType = null): Answer
    {
        return retrying(fn () => $this->attempt($method, $query, $body, $contentType));
    }

    /** Sends once, and once more where the clock or the certificate was at fault (wire §6.20). */
    public function attempt(
        string $method,
        array $query = [],
        ?string $body = null,
        ?string $contentType = null,
        int $idle = IDLE_SECONDS,
    ): Answer {
        $resynced = $renewed = false;
        while (true) {
            if ($this->api->now() >= $this->session->dueAt()) {
                $this->session = ($this->renew)($this->session);
            }
            $answer = $this->once($method, $query, $body, $contentType, $idle);
            try {
                $this->judge($method, $answer);
                return $answer;
            } catch (Refused $why) {
                if (!$resynced && $this->resync($why)) {
                    $resynced = true;
                } elseif (!$renewed && $this->ranOut($why)) {
                    $renewed = true;
                    $this->session = ($this->renew)($this->session);
                } else {
                    throw $why;
                }
            }
        }
    }

    /** Sorts an answer by the table of wire §6.20. */
    private function judge(string $method, Answer $answer): void
    {
        $status = $answer->status;
        $requestId = $answer->header('x-cos-request-id');
        $code = errorOf($answer)['code'] ?? '';
        if ($requestId === '' && $code === '') {
            // wire §6.10
            throw new Passing("$method: status $status, and not of COS", 'backoff', $answer->retryAfterMs());
        }
        if ($status >= 200 && $status < 300) {
            return;
        }
        $what = "$method: status $status $code (request $requestId)";
        if ($code === 'SlowDown' || $status === 429) {
            throw new Passing($what, 'throttle', $answer->retryAfterMs());
        }
        $damaged = in_array($code, ['BadDigest', 'IncompleteBody', 'RequestTimeout'], true);
        if ($status >= 500 || $status === 408 || $damaged) {
            throw new Passing($what, 'backoff', $answer->retryAfterMs());
        }
        throw new Refused($what, $code, $status, $answer);
    }

    /** Corrects the clock where that is what COS refuses (wire §6.11, §6.20). */
    private function resync(Refused $why): bool
    {
        $error = errorOf($why->answer);
        $expired = $why->apiCode === 'AccessDenied' && ($error['message'] ?? '') === 'Request has expired';
        if (!$expired && $why->apiCode !== 'RequestTimeTooSkewed') {
            return false;
        }
        $served = strtotime($error['serverTime'] ?? '');
        $ahead = $served === false ? $why->answer->ahead() : $served - time();
        $this->ahead = $ahead ?? $this->ahead;
        return $ahead !== null;
    }

    /** Whether another certificate may help (wire §6.20). */
    private function ranOut(Refused $why): bool
    {
        $certificate = $this->session->certificate();
        if ($certificate === null) {
            return false;
        }
        $over = $this->api->now() >= $certificate->ExpiredTime;
        return $why->apiCode === 'ExpiredToken' || ($over && $why->status === 403);
    }

    /** Sends bytes until the checksums of the answer are theirs (wire §8.3, §8.4); gives the ETag as it came. */
    public function store(array $query, string $data, ?string $contentType = null): string
    {
        $crc = decimal(crc64($data));
        for ($attempt = 1; ; $attempt++) {
            $answer = $this->request('PUT', $query, $data, $contentType);
            $etag = $answer->header('etag');
            $sameCrc = in_array(crcOf($answer), [null, $crc], true);
            if ($etag !== '' && $sameCrc && (encrypted($answer) || strtolower(unquoted($etag)) === md5($data))) {
                return $etag;
            }
            if (!pause($attempt)) {
                throw new Refused('what is stored is not what was sent');
            }
        }
    }
}

/** @return array<string, string> the error document's members; none where there is none */
function errorOf(?Answer $answer): array
{
    try {
        return $answer === null ? [] : readDocument('error', $answer->body);
    } catch (DocumentError) {
        return [];
    }
}

/** The checksum of what COS says it stored, if it does. */
function crcOf(Answer $answer): ?string
{
    return text($answer->header('x-cos-hash-crc64ecma'));
}

/** Where the ETag is not the MD5 (wire §8.3). */
function encrypted(Answer $answer): bool
{
    return $answer->header('x-cos-server-side-encryption') === 'cos/kms'
        || $answer->header('x-cos-server-side-encryption-cos-kms-key-id') !== ''
        || $answer->header('x-cos-server-side-encryption-customer-algorithm') !== '';
}

// wire §4.5; any is taken.
const CONTENT_TYPES = [
    'mp4' => 'video/mp4', 'mp4v' => 'video/mp4', 'mov' => 'video/quicktime', 'qt' => 'video/quicktime',
    'mkv' => 'video/x-matroska', 'webm' => 'video/webm', 'flv' => 'video/x-flv', 'avi' => 'video/x-msvideo',
    'ts' => 'video/mp2t', 'wmv' => 'video/x-ms-wmv', '3gp' => 'video/3gpp', 'm4v' => 'video/x-m4v',
    'mpeg' => 'video/mpeg', 'mpg' => 'video/mpeg', 'mp3' => 'audio/mpeg', 'm4a' => 'audio/mp4', 'aac' => 'audio/aac',
    'wav' => 'audio/wav', 'flac' => 'audio/flac',
];
