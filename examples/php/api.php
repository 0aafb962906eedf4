<?php
declare(strict_types=1);
namespace Vod;

/** ApplyUpload's answer (wire §4.2), and when it came by the service's clock: a certificate's life counts from there. */
final class Session
{
    public function __construct(public readonly object $answer, public readonly int $receivedAt)
    {
    }

    public function path(): string
    {
        return $this->answer->MediaStoragePath ?? '';
    }

    public function key(): string
    {
        return $this->answer->VodSessionKey;
    }

    /** Null: sign with the account's own keys (wire §4.9). */
    public function certificate(): ?object
    {
        return $this->answer->TempCertificate ?? null;
    }

    /** When 90 % of the certificate's life are over (wire §12.1). */
    public function dueAt(): int
    {
        $expires = $this->certificate()->ExpiredTime ?? PHP_INT_MAX;
        return $this->receivedAt + intdiv($expires - $this->receivedAt, 10) * 9;
    }

    /** Whether a renewed session may go on in place of this one (wire §12.2). */
    public function samePlace(self $other): bool
    {
        foreach (['StorageBucket', 'StorageRegion', 'MediaStoragePath', 'CoverStoragePath'] as $member) {
            if (text($this->answer->$member ?? null) !== text($other->answer->$member ?? null)) {
                return false;
            }
        }
        return true;
    }
}

// What a repeated commit may be told where the first has worked (wire §10.2, §11.4).
const SESSION_GONE = [
    'InvalidParameterValue.VodSessionKey',
    'ResourceNotFound',
    'FailedOperation.InvalidVodSessionKey',
];

/** The VOD API (wire §2, §3, §4, §10). */
final class Api
{
    /** How far the service's clock is ahead of this machine's, in seconds (wire §3.6). */
    public int $ahead = 0;

    public function __construct(
        private readonly string $endpoint,
        public readonly string $secretId,
        public readonly string $secretKey,
        private readonly ?int $subAppId,
        private readonly string $region = 'ap-singapore',
    ) {
    }

    public function now(): int
    {
        return time() + $this->ahead;
    }

    /** `$lost` becomes true once an attempt may have taken effect unseen (wire §11.4). */
    public function call(string $action, array $params, bool &$lost = false): object
    {
        if ($this->subAppId !== null) {
            $params['SubAppId'] = $this->subAppId; // a bare integer, in every call (wire §3.3)
        }
        // Made once: what is hashed is what is sent (wire §2.5).
        $body = json_encode((object) $params, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
        $resynced = false;
        return retrying(function () use ($action, $body, &$lost, &$resynced): object {
            while (true) {
                try {
                    return $this->once($action, $body);
                } catch (Passing $why) {
                    $lost = $lost || $why->kind !== 'throttle';
                    throw $why;
                } catch (Refused $why) {
                    $ahead = $why->answer?->ahead();
                    // Once; and where the answer has no Date there is nothing to correct by (wire §17.7).
                    if ($resynced || $ahead === null || retryClass($why->apiCode) !== 'resync-clock-once') {
                        throw $why;
                    }
                    [$this->ahead, $resynced] = [$ahead, true];
                }
            }
        });
    }

    private function once(string $action, string $body): object
    {
        $timestamp = $this->now();
        $headers = [
            'Host' => explode('://', rtrim($this->endpoint, '/'))[1],
            'Content-Type' => 'application/json',
            'X-TC-Action' => $action,
            'X-TC-Version' => '2018-07-17',
            'X-TC-Timestamp' => (string) $timestamp,
            'X-TC-Region' => $this->region,
        ];
        $signed = ['content-type', 'host', 'x-tc-action'];
        $keys = [$this->secretId, $this->secretKey];
        $signature = signTc3('POST', $headers, $signed, $body, 'vod', $timestamp, ...$keys);
        $headers['Authorization'] = $signature['authorization'];
        $answer = send('POST', $this->endpoint, '/', $headers, $body);
        $envelope = readEnvelope($answer->status, $answer->body);
        if (isset($envelope['success'])) {
            return $envelope['success'];
        }
        if (isset($envelope['gateway'])) {
            $what = "$action: status $answer->status of a gateway";
            throw $envelope['gateway']['retryable']
                ? new Passing($what, 'backoff', $answer->retryAfterMs())
                : new Refused($what, '', $answer->status);
        }
        ['apiCode' => $code, 'requestId' => $requestId] = $envelope['apiError'];
        $what = "$action: $code (request $requestId)";
        if (retryClass($code) === 'backoff') {
            $kind = str_starts_with($code, 'RequestLimitExceeded') ? 'throttle' : 'backoff';
            throw new Passing($what, $kind, $answer->retryAfterMs());
        }
        throw new Refused($what, $code, $answer->status, $answer);
    }

    /** Begins a session, or renews the one with this key. Repeating it is harmless (wire §4.4). */
    public function apply(string $mediaType, string $name, ?string $sessionKey = null): Session
    {
        $params = ['MediaType' => $mediaType, 'MediaName' => $name];
        $answer = $this->call('ApplyUpload', present([...$params, 'VodSessionKey' => $sessionKey]));
        if (text($answer->VodSessionKey ?? null) === null || text($answer->StorageBucket ?? null) === null) {
            throw new Refused('ApplyUpload: the answer has no session');
        }
        return new Session($answer, $this->now());
    }

    /** Gives the FileId. `$maybeDone`: an earlier run may have committed already. */
    public function commit(Session $session, bool $maybeDone): string
    {
        try {
            $answer = $this->call('CommitUpload', ['VodSessionKey' => $session->key()], $maybeDone);
            return text($answer->FileId ?? null) ?? throw new Refused('CommitUpload: the answer has no FileId');
        } catch (Refused $why) {
            // The session is gone, perhaps because the commit whose answer was lost did its work.
            if (!$maybeDone || !in_array($why->apiCode, SESSION_GONE, true)) {
                throw $why;
            }
            return $this->committed($session->path()) ?? throw new Refused(
                "whether the media exists is uncertain: look for the path {$session->path()} before uploading it again "
                    . "({$why->getMessage()})",
            );
        }
    }

    /** The media that an unseen commit has made (wire §11.4), or null. */
    private function committed(string $path): ?string
    {
        $fileId = candidate($path);
        try {
            $found = $fileId === null ? null : $this->call('DescribeMediaInfos', ['FileIds' => [$fileId]]);
        } catch (Passing | Refused) {
            return null;
        }
        foreach ($found->MediaInfoSet ?? [] as $media) {
            if (sameMedia($media->BasicInfo->MediaUrl ?? null, $path)) {
                return $fileId;
            }
        }
        return null;
    }
}
