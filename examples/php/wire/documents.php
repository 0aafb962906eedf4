<?php
declare(strict_types=1);
namespace Vod;

/** `reason`: empty, forbidden, malformed, too-large, unexpected-root or missing-element. */
final class DocumentError extends \Exception
{
    public function __construct(public readonly string $reason, public readonly ?string $element = null)
    {
        parent::__construct(trim("$reason $element"));
    }
}

/** One element: its name without prefix, its own text, its children in their order. */
final class Element
{
    public string $text = '';
    /** @var list<Element> */
    public array $children = [];

    public function __construct(public readonly string $name)
    {
    }

    /** The text of the first child with one of these names, as it is. */
    public function child(string ...$names): ?string
    {
        foreach ($names as $name) {
            foreach ($this->children as $child) {
                if ($child->name === $name) {
                    return $child->text;
                }
            }
        }
        return null;
    }

    public function required(string $name): string
    {
        $text = trim($this->child($name) ?? '');
        return $text === '' ? throw new DocumentError('missing-element', $name) : $text;
    }

    public function number(string $name, int $least, int $most): int
    {
        $text = $this->required($name);
        if (preg_match('/^[0-9]{1,16}$/D', $text) !== 1 || (int) $text < $least || (int) $text > $most) {
            throw new DocumentError('malformed', $name);
        }
        return (int) $text;
    }

    /** Without its quotes: they are part of the header, but not of the hash (wire §8.3). */
    public function etag(): string
    {
        $text = unquoted($this->required('ETag'));
        return $text === '' ? throw new DocumentError('missing-element', 'ETag') : $text;
    }

    public function truncated(): bool
    {
        return match (strtolower($this->required('IsTruncated'))) {
            'true' => true,
            'false' => false,
            default => throw new DocumentError('malformed', 'IsTruncated'),
        };
    }

    /** A key of a list; where the list says so it is encoded (wire §6.17). */
    public function decoded(?string $key): string
    {
        $encoding = $this->child('EncodingType', 'Encoding-type', 'Encoding-Type') ?? '';
        return trim($encoding) === 'url' ? rawurldecode($key ?? '') : $key ?? '';
    }

    /** @return list<Element> */
    public function all(string $name): array
    {
        return array_values(array_filter($this->children, static fn ($child) => $child->name === $name));
    }
}

function unquoted(string $etag): string
{
    return preg_replace('/^"(.*)"$/Ds', '$1', $etag);
}

const MOST_LEVELS = 32;

/** Reads strictly (wire §6.12): namespaces ignored, references decoded once, white space before it skipped, no DOCTYPE. */
function tree(string $data): Element
{
    if (preg_match('//u', $data) !== 1) {
        throw new DocumentError('malformed');
    }
    $data = preg_replace('/^(?:[ \t\r\n]|\x{FEFF})+/u', '', $data);
    if ($data === '') {
        throw new DocumentError('empty');
    }
    if (preg_match('/<!(DOCTYPE|ENTITY)/i', $data) === 1) {
        throw new DocumentError('forbidden');
    }
    $open = [];
    $root = null;
    $tooDeep = false;
    $parser = xml_parser_create_ns('UTF-8', ' ');
    xml_parser_set_option($parser, XML_OPTION_CASE_FOLDING, false);
    xml_set_element_handler(
        $parser,
        static function ($parser, string $name) use (&$open, &$root, &$tooDeep): void {
            $parts = explode(' ', $name);
            $element = new Element(end($parts));
            if ($open === []) {
                $root = $element;
            } else {
                end($open)->children[] = $element;
            }
            $open[] = $element;
            $tooDeep = $tooDeep || count($open) > MOST_LEVELS;
        },
        static function () use (&$open): void {
            array_pop($open);
        },
    );
    xml_set_character_data_handler($parser, static function ($parser, string $text) use (&$open): void {
        end($open)->text .= $text;
    });
    $wellFormed = xml_parse($parser, $data, true) === 1;
    if ($tooDeep) {
        throw new DocumentError('too-large');
    }
    return $wellFormed && $root !== null ? $root : throw new DocumentError('malformed');
}

/**
 * The members of a document (wire §6).
 *
 * @return array<string, mixed>
 */
function readDocument(string $kind, string $data): array
{
    [$name, $read] = match ($kind) {
        'initiateResult' => ['InitiateMultipartUploadResult', initiateResult(...)],
        'completeResult' => ['CompleteMultipartUploadResult', completeResult(...)],
        'completeRequest' => ['CompleteMultipartUpload', completeRequest(...)],
        'listPartsResult' => ['ListPartsResult', listPartsResult(...)],
        'listUploadsResult' => ['ListMultipartUploadsResult', listUploadsResult(...)],
        'error' => ['Error', errorDocument(...)],
    };
    $root = tree($data);
    return $root->name === $name ? $read($root) : throw new DocumentError('unexpected-root', $root->name);
}

/** The UploadId is opaque: it is not trimmed. */
function initiateResult(Element $root): array
{
    $root->required('UploadId');
    return [
        'bucket' => $root->child('Bucket') ?? '',
        'key' => $root->child('Key') ?? '',
        'uploadId' => $root->child('UploadId'),
    ];
}

/** What alone says that Complete succeeded (wire §6.7). Its Location may lack the scheme: do not read it (wire §6.18). */
function completeResult(Element $root): array
{
    $texts = ['location' => 'Location', 'bucket' => 'Bucket', 'key' => 'Key'];
    return [...array_map(static fn ($name) => $root->child($name) ?? '', $texts), 'etag' => $root->etag()];
}

function part(Element $part): array
{
    return ['partNumber' => $part->number('PartNumber', 1, 10_000), 'etag' => $part->etag()];
}

function completeRequest(Element $root): array
{
    $parts = array_map(part(...), $root->all('Part'));
    return $parts === [] ? throw new DocumentError('missing-element', 'Part') : ['parts' => $parts];
}

/** @param array<string, mixed> $members those that are null are left out */
function present(array $members): array
{
    return array_filter($members, static fn ($value) => $value !== null);
}

function listPartsResult(Element $root): array
{
    $truncated = $root->truncated();
    $parts = array_map(static fn (Element $one) => present([
        ...part($one),
        'size' => $one->number('Size', 0, 2 ** 53 - 1),
        'lastModified' => $one->child('LastModified'),
    ]), $root->all('Part'));
    $marked = $truncated || trim($root->child('NextPartNumberMarker') ?? '') !== '';
    return present([
        'bucket' => $root->child('Bucket') ?? '',
        'key' => $root->decoded($root->child('Key')),
        'uploadId' => $root->child('UploadId', 'UploadID') ?? '',
        'parts' => $parts,
        'isTruncated' => $truncated,
        'nextPartNumberMarker' => $marked ? $root->number('NextPartNumberMarker', 0, 10_000) : null,
    ]);
}

/** wire §6.19: the client here does not list uploads; never depend on it. */
function listUploadsResult(Element $root): array
{
    $truncated = $root->truncated();
    $uploads = array_map(static function (Element $one) use ($root) {
        $key = text($one->child('Key')) ?? throw new DocumentError('missing-element', 'Key');
        $one->required('UploadId');
        return present([
            'key' => $root->decoded($key),
            'uploadId' => $one->child('UploadId'),
            'initiated' => $one->child('Initiated'),
        ]);
    }, $root->all('Upload'));
    $nextKey = text($root->decoded($root->child('NextKeyMarker')));
    if ($truncated && $nextKey === null) {
        throw new DocumentError('missing-element', 'NextKeyMarker');
    }
    return present([
        'bucket' => $root->child('Bucket') ?? '',
        'uploads' => $uploads,
        'isTruncated' => $truncated,
        'nextKeyMarker' => $nextKey,
        'nextUploadIdMarker' => text($root->child('NextUploadIdMarker')),
    ]);
}

function errorDocument(Element $root): array
{
    $error = ['code' => $root->required('Code'), 'message' => $root->child('Message') ?? ''];
    foreach (['Resource', 'RequestId', 'TraceId', 'ServerTime', 'StringToSign', 'FormatString'] as $name) {
        $error[lcfirst($name)] = $root->child($name);
    }
    return present($error);
}
