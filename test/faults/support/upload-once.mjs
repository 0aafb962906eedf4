// One upload by the built library whose checkpoint is kept in a file, for a test to kill:
//   node upload-once.mjs '{"library":…,"origin":…,"path":…,"checkpoint":…}'
import { existsSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";

const job = JSON.parse(process.argv[2]);
const { VodClient } = await import(job.library);
const vod = new VodClient({
  credentials: { secretId: job.secretId, secretKey: job.secretKey },
  vodEndpoint: job.origin,
  cosEndpoint: job.origin,
  partSize: 2 ** 20,
  concurrency: job.concurrency,
});
const result = await vod.upload(job.path, {
  cover: job.coverPath,
  checkpoint: existsSync(job.checkpoint) ? JSON.parse(readFileSync(job.checkpoint, "utf8")) : undefined,
  onCheckpoint: async (checkpoint) => {
    await writeFile(`${job.checkpoint}.new`, JSON.stringify(checkpoint));
    await rename(`${job.checkpoint}.new`, job.checkpoint);
  },
});
console.log(result.fileId);
await vod.close();
