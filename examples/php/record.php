<?php
declare(strict_types=1);
namespace Vod;

/**
 * What a run that was killed leaves for the next one (wire §9.4). It holds a certificate, so others cannot read it, and
 * never the account's key (wire §18.5).
 */
final class Record
{
    public ?int $partSize = null;
    public ?string $uploadId = null;
    public ?Session $session = null;

    private function __construct(private readonly string $file, private readonly array $about)
    {
    }

    /** In $XDG_STATE_HOME, or ~/.local/state; one for a file and an endpoint. */
    public static function of(string $path, string $endpoint): self
    {
        $folder = (getenv('XDG_STATE_HOME') ?: getenv('HOME') . '/.local/state') . '/vod-upload-php';
        if (!is_dir($folder) && !mkdir($folder, 0700, true)) {
            throw new \RuntimeException("no folder $folder");
        }
        // PHP knows the time of change to the second: what it misses, the checksums of the listed parts show.
        $about = ['path' => $path, 'size' => filesize($path), 'modified' => filemtime($path)];
        return new self("$folder/" . hash('sha256', "$endpoint\n$path") . '.json', $about);
    }

    /** The record of an earlier run, about this state of the file or another; null where none can be read. */
    public function earlier(): ?self
    {
        $found = is_file($this->file) ? json(file_get_contents($this->file)) : null;
        if (!isset($found->about, $found->partSize, $found->uploadId, $found->answer->VodSessionKey, $found->receivedAt)) {
            return null;
        }
        $record = new self($this->file, (array) $found->about);
        [$record->partSize, $record->uploadId] = [$found->partSize, $found->uploadId];
        $record->session = new Session($found->answer, $found->receivedAt);
        return $record;
    }

    public function isAboutTheSame(self $other): bool
    {
        return $this->about === $other->about;
    }

    /** Replaces the record as a whole: a kill leaves the old one or the new one. */
    public function save(): void
    {
        $text = json_encode([
            'about' => $this->about,
            'partSize' => $this->partSize,
            'uploadId' => $this->uploadId,
            'answer' => $this->session->answer,
            'receivedAt' => $this->session->receivedAt,
        ], JSON_THROW_ON_ERROR);
        if (file_put_contents("$this->file.new", $text) === false || !rename("$this->file.new", $this->file)) {
            throw new \RuntimeException('the record cannot be written');
        }
    }

    public function remove(): void
    {
        if (is_file($this->file)) {
            unlink($this->file);
        }
    }
}
