// Where the time of a process goes, from V8's sampling profile of it: by what was running, not by who had called it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** In this order; the first that fits counts. Native functions have a name and no file. */
const kinds = [
  [
    "encryption and sockets",
    ({ functionName, url }) =>
      url === "" &&
      /^(writev?|writeBuffer|writeUtf8String|writeLatin1String|shutdown|connect|start)$/.test(functionName),
  ],
  [
    "CRC64",
    ({ functionName, url }) =>
      url.startsWith("wasm:") && /crc|fold|wasm-function/.test(functionName) && !/llhttp/.test(functionName),
  ],
  [
    "reading",
    ({ functionName, url }) =>
      /node:(internal\/)?fs/.test(url) || (url === "" && /^(read|open|fstat|openFileHandle)/.test(functionName)),
  ],
  [
    "everything of vodup beside CRC64",
    ({ url }) => /\/dist\/(?!vendor)/.test(url) && !/node_modules\/(?!vodup\/)/.test(url),
  ],
  ["undici", ({ url }) => /node_modules\/undici/.test(url)],
  ["Node's own modules", ({ url }) => url.startsWith("node:")],
  ["collecting garbage", ({ functionName }) => functionName === "(garbage collector)"],
  ["waiting", ({ functionName }) => functionName === "(idle)"],
];

/** @returns the share of each kind in the time that the process was not waiting */
export function shares(folder) {
  const sums = new Map(kinds.map(([name]) => [name, 0]));
  sums.set("the rest, native", 0);
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"))) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    for (const [index, id] of samples.entries()) {
      const frame = frames.get(id);
      const [name] = kinds.find(([, fits]) => fits(frame)) ?? ["the rest, native"];
      sums.set(name, sums.get(name) + Math.max(timeDeltas[index], 0));
    }
  }
  sums.delete("waiting");
  const total = [...sums.values()].reduce((sum, value) => sum + value, 0);
  return Object.fromEntries([...sums].map(([name, value]) => [name, value / total]));
}
