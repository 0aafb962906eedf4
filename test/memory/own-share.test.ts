import { execFile } from "node:child_process";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { shares } from "../../bench/lib/profile.mjs";
import { startEmulator } from "../../src/emulator/index.ts";
import { timing } from "../support/timing.ts";

const program = `
  import { VodClient } from "vodup";
  const { connection, film } = JSON.parse(process.argv.at(-1));
  const vod = new VodClient(connection);
  await vod.upload(film, { mediaType: "mp4" });
  await vod.close();
`;

/** docs/performance.md has the shares of 1 GiB; what is ours beside CRC64 is the part that a change here makes grow. */
test("of an upload's processor time less than a tenth is spent in code of this package", timing, async () => {
  const folder = await mkdtemp(join(tmpdir(), "vodup-share-"));
  const emulator = await startEmulator({ tls: true, discard: true });
  try {
    const film = join(folder, "film.mp4");
    await writeFile(film, "");
    await truncate(film, 512 * 2 ** 20);
    const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
    const connection = { credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint };
    const profile = ["--cpu-prof", "--cpu-prof-interval", "500", "--cpu-prof-dir", folder];
    const args = [...profile, "--input-type=module", "--eval", program, JSON.stringify({ connection, film })];
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: emulator.caFile };
    await promisify(execFile)(process.execPath, args, { env, cwd: join(import.meta.dirname, "../..") });
    const found = shares(folder);
    console.log(
      Object.entries(found)
        .map(([name, share]) => `${name} ${(100 * share).toFixed(1)} %`)
        .join(", "),
    );
    expect(found["everything of vodup beside CRC64"]).toBeLessThan(0.1);
    // It has measured an upload: most of the time is spent elsewhere.
    expect((found["encryption and sockets"] ?? 0) + (found["reading"] ?? 0)).toBeGreaterThan(0.2);
  } finally {
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  }
});
