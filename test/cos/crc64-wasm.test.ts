import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { crc64SimdWasm, crc64Wasm } from "../../src/cos/crc64-wasm.ts";

test("the embedded module is what its source compiles to, byte for byte", async () => {
  const script = fileURLToPath(new URL("../../scripts/build-crc64.mjs", import.meta.url));
  await expect(promisify(execFile)(process.execPath, [script, "--check"])).resolves.toMatchObject({ stderr: "" });
});

test("the embedded modules are small", () => {
  for (const module of [crc64Wasm, crc64SimdWasm]) expect(Buffer.from(module, "base64").length).toBeLessThan(2_048);
});

const engine = (globalThis as unknown as { WebAssembly: { validate: (bytes: Uint8Array) => boolean } }).WebAssembly;

test("without vectors the other module computes the same", async () => {
  const bytes = Uint8Array.from({ length: 100_003 }, (_, index) => (index * 31) ^ (index >> 5));
  const lengths = [0, 7, 8_383, 8_384, 8_401, 24_000, 100_003];
  const sums = async (): Promise<bigint[]> => {
    vi.resetModules();
    const { crc64 } = await import("../../src/cos/crc64.ts");
    return lengths.map((length) => crc64(bytes.subarray(0, length)));
  };
  const here = await sums();
  const validate = vi.spyOn(engine, "validate").mockReturnValue(false);
  try {
    expect(await sums()).toEqual(here);
    expect(validate).toHaveBeenCalledOnce();
  } finally {
    validate.mockRestore();
  }
});

test.each([
  ["crc64-fold.wat", "i64", [0, 8, 16, 24]],
  ["crc64-fold-simd.wat", "v128", [0, 16]],
] as const)("%s folds by a multiple of the CRC's polynomial, at the distances that are named", (file, type, words) => {
  const read = (name: string): string => readFileSync(new URL(`../../src/cos/${name}`, import.meta.url), "utf8");
  const terms = /Q\(x\) = (.*)\n/.exec(read("crc64.wat"))?.[1]?.split(" + ") ?? [];
  const exponents = terms.map((term) => (term === "1" ? 0 : Number(term.slice("x^".length))));
  expect(exponents).toHaveLength(10);

  const polynomial = (1n << 64n) | 0x42f0e1eba9ea3693n;
  let remainder = exponents.reduce((sum, exponent) => sum ^ (1n << BigInt(exponent)), 0n);
  for (let bit = 524n; bit >= 64n; bit -= 1n) if ((remainder >> bit) & 1n) remainder ^= polynomial << (bit - 64n);
  expect(remainder).toBe(0n);

  const loads = new RegExp(`${type}\\.load(?: offset=(\\d+))? \\(local\\.get \\$window\\)`, "g");
  const offsets = [...read(file).matchAll(loads)].map((match) => Number(match[1] ?? 0));
  const lower = exponents.slice(1);
  const round = words.flatMap((word) => lower.map((exponent) => 8 * exponent + word));
  expect(offsets.sort((a, b) => a - b)).toEqual(round.sort((a, b) => a - b));
});
