// vodup, as its README shows: node vodup.mjs SOURCE [key=value ...]; prints the result as JSON.
import { readFileSync } from "node:fs";
import { VodClient } from "../../dist/index.js";

const [source, ...settings] = process.argv.slice(2);
const { SINK_ORIGIN: origin, SINK_CA: ca } = process.env;
const options = Object.fromEntries(settings.map((text) => text.split("=")));
const numeric = (name) => (options[name] === undefined ? undefined : Number(options[name]));

const vod = new VodClient({
  credentials: { secretId: "AKIDEXAMPLE", secretKey: "exampleSecretKey" },
  vodEndpoint: origin,
  cosEndpoint: origin,
  concurrency: numeric("concurrency"),
  partSize: numeric("partSize"),
  dispatcher: ca === undefined ? undefined : { connect: { ca: readFileSync(ca) } },
});

/** A stream of unknown length. */
async function* bytes(count, size) {
  const chunk = Buffer.alloc(size, 7);
  for (let sent = 0; sent < count; sent += size) yield chunk.subarray(0, Math.min(size, count - sent));
}

const files = options.list === undefined ? [source] : readFileSync(options.list, "utf8").trim().split("\n");
const input = (file) =>
  options.stream === undefined ? file : bytes(Number(options.stream), Number(options.chunk ?? 65_536));
const atOnce = numeric("files") ?? 1;
const results = [];
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let file = files.shift(); file !== undefined; file = files.shift()) {
      results.push(await vod.upload(input(file), { mediaType: "mp4" }));
    }
  }),
);
await vod.close();
console.log(JSON.stringify({ uploads: results.length, ...results[0].transfer }));
