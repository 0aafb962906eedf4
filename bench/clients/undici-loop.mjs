// The least that an upload by undici can cost: parts of 8 MiB over 8 connections, two buffers of 256 KiB for each, and
// nothing else: no CRC, no signature, no check, no retry. usage: node undici-loop.mjs FILE
import { open } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { Agent } from "undici";

const [path] = process.argv.slice(2);
const { SINK_ORIGIN: origin, SINK_CA: ca } = process.env;
const [connections, bufferSize, partSize] = [8, 256 * 1024, 8 * 2 ** 20];
const agent = new Agent({ connections, connect: ca === undefined ? {} : { ca: readFileSync(ca) } });
const file = await open(path);
const { size } = await file.stat();

async function* body(buffers, from, to) {
  const read = (which, at) => file.read(buffers[which], 0, Math.min(bufferSize, to - at), at);
  let which = 0;
  let reading = read(which, from);
  for (let at = from; at < to;) {
    const { bytesRead } = await reading;
    const filled = buffers[which].subarray(0, bytesRead);
    at += bytesRead;
    which = 1 - which;
    if (at < to) reading = read(which, at);
    yield filled;
  }
}

let next = 0;
await Promise.all(
  Array.from({ length: connections }, async () => {
    const buffers = [Buffer.alloc(bufferSize), Buffer.alloc(bufferSize)];
    for (let part = next++; part * partSize < size; part = next++) {
      const [from, to] = [part * partSize, Math.min(size, (part + 1) * partSize)];
      // oxlint-disable-next-line typescript/await-thenable -- undici takes any async iterable; its types leave that out.
      const { statusCode, body: answer } = await agent.request({
        origin,
        method: "PUT",
        path: `/loop?partNumber=${part + 1}&uploadId=none`,
        headers: { "content-length": String(to - from) },
        body: body(buffers, from, to),
      });
      await answer.dump();
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    }
  }),
);
await file.close();
await agent.close();
