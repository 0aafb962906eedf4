import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setFlagsFromString } from "node:v8";

/**
 * Leaves undici's HTTP parser as V8's first compiler makes it. It is one function of WebAssembly, 33 KB, which the first
 * few answers make hot: to optimise it takes 35 MiB and a tenth of a CPU-second, and gains an upload nothing. The parser
 * is compiled with the first connection, so the flags are put back at the first answer, before the CRC64 is compiled,
 * which is worth optimising. For a process of its own: a library has no business with its host's flags
 * (docs/decisions/0012).
 */
export function keepWasmBaseline(): void {
  setOptimising(false);
  // undici's own channel: a subscriber of vodup's would have every upload followed by an AsyncLocalStorage, which on Node 20
  // costs each promise of the process something from then on.
  const answered = (): void => {
    unsubscribe(answers, answered);
    setOptimising(true);
  };
  subscribe(answers, answered);
}

const answers = "undici:request:headers";

function setOptimising(on: boolean): void {
  for (const flag of ["wasm-dynamic-tiering", "wasm-tier-up"]) setFlagsFromString(on ? `--${flag}` : `--no-${flag}`);
}
