<?php
declare(strict_types=1);
// Reproduces every vector of fixtures/vectors: php verify.php [FOLDER]. Exit code 0 when all agree. The stages of a vector
// are compared in their order and the first that differs is shown: a wrong canonical text is another mistake than a wrong
// key.
namespace Vod;

require __DIR__ . '/wire.php';
require __DIR__ . '/verifiers.php';

/** As two values are the same in JSON: an integer may be written as a number with a fraction of nothing. */
function same(mixed $a, mixed $b): bool
{
    if (is_object($a) || is_object($b) || (is_array($a) && is_array($b))) {
        [$a, $b, $kinds] = [(array) $a, (array) $b, [is_object($a), is_object($b)]];
        if (count($a) !== count($b) || ($a === [] && $kinds[0] !== $kinds[1])) {
            return false;
        }
        foreach ($a as $name => $value) {
            if (!array_key_exists($name, $b) || !same($value, $b[$name])) {
                return false;
            }
        }
        return true;
    }
    return $a === $b || (is_numeric($a) && is_numeric($b) && !is_string($a) && !is_string($b) && $a == $b);
}

/**
 * The first stage that differs, what it should be and what it is; null when all agree.
 *
 * @return array{string, mixed, mixed}|null
 */
function difference(object $test, mixed $got): ?array
{
    if (!is_object($test->expected)) {
        return $test->expected === $got ? null : ['result', $test->expected, $got];
    }
    foreach ([...(array) ($test->steps ?? []), ...(array) $test->expected] as $stage => $wanted) {
        if (!same($wanted, $got[$stage] ?? null)) {
            return [$stage, $wanted, $got[$stage] ?? null];
        }
    }
    return null;
}

/**
 * Prints one line for a file; gives how many vectors agree, are skipped and differ.
 *
 * @return array{int, int, int}
 */
function verify(string $path): array
{
    $name = basename($path);
    $file = json(file_get_contents($path));
    $verifier = VERIFIERS[basename($path, '.json')] ?? null;
    $problem = match (true) {
        !is_object($file) => 'not JSON',
        count($file->tests) !== $file->numberOfTests => count($file->tests) . " vectors instead of $file->numberOfTests",
        $verifier === null => 'nothing here reproduces it',
        default => null,
    };
    if ($problem !== null) {
        echo "FAIL  $name: $problem\n";
        return [0, 0, 1];
    }
    $agree = $skipped = $differ = 0;
    foreach ($file->tests as $test) {
        // A signer that does what a vendor-quirk shows would be wrong (fixtures/README.md).
        if (in_array('vendor-quirk', $test->flags, true)) {
            $skipped++;
            continue;
        }
        $found = difference($test, (__NAMESPACE__ . "\\$verifier")($test, $file));
        if ($found === null) {
            $agree++;
            continue;
        }
        $differ++;
        [$stage, $wanted, $got] = $found;
        echo "FAIL  $name $test->tcId $test->name: $stage\n  expected ", var_export($wanted, true), "\n  got      ",
            var_export($got, true), "\n";
    }
    echo $differ === 0 ? 'ok  ' : 'FAIL', "  $name: $agree agree, $skipped skipped, $differ differ\n";
    return [$agree, $skipped, $differ];
}

$counts = array_map(verify(...), glob(($argv[1] ?? __DIR__ . '/../../fixtures/vectors') . '/*.json'));
[$agree, $skipped, $differ] = array_map(static fn ($at) => array_sum(array_column($counts, $at)), [0, 1, 2]);
echo "$agree agree, $skipped skipped, $differ differ\n";
exit($agree > 0 && $differ === 0 ? 0 : 1);
