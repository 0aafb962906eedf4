// Uploads many files with one client, a few at a time: connections, credentials and the memory budget are shared, and a
// file that fails does not stop the others. Prints a line of JSON for each, in the order they end.
//
//   node examples/batch.mjs *.mp4
import { VodClient, VodupError, defaultCredentials } from "vodup";

const vod = new VodClient({
  credentials: defaultCredentials(),
  subAppId: process.env.SUB_APP_ID,
  vodEndpoint: process.env.VODUP_VOD_ENDPOINT,
  cosEndpoint: process.env.VODUP_COS_ENDPOINT,
  memoryBudget: 128 * 2 ** 20,
});
const filesAtATime = 3;
const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("stopped")));

/** @param {string} file */
async function uploadOne(file) {
  try {
    const { fileId, transfer } = await vod.upload(file, { signal: stop.signal });
    console.log(JSON.stringify({ file, fileId, bytes: transfer.bytes }));
  } catch (error) {
    process.exitCode = 1;
    const code = error instanceof VodupError ? error.code : undefined;
    console.log(JSON.stringify({ file, code, message: error instanceof Error ? error.message : String(error) }));
  }
}

// Each worker takes the next file from the one iterator they share.
const files = process.argv.slice(2).values();
const workers = Array.from({ length: filesAtATime }, async () => {
  for (const file of files) {
    if (stop.signal.aborted) return;
    await uploadOne(file);
  }
});
await Promise.all(workers);
await vod.close();
