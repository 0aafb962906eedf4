// The least that small files can cost with undici: three requests a file, as ApplyUpload, PUT and CommitUpload are, and
// nothing else: no signature, no CRC64, no check. usage: node undici-small.mjs - list=FILE files=N
import { open } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { Agent } from "undici";

const { list, files: atOnce } = Object.fromEntries(process.argv.slice(3).map((text) => text.split("=")));
const { SINK_ORIGIN: origin, SINK_CA: ca } = process.env;
const agent = new Agent({ connect: ca === undefined ? {} : { ca: readFileSync(ca) } });
const files = readFileSync(list, "utf8").trim().split("\n");
let uploads = 0;

async function call(action, parameters) {
  const headers = { "content-type": "application/json", "x-tc-action": action };
  const body = JSON.stringify(parameters);
  const answer = await agent.request({ origin, method: "POST", path: "/", headers, body });
  return (await answer.body.json()).Response;
}

async function bytesOf(path) {
  const file = await open(path);
  const { size } = await file.stat();
  const { buffer } = await file.read(Buffer.allocUnsafe(size), 0, size, 0);
  await file.close();
  return buffer;
}

async function upload(path) {
  const { MediaStoragePath, VodSessionKey } = await call("ApplyUpload", { MediaType: "mp4" });
  const body = await bytesOf(path);
  const answer = await agent.request({ origin, method: "PUT", path: MediaStoragePath, body });
  await answer.body.dump();
  await call("CommitUpload", { VodSessionKey });
  uploads += 1;
}

await Promise.all(
  Array.from({ length: Number(atOnce) }, async () => {
    for (let path = files.shift(); path !== undefined; path = files.shift()) await upload(path);
  }),
);
await agent.close();
console.log(JSON.stringify({ uploads }));
