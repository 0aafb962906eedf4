// Builds src/cos/crc64-wasm.ts from src/cos/crc64.wat. With --check: writes nothing, exits 1 when they differ.
import { readFile, writeFile } from "node:fs/promises";
import wabt from "wabt";

const source = new URL("../src/cos/crc64.wat", import.meta.url);
const target = new URL("../src/cos/crc64-wasm.ts", import.meta.url);

const module = (await wabt()).parseWat("crc64.wat", await readFile(source, "utf8"), { bulk_memory: true });
const { buffer } = module.toBinary({ write_debug_names: false });
module.destroy();

const text = `// Made from crc64.wat by scripts/build-crc64.mjs. Do not edit.

/** The compiled module, ${buffer.length} bytes, base64. */
export const CRC64_WASM: string =
  "${Buffer.from(buffer).toString("base64")}";
`;

if (!process.argv.includes("--check")) await writeFile(target, text);
else if ((await readFile(target, "utf8")) !== text) {
  console.error("src/cos/crc64-wasm.ts is not what src/cos/crc64.wat compiles to; run node scripts/build-crc64.mjs");
  process.exitCode = 1;
}
