// Uploads a big file so that a crash costs no more than the parts in flight: the state is kept beside the file after every
// part, and the next run goes on from there. It holds the upload's short-lived certificate, hence mode 0600. The state
// goes only after the FileId was printed: a crash between commit and print finds it again, and no second media is made.
//
//   node examples/resume.mjs big.mkv      … is killed …      node examples/resume.mjs big.mkv
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { CheckpointError, VodClient, defaultCredentials } from "vodup";

const vod = new VodClient({
  credentials: defaultCredentials(),
  subAppId: process.env.SUB_APP_ID,
  vodEndpoint: process.env.VODUP_VOD_ENDPOINT,
  cosEndpoint: process.env.VODUP_COS_ENDPOINT,
});
const file = process.argv[2] ?? "big.mkv";
const state = `${file}.checkpoint.json`;

/**
 * Atomic: a crash leaves the old state or the new one, and never half of one.
 * @param {import("vodup").Checkpoint} checkpoint
 */
async function save(checkpoint) {
  await writeFile(`${state}.new`, JSON.stringify(checkpoint), { mode: 0o600 });
  await rename(`${state}.new`, state);
}

/** @param {import("vodup").Checkpoint | undefined} checkpoint */
function upload(checkpoint) {
  return vod.upload(file, {
    checkpoint,
    onCheckpoint: save,
    partSize: 2 ** 20 * Number(process.env.PART_MIB ?? 8),
    onProgress: ({ phase, sentBytes, totalBytes }) => console.error(phase, `${sentBytes}/${totalBytes}`),
  });
}

/**
 * A state that belongs to another content of the file, or whose upload the service no longer knows, is of no use.
 * @param {unknown} error
 */
async function startAfresh(error) {
  if (!(error instanceof CheckpointError) || error.code === "CHECKPOINT_LOCKED") throw error;
  console.error(error.message);
  await rm(state);
  return upload(undefined);
}

const saved = await readFile(state, "utf8").then(JSON.parse, () => undefined);
const { fileId, transfer } = await upload(saved).catch(startAfresh);
console.error(`${transfer.parts} parts, ${transfer.resumedParts} of them from an earlier run`);
console.log(fileId);
await rm(state);
await vod.close();
