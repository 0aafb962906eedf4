<?php
declare(strict_types=1);
namespace Vod;

/** One upload in parts; its id and the parts' size are what a record keeps of it. */
final class Multipart
{
    /** @param resource $file */
    public function __construct(
        private readonly Cos $cos,
        private readonly mixed $file,
        private readonly int $size,
        public readonly int $partSize,
        public readonly string $uploadId,
    ) {
    }

    /** wire §6.3. The Content-Type belongs here, not to parts (wire §6.15). */
    public static function initiate(Cos $cos, string $contentType): string
    {
        return readDocument('initiateResult', $cos->request('POST', ['uploads' => ''], '', $contentType)->body)['uploadId'];
    }

    /** Sends the parts that are not listed with the file's own bytes, then completes. */
    public function send(array $listed): void
    {
        $document = '<CompleteMultipartUpload>';
        $crc = 0;
        for ($number = 1; ($number - 1) * $this->partSize < $this->size; $number++) {
            $data = readPiece($this->file, ($number - 1) * $this->partSize, $this->partSize, $this->size);
            $part = $listed[$number] ?? null;
            // wire §9.4: a listed part is taken only if its ETag is the MD5 of the file's bytes at its place.
            $holds = $part !== null && $part['size'] === strlen($data) && strtolower($part['etag']) === md5($data);
            $etag = $holds
                ? "\"{$part['etag']}\""
                : $this->cos->store(['partNumber' => $number, 'uploadId' => $this->uploadId], $data);
            // wire §6.6: the ETag as it came, quotes and all; a quote needs no escape in the text of an element.
            $document .= "<Part><PartNumber>$number</PartNumber><ETag>$etag</ETag></Part>";
            $crc = combineCrc64($crc, crc64($data), strlen($data));
        }
        $this->complete("$document</CompleteMultipartUpload>", decimal($crc));
    }

    /**
     * What is stored so far, page by page (wire §6.5).
     *
     * @return array<int, array{etag: string, size: int}>
     */
    public function list(): array
    {
        $parts = [];
        $query = ['uploadId' => $this->uploadId, 'max-parts' => 1000];
        do {
            $page = readDocument('listPartsResult', $this->cos->request('GET', $query)->body);
            foreach ($page['parts'] as $part) {
                $parts[$part['partNumber']] = $part;
            }
            $query['part-number-marker'] = $page['nextPartNumberMarker'] ?? 0;
        } while ($page['isTruncated']);
        return $parts;
    }

    /** Sends the list until the document, or HEAD, says that the object is there (wire §6.7, §11.2). */
    private function complete(string $document, string $crc): void
    {
        for ($attempt = 1; ; $attempt++) {
            $why = $gone = null;
            $succeeded = false;
            try {
                // Not repeated blindly: an attempt whose answer says nothing may have done its work.
                $id = ['uploadId' => $this->uploadId];
                $answer = $this->cos->attempt('POST', $id, $document, 'application/xml', COMPLETE_SECONDS);
                readDocument('completeResult', $answer->body);
                $succeeded = true;
                if (crcOf($answer) !== null) {
                    $this->compare(crcOf($answer), $crc); // wire §11.3: final
                    return;
                }
            } catch (Passing $error) {
                $why = $error;
            } catch (DocumentError) {
            } catch (Refused $error) {
                $gone = $error->apiCode === 'NoSuchUpload' && $attempt > 1 ? $error : null;
                if ($succeeded || ($error->status !== 409 && $gone === null)) {
                    throw $error;
                }
            }
            try {
                if ($this->isThere($crc)) {
                    return;
                }
            } catch (Refused $error) {
                if ($succeeded && $error->status === 403) {
                    return; // verified by its parts only (wire §11.2)
                }
                throw $error;
            }
            if ($succeeded || $gone !== null) {
                // wire §11.2, §11.3: another Complete would find nothing either.
                throw $gone ?? new Refused('Complete succeeded, and nothing lies at the key');
            }
            if (!pause($attempt, $why)) {
                throw new Passing('Complete does not succeed');
            }
        }
    }

    /** What lies at the key (wire §6.9): false where nothing does; another object is refused. */
    public function isThere(string $crc): bool
    {
        try {
            $head = $this->cos->request('HEAD');
        } catch (Refused $error) {
            return $error->status === 404 ? false : throw $error;
        }
        if ($head->header('content-length') !== (string) $this->size) {
            throw new Refused('an object of another size lies at the key');
        }
        // Without CRC64 it is verified by its size and its parts' checksums only (wire §11.2).
        $this->compare(crcOf($head) ?? $crc, $crc);
        return true;
    }

    private function compare(string $stored, string $sent): void
    {
        if ($stored !== $sent) {
            throw new Refused('the object has another CRC64 than the file');
        }
    }

    /** Frees the parts (wire §6.8, §9.3); true: nothing is left. */
    public function abort(): bool
    {
        try {
            $this->cos->request('DELETE', ['uploadId' => $this->uploadId]);
            return true;
        } catch (Refused $error) {
            return $error->status === 404;
        } catch (Passing | OtherSession) {
            return false;
        }
    }
}

/** @param resource $file */
function readPiece(mixed $file, int $from, int $length, int $size): string
{
    $length = min($length, $size - $from);
    fseek($file, $from);
    $data = $length === 0 ? '' : stream_get_contents($file, $length);
    return strlen((string) $data) === $length ? $data : throw new \RuntimeException('the file became shorter');
}
