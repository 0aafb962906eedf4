import { setFlagsFromString } from "node:v8";

// Node has WebAssembly, but its types come with the DOM library, which this project does not load.
declare const WebAssembly: {
  readonly Module: {
    new (bytes: Uint8Array): object;
    readonly imports: (module: object) => readonly { readonly name: string }[];
  };
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** There is one in the file that the build makes of the command; in the sources undici compiles as ever. */
declare const require: ((path: "undici/lib/llhttp/llhttp_simd-wasm.js") => Uint8Array) | undefined;

/** What undici's parser exports, as far as one answer needs it. */
interface Parser {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly malloc: (size: number) => number;
  readonly llhttp_alloc: (type: number) => number;
  readonly llhttp_execute: (parser: number, bytes: number, size: number) => number;
}

/** llhttp's number for the parser of an answer. */
const response = 2;
const flags = ["wasm-dynamic-tiering", "wasm-tier-up"];
let kept: object | undefined;

/**
 * Compiles undici's HTTP parser, one function of 33 KB, so that V8 leaves it as its first compiler makes it: optimised,
 * as it would be after two or three answers, it costs a tenth of a CPU-second and 35 MiB, and gains nothing. V8
 * shares what it has compiled of equal bytes, so undici is given the same. The flags of V8 are changed for this call
 * only, while nothing else runs and before anything else of WebAssembly exists (docs/decisions/0034). For a process of
 * its own: a library has no business with its host's flags.
 */
export function compileHttpParser(): void {
  if (kept !== undefined || typeof require === "undefined") return;
  try {
    for (const flag of flags) setFlagsFromString(`--no-${flag}`);
    kept = new WebAssembly.Module(require("undici/lib/llhttp/llhttp_simd-wasm.js"));
    parseOnce(kept);
  } catch {
    // Another engine, or another parser: undici compiles its own, as ever.
  } finally {
    for (const flag of flags) setFlagsFromString(`--${flag}`);
  }
}

/** V8 compiles a function when it is first called. */
function parseOnce(module: object): void {
  const env = Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, () => 0]));
  const parser = new WebAssembly.Instance(module, { env }).exports as Parser;
  const answer = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const at = parser.malloc(answer.length);
  new Uint8Array(parser.memory.buffer, at, answer.length).set(answer);
  parser.llhttp_execute(parser.llhttp_alloc(response), at, answer.length);
}
