import { crc64SimdWasm, crc64Wasm } from "./crc64-wasm.ts";

// Node has WebAssembly, but its types come with the DOM library, which this project does not load.
declare const WebAssembly: {
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: { host: { memory: object } }) => { readonly exports: object };
};

interface Crc64Exports {
  readonly crc64: (at: number, length: number, crc: bigint) => bigint;
  readonly combine: (a: bigint, b: bigint, length: bigint) => bigint;
}

/** An instance of the module and its memory. CRCs are unsigned 64-bit. */
export interface Crc64Instance extends Crc64Exports {
  /** The whole memory. It never grows, so views of it never detach. */
  readonly memory: ArrayBuffer;
}

const pageBytes = 65_536;

/** Where the host's part of the memory begins: the module keeps the first page to itself. */
export const hostStart: number = pageBytes;

/** Most bytes a host may ask for: WebAssembly's 4 GiB less the module's page. */
export const maxHostBytes: number = 4 * 2 ** 30 - pageBytes;

const isExports = (exports: object): exports is Crc64Exports =>
  "crc64" in exports &&
  typeof exports.crc64 === "function" &&
  "combine" in exports &&
  typeof exports.combine === "function";

/** Twice as fast where the processor has 16-byte vectors, which a virtual machine may hide. */
function compile(): object {
  const simd = Buffer.from(crc64SimdWasm, "base64");
  return new WebAssembly.Module(WebAssembly.validate(simd) ? simd : Buffer.from(crc64Wasm, "base64"));
}

let compiled: object | undefined;

/**
 * Instantiates the module with `hostBytes` of memory from {@link hostStart} on; 64 KiB more are its own. The
 * system provides the pages when they are first touched.
 *
 * @throws RangeError when the memory cannot be had.
 */
export function instantiateCrc64(hostBytes: number): Crc64Instance {
  // 1 KiB compiles in well under a millisecond; synchronous, so a CRC needs no await anywhere.
  compiled ??= compile();
  const pages = 1 + Math.ceil(hostBytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(compiled, { host: { memory } });
  if (!isExports(exports)) throw new TypeError("crc64-wasm.ts is not the module crc64.wat describes");
  return {
    memory: memory.buffer,
    // WebAssembly hands i64 over as signed.
    crc64: (at, length, crc) => BigInt.asUintN(64, exports.crc64(at, length, crc)),
    combine: (a, b, length) => BigInt.asUintN(64, exports.combine(a, b, length)),
  };
}
