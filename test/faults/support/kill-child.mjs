// One upload by the built library with a checkpoint file, as a user would write it: read the file if it is there, write it
// atomically, remove it only after the result was printed. Kills itself at a chosen moment of a chosen write.
//   node kill-child.mjs '{"library":…,"source":…,"cover":…,"checkpoint":…,"dieAtWrite":3,"moment":"before"|"torn"|"after"}'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

const job = JSON.parse(process.argv[2]);
const { VodClient } = await import(job.library);
const vod = new VodClient({
  credentials: { secretId: job.secretId, secretKey: job.secretKey },
  vodEndpoint: job.origin,
  cosEndpoint: job.origin,
  retry: { baseDelayMs: 5, throttleDelayMs: 5 },
});

let writes = 0;
const die = (moment) => {
  if (writes === job.dieAtWrite && moment === job.moment) process.kill(process.pid, "SIGKILL");
};

const onCheckpoint = (checkpoint) => {
  writes += 1;
  die("before");
  writeFileSync(`${job.checkpoint}.new`, JSON.stringify(checkpoint), { mode: 0o600 });
  die("torn");
  renameSync(`${job.checkpoint}.new`, job.checkpoint);
  die("after");
};

const checkpoint = existsSync(job.checkpoint) ? JSON.parse(readFileSync(job.checkpoint, "utf8")) : undefined;
const { fileId, transfer } = await vod.upload(job.source, {
  cover: job.cover,
  partSize: 2 ** 20,
  concurrency: job.concurrency,
  checkpoint,
  onCheckpoint,
});
await vod.close();
process.stdout.write(`${JSON.stringify({ fileId, transfer, writes })}\n`);
rmSync(job.checkpoint, { force: true });
