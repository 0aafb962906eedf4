// npm run demo [-- FILE] [--stay]: one upload from the first request to the event, against an emulator on this machine.
// With --stay the emulator's page stays up until Ctrl-C, to be looked at.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { freshBuild } from "./fresh-build.mjs";

const media = join(import.meta.dirname, "../fixtures/media");
const stay = process.argv.includes("--stay");
const own = process.argv.slice(2).find((word) => word !== "--stay");
const source = own ?? join(media, "sample.mp4");
const cover = own === undefined ? join(media, "cover.jpg") : undefined;

const say = (name, text) => console.log(`  ${name.padEnd(9)} ${text}`);
const shown = (path) =>
  relative(process.cwd(), path).startsWith("..") ? basename(path) : relative(process.cwd(), path);

function amount(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** On a terminal the line of a phase is rewritten while it lasts; elsewhere a line is printed for every tenth. */
function progressLine() {
  const terminal = process.stdout.isTTY;
  let [lastPhase, lastTenth] = ["", -1];
  return ({ phase, sentBytes, totalBytes, bytesPerSecond }) => {
    const fraction = totalBytes ? sentBytes / totalBytes : 1;
    const tenth = Math.floor(fraction * 10);
    if (!terminal && phase === lastPhase && tenth === lastTenth) return;
    const bytes = `${String(Math.floor(fraction * 100)).padStart(3)} %  ${amount(sentBytes)} of ${amount(totalBytes ?? sentBytes)}`;
    const speed = bytesPerSecond > 0 ? `, ${amount(bytesPerSecond)}/s` : "";
    const line = `  ${phase.padEnd(9)} ${phase === "transfer" ? bytes + speed : ""}`.trimEnd();
    const start = phase === lastPhase ? "\r\x1b[2K" : lastPhase === "" ? "" : "\n";
    process.stdout.write(terminal ? `${start}${line}${phase === "done" ? "\n" : ""}` : `${line}\n`);
    [lastPhase, lastTenth] = [phase, tenth];
  };
}

async function sha256(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** The event of the upload, as a backend would wait for it; confirmed, so that it is not delivered again. */
async function awaitEvent(vod, fileId) {
  for await (const event of vod.pullEvents({ signal: AbortSignal.timeout(15_000) })) {
    if (event.fileId !== fileId) continue;
    await event.confirm();
    return event;
  }
  throw new Error("the loop over events ended before the upload's event came");
}

/** Until Ctrl-C. */
async function keepUp(origin) {
  say("page", `${origin}/ shows the upload, every request with its signature, the event, and plays the video`);
  say("", "Ctrl-C ends it\n");
  const alive = setInterval(() => undefined, 2 ** 30);
  await new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, resolve);
  });
  clearInterval(alive);
}

/** What the emulator received, equal requests in a row as one line. */
function sayRequests(requests) {
  const runs = [];
  for (const { operation, verified, status, bodyBytes } of requests) {
    const last = runs.at(-1);
    if (last?.operation === operation && last.status === status && last.verified === verified) {
      last.times += 1;
      last.bodyBytes += bodyBytes;
    } else runs.push({ operation, verified, status, bodyBytes, times: 1 });
  }
  for (const { operation, verified, status, bodyBytes, times } of runs) {
    const name = times > 1 ? `${operation} × ${times}` : operation;
    say("request", `${name.padEnd(24)} ${status}, signature ${verified ? "verified" : "WRONG"}, ${amount(bodyBytes)}`);
  }
}

async function run() {
  await freshBuild();
  const { VodClient } = await import("vodup");
  const { startEmulator } = await import("vodup/emulator");

  const { size } = await stat(source);
  const folder = await mkdtemp(join(tmpdir(), "vodup-demo-"));
  const emulator = await startEmulator({ dir: folder });
  const vod = new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    cosEndpoint: emulator.cosEndpoint,
  });
  try {
    console.log("\nvodup uploads to an emulator of Tencent Cloud VOD on this machine; nothing leaves it.\n");
    say("emulator", `${emulator.origin}, refuses what the service refuses`);
    say("video", `${shown(source)}, ${amount(size)}`);
    if (cover !== undefined) say("cover", `${shown(cover)}, ${amount((await stat(cover)).size)}`);
    console.log("");

    const result = await vod.upload(source, {
      ...(cover === undefined ? {} : { cover }),
      sourceContext: "demo",
      onProgress: progressLine(),
    });

    const stored = (await emulator.objects()).get(emulator.media()[0].key);
    if (stored.sha256 !== (await sha256(source))) throw new Error("what the emulator stored is not what was sent");
    const event = await awaitEvent(vod, result.fileId);

    console.log("");
    sayRequests(emulator.requests());
    console.log("");
    say("stored", `SHA-256 ${stored.sha256.slice(0, 16)}…, equal to the file's; CRC64 ${result.transfer.crc64}`);
    say("event", `${event.type} of ${event.sourceType} "${event.sourceContext}", confirmed`);
    say("media", result.mediaUrl);
    if (result.coverUrl !== undefined) say("cover", result.coverUrl);
    console.log(`\nFileId ${result.fileId}\n`);
    if (stay) await keepUp(emulator.origin);
    else say("page", "npm run demo -- --stay keeps the emulator up, with a page that shows all of this\n");
  } finally {
    await vod.close();
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await run();
} catch (error) {
  console.error(`\ndemo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
