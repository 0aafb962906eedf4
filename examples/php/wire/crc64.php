<?php
declare(strict_types=1);
namespace Vod;

// wire §8.1: CRC-64/XZ. PHP's integers have 64 bits with a sign: a literal above PHP_INT_MAX would become a float, and
// `>>` keeps the sign, so what comes in from the left is masked away. `%u` writes them without a sign.
const POLYNOMIAL = (0xC96C5795 << 32) | 0xD7870F42;

/** @return list<list<int>> eight tables, so that eight bytes are taken at a time */
function crc64Tables(): array
{
    static $tables = [];
    if ($tables === []) {
        for ($byte = 0; $byte < 256; $byte++) {
            $crc = $byte;
            for ($bit = 0; $bit < 8; $bit++) {
                $crc = (($crc >> 1) & PHP_INT_MAX) ^ (($crc & 1) === 1 ? POLYNOMIAL : 0);
            }
            $tables[0][$byte] = $crc;
        }
        for ($at = 1; $at < 8; $at++) {
            foreach ($tables[$at - 1] as $byte => $crc) {
                $tables[$at][$byte] = $tables[0][$crc & 255] ^ (($crc >> 8) & 0x00FFFFFFFFFFFFFF);
            }
        }
    }
    return $tables;
}

/** The checksum of bytes; `decimal` gives it as COS writes it. */
function crc64(string $data): int
{
    [$t0, $t1, $t2, $t3, $t4, $t5, $t6, $t7] = crc64Tables();
    $crc = -1;
    $length = strlen($data);
    $whole = $length & ~7;
    // A piece at a time: unpack makes an array of all that it is given.
    for ($from = 0; $from < $whole; $from += 65536) {
        foreach (unpack('P*', substr($data, $from, min(65536, $whole - $from))) as $word) {
            $crc ^= $word;
            $crc = $t7[$crc & 255] ^ $t6[$crc >> 8 & 255] ^ $t5[$crc >> 16 & 255] ^ $t4[$crc >> 24 & 255]
                ^ $t3[$crc >> 32 & 255] ^ $t2[$crc >> 40 & 255] ^ $t1[$crc >> 48 & 255] ^ $t0[$crc >> 56 & 255];
        }
    }
    for ($at = $whole; $at < $length; $at++) {
        $crc = $t0[($crc ^ ord($data[$at])) & 255] ^ (($crc >> 8) & 0x00FFFFFFFFFFFFFF);
    }
    return ~$crc;
}

function decimal(int $crc): string
{
    return sprintf('%u', $crc);
}

/** The product of two polynomials in the field of the CRC; the highest bit is the lowest power. */
function multiply(int $a, int $b): int
{
    for ($product = 0; $b !== 0; $b <<= 1) {
        if ($b < 0) {
            $product ^= $a;
        }
        $a = (($a >> 1) & PHP_INT_MAX) ^ (($a & 1) === 1 ? POLYNOMIAL : 0);
    }
    return $product;
}

/** The checksum of A followed by B from theirs, so nothing is read twice (wire §8.2). */
function combineCrc64(int $a, int $b, int $lengthOfB): int
{
    $power = 1 << 62;
    $factor = PHP_INT_MIN;
    // A bit of the length for each square; three more, because it counts bytes.
    for ($i = 0; $i < 3; $i++) {
        $power = multiply($power, $power);
    }
    for (; $lengthOfB !== 0; $lengthOfB >>= 1) {
        if (($lengthOfB & 1) === 1) {
            $factor = multiply($factor, $power);
        }
        $power = multiply($power, $power);
    }
    return multiply($a, $factor) ^ $b;
}
