import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { CRC64_WASM } from "../../src/cos/crc64-wasm.ts";

test("the embedded module is what its source compiles to, byte for byte", async () => {
  const script = fileURLToPath(new URL("../../scripts/build-crc64.mjs", import.meta.url));
  await expect(promisify(execFile)(process.execPath, [script, "--check"])).resolves.toMatchObject({ stderr: "" });
});

test("the embedded module is small", () => {
  expect(Buffer.from(CRC64_WASM, "base64").length).toBeLessThan(2_048);
});

test("the source folds by a multiple of the CRC's polynomial, at the distances it names", () => {
  const source = readFileSync(new URL("../../src/cos/crc64.wat", import.meta.url), "utf8");
  const terms = /Q\(x\) = (.*)\n/.exec(source)?.[1]?.split(" + ") ?? [];
  const exponents = terms.map((term) => (term === "1" ? 0 : Number(term.slice("x^".length))));
  expect(exponents).toHaveLength(10);

  const polynomial = (1n << 64n) | 0x42f0e1eba9ea3693n;
  let remainder = exponents.reduce((sum, exponent) => sum ^ (1n << BigInt(exponent)), 0n);
  for (let bit = 524n; bit >= 64n; bit -= 1n) if ((remainder >> bit) & 1n) remainder ^= polynomial << (bit - 64n);
  expect(remainder).toBe(0n);

  const offsets = [...source.matchAll(/i64\.load(?: offset=(\d+))? \(local\.get \$window\)/g)].map((match) =>
    Number(match[1] ?? 0),
  );
  const lower = exponents.slice(1);
  const round = [0, 8, 16, 24].flatMap((word) => lower.map((exponent) => 8 * exponent + word));
  expect(offsets.sort((a, b) => a - b)).toEqual(round.sort((a, b) => a - b));
});
