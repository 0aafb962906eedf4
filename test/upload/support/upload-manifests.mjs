/**
 * Uploads every manifest that it is given to an emulator of its own, twice: with the service's list of segments, and
 * with the local reader alone. Prints one line of JSON: what became of each, and what the emulator was asked.
 */
const [build, ...manifests] = process.argv.slice(2);
const { startEmulator } = await import(`${build}/emulator/index.js`);
const { VodClient } = await import(`${build}/index.js`);

const emulator = await startEmulator();
const { vodEndpoint, cosEndpoint, secretId, secretKey } = emulator;
const vod = new VodClient({ credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint });
const outcomes = [];
for (const manifest of manifests) {
  for (const offlineManifest of [false, true]) {
    const outcome = await vod.upload(manifest, { offlineManifest }).then(
      () => "uploaded",
      (error) => error.code,
    );
    outcomes.push([manifest, outcome]);
  }
}
const operations = emulator.requests().map(({ operation }) => operation);
await vod.close();
await emulator.close();
process.stdout.write(JSON.stringify({ outcomes, operations }));
