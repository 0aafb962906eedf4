// Builds src/cos/crc64-wasm.ts from src/cos/crc64*.wat. With --check: writes nothing, exits 1 when they differ.
import { readFile, writeFile } from "node:fs/promises";
import wabt from "wabt";

const folder = new URL("../src/cos/", import.meta.url);
const target = new URL("crc64-wasm.ts", folder);
const { parseWat } = await wabt();

const read = (name) => readFile(new URL(name, folder), "utf8");
const place = /^ *;; \(func \$fold\) of .*\n/m;

async function compile(fold) {
  const source = (await read("crc64.wat")).replace(place, () => fold);
  const module = parseWat("crc64.wat", source, { bulk_memory: true, simd: true });
  const { buffer } = module.toBinary({ write_debug_names: false });
  module.destroy();
  return Buffer.from(buffer);
}

const plain = await compile(await read("crc64-fold.wat"));
const simd = await compile(await read("crc64-fold-simd.wat"));
const text = `// Made from crc64*.wat by scripts/build-crc64.mjs. Do not edit.

/** The module for every processor, ${plain.length} bytes, base64. */
export const crc64Wasm: string =
  "${plain.toString("base64")}";

/** The module that needs v128, ${simd.length} bytes, base64. */
export const crc64SimdWasm: string =
  "${simd.toString("base64")}";
`;

if (!process.argv.includes("--check")) await writeFile(target, text);
else if ((await readFile(target, "utf8")) !== text) {
  console.error("src/cos/crc64-wasm.ts is not what src/cos/crc64*.wat compile to; run node scripts/build-crc64.mjs");
  process.exitCode = 1;
}
