<?php
declare(strict_types=1);
// Uploads one file to Tencent Cloud VOD and prints its FileId, as docs/wire.md asks:
//
//   TENCENTCLOUD_SECRET_ID=… TENCENTCLOUD_SECRET_KEY=… php upload.php FILE
//
// One part after another: it is there to be read and translated. "wire §n" cites docs/wire.md.
namespace Vod;

foreach (['wire', 'http', 'api', 'cos', 'multipart', 'record'] as $file) {
    require_once __DIR__ . "/$file.php";
}

/** What ApplyUpload gave in place of a renewal (wire §12.2). */
final class OtherSession extends \RuntimeException
{
    public function __construct(public readonly Session $session)
    {
        parent::__construct('the certificate could not be renewed: the answer is another session');
    }
}

/** The environment's variable, or null where it is empty or missing. The names with VODUP_ are the judge's (wire §18). */
function setting(string $name): ?string
{
    return text(getenv($name));
}

/** One file on its way: apply, transfer, commit (wire §9.1). */
final class Upload
{
    private readonly Api $api;
    private readonly int $size;
    private readonly string $mediaType;
    private readonly string $name;
    /** @var resource */
    private readonly mixed $file;
    private Record $record;

    public function __construct(private readonly string $path)
    {
        $this->file = is_file($path) ? fopen($path, 'rb') : throw new \RuntimeException("no such file: $path");
        $this->size = filesize($path);
        $this->name = pathinfo($path, PATHINFO_FILENAME);
        $this->mediaType = strtolower(setting('VODUP_MEDIA_TYPE') ?? pathinfo($path, PATHINFO_EXTENSION)); // wire §4.5
        $subAppId = setting('VODUP_SUB_APP_ID');
        $endpoint = setting('VODUP_VOD_ENDPOINT') ?? 'https://vod.intl.tencentcloudapi.com'; // wire §3.1
        $this->api = new Api(
            $endpoint,
            setting('TENCENTCLOUD_SECRET_ID') ?? throw new \RuntimeException('TENCENTCLOUD_SECRET_ID is not set'),
            setting('TENCENTCLOUD_SECRET_KEY') ?? throw new \RuntimeException('TENCENTCLOUD_SECRET_KEY is not set'),
            $subAppId === null ? null : (int) $subAppId,
        );
        $this->record = Record::of(realpath($path), $endpoint);
    }

    public function run(): string
    {
        $earlier = $this->record->earlier();
        $session = null;
        if ($earlier !== null) {
            [$fileId, $session] = $this->resume($earlier);
            if ($fileId !== null) {
                return $fileId;
            }
        }
        return $this->begin($session ?? $this->api->apply($this->mediaType, $this->name));
    }

    private function cos(Session $session): Cos
    {
        return new Cos($this->api, $session, setting('VODUP_COS_ENDPOINT'), $this->renew(...));
    }

    /** Uploads from the beginning. */
    private function begin(Session $session): string
    {
        $chosen = setting('VODUP_PART_SIZE');
        $plan = planParts($this->size, $chosen === null ? null : (int) $chosen);
        if ($plan === null) {
            throw new \RuntimeException('the file is larger than any object may be');
        }
        $cos = $this->cos($session);
        $contentType = CONTENT_TYPES[$this->mediaType] ?? 'application/octet-stream';
        if ($plan['kind'] === 'put') {
            $cos->store([], readPiece($this->file, 0, $this->size, $this->size), $contentType);
            return $this->api->commit($cos->session(), false);
        }
        $uploadId = Multipart::initiate($cos, $contentType);
        $parts = new Multipart($cos, $this->file, $this->size, $plan['partSize'], $uploadId);
        [$this->record->partSize, $this->record->uploadId] = [$parts->partSize, $uploadId];
        $this->record->session = $cos->session();
        // Before the first part: from here on a kill leaves something behind (wire §9.4).
        $this->record->save();
        return $this->finish($cos, $parts, []);
    }

    /** Sends what is missing and commits. What fails is aborted (wire §9.3); where that fails too the record stays. */
    private function finish(Cos $cos, Multipart $parts, array $listed): string
    {
        try {
            $parts->send($listed);
        } catch (\Throwable $why) {
            if ($parts->abort()) {
                $this->record->remove();
            }
            throw $why;
        }
        return $this->commit($cos->session(), false);
    }

    private function commit(Session $session, bool $maybeDone): string
    {
        $fileId = $this->api->commit($session, $maybeDone);
        $this->record->remove(); // never committed again (wire §10.3)
        return $fileId;
    }

    /** Another certificate for the same place, kept for the next run too (wire §12.2). */
    private function renew(Session $session): Session
    {
        $renewed = $this->api->apply($this->mediaType, $this->name, $session->key());
        if (!$session->samePlace($renewed)) {
            throw new OtherSession($renewed);
        }
        if ($this->record->uploadId !== null) {
            $this->record->session = $renewed;
            $this->record->save();
        }
        return $renewed;
    }

    /**
     * Goes on from a record. Without FileId it was of no use, and the upload begins from the beginning: in the session
     * that is given, if any.
     *
     * @return array{?string, ?Session}
     */
    private function resume(Record $earlier): array
    {
        $cos = $this->cos($earlier->session);
        $parts = new Multipart($cos, $this->file, $this->size, $earlier->partSize, $earlier->uploadId);
        if (!$earlier->isAboutTheSame($this->record)) {
            $parts->abort(); // the file is another one (wire §9.4)
            $earlier->remove();
            return [null, null];
        }
        $fresh = $this->record;
        $this->record = $earlier;
        $next = null;
        $listed = null;
        try {
            $listed = $parts->list();
        } catch (OtherSession $why) {
            $next = $why->session;
        } catch (Refused $why) {
            if ($why->apiCode !== 'NoSuchUpload') {
                throw $why;
            }
            // wire §9.4: the upload is gone, perhaps because it was completed before the kill.
            if ($this->isThere($parts)) {
                return [$this->commit($cos->session(), true), null];
            }
        }
        if ($listed !== null) {
            return [$this->finish($cos, $parts, $listed), null];
        }
        $earlier->remove();
        $this->record = $fresh;
        return [null, $next];
    }

    private function isThere(Multipart $parts): bool
    {
        $crc = 0;
        for ($from = 0; $from < $this->size; $from += MIB) {
            $data = readPiece($this->file, $from, MIB, $this->size);
            $crc = combineCrc64($crc, crc64($data), strlen($data));
        }
        try {
            return $parts->isThere(decimal($crc));
        } catch (Refused) {
            return false; // another object lies there: another path is needed
        }
    }
}

ini_set('display_errors', 'stderr'); // the last line of stdout is the FileId alone (wire §18.1)
umask(0077); // wire §18.5: what is written here, others cannot read
try {
    echo (new Upload($argv[1] ?? setting('VODUP_FILE') ?? throw new \RuntimeException('usage: php upload.php FILE')))->run(), "\n";
} catch (\Throwable $error) {
    // Its message alone: a trace would show what functions were given, and so keys (wire §18.5).
    fwrite(STDERR, "upload: {$error->getMessage()}\n");
    exit(1);
}
