// What is written as checkpoints, by the number of parts: of an upload whose every write ends before the next part comes.
import { VodClient } from "../../dist/index.js";
import { makeFile, mib, save, startSink } from "../lib/measure.mjs";

const sink = await startSink({ tls: false });
const credentials = { secretId: "AKIDEXAMPLE", secretKey: "exampleSecretKey" };
const vod = new VodClient({ credentials, vodEndpoint: sink.origin, cosEndpoint: sink.origin, partSize: mib });
const results = {};
for (const parts of [250, 500, 1000, 2000, 4000]) {
  const file = makeFile(`${parts}.mp4`, parts * mib);
  const [writes, sizes] = [[], []];
  const onCheckpoint = (checkpoint) => {
    writes.push(checkpoint.state);
    sizes.push(Buffer.byteLength(JSON.stringify(checkpoint)));
  };
  const { transfer } = await vod.upload(file, { mediaType: "mp4", concurrency: 1, onCheckpoint });
  if (transfer.parts !== parts) throw new Error(`${transfer.parts} parts`);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  results[parts] = { writes: writes.length, bytes, last: sizes.at(-1) };
  process.stderr.write(`  ${parts} parts  ${writes.length} writes  ${bytes} bytes\n`);
}
await vod.close();
await sink.stop();
save("checkpoints", { results });
