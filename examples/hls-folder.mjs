// Uploads a HLS or DASH tree by its manifest: finds every file it names, shows them, sends them in parallel and the
// manifest last, and prints the FileId. Files outside of the manifest's folder are never read; all problems are told at
// once, before anything is sent.
//
//   node examples/hls-folder.mjs out/master.m3u8
import { ManifestError, VodClient, defaultCredentials, planManifest } from "vodup";

const vod = new VodClient({
  credentials: defaultCredentials(),
  subAppId: process.env.SUB_APP_ID,
  vodEndpoint: process.env.VODUP_VOD_ENDPOINT,
  cosEndpoint: process.env.VODUP_COS_ENDPOINT,
});
const manifest = process.argv[2] ?? "master.m3u8";

try {
  const { files } = await planManifest(manifest);
  for (const { path, size } of files) console.error(`${String(size).padStart(12)}  ${path}`);
  const { fileId, transfer } = await vod.upload(manifest, {
    onProgress: ({ phase, file, sentBytes, totalBytes }) => console.error(phase, `${sentBytes}/${totalBytes}`, file),
  });
  console.error(`${files.length} files, ${transfer.bytes} bytes`);
  console.log(fileId);
} catch (error) {
  if (!(error instanceof ManifestError)) throw error;
  console.error(error.message);
  process.exitCode = 3;
} finally {
  await vod.close();
}
