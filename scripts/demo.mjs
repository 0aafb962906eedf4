// npm run demo [-- FILE]: one upload from the first request to the event, against an emulator on this machine.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { freshBuild } from "./fresh-build.mjs";

const media = join(import.meta.dirname, "../fixtures/media");
const own = process.argv[2];
const source = own ?? join(media, "sample.mp4");
const cover = own === undefined ? join(media, "cover.jpg") : undefined;

const say = (name, text) => console.log(`  ${name.padEnd(9)} ${text}`);
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
const shown = (path) => relative(process.cwd(), path) || path;

/** One line a phase; on a terminal the line of a phase is rewritten while it lasts. */
function progressLine() {
  let last;
  return ({ phase, sentBytes, totalBytes, bytesPerSecond }) => {
    const percent = totalBytes ? Math.floor((sentBytes / totalBytes) * 100) : 100;
    const amount = `${String(percent).padStart(3)} %  ${kib(sentBytes)} of ${kib(totalBytes ?? sentBytes)}`;
    const speed = bytesPerSecond > 0 ? `  ${kib(bytesPerSecond)}/s` : "";
    const line = `  ${phase.padEnd(9)} ${amount}${speed}`;
    if (process.stdout.isTTY) process.stdout.write(`${last && last !== phase ? "\n" : ""}\r\x1b[2K${line}`);
    else if (last !== phase || phase === "transfer") console.log(line);
    if (phase === "done" && process.stdout.isTTY) process.stdout.write("\n");
    last = phase;
  };
}

async function sha256(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** The event of the upload, as a backend would fetch it; confirmed, so that it is not delivered again. */
async function awaitEvent(vod, fileId) {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const { EventSet = [] } = await vod.call("PullEvents", {});
    const event = EventSet.find(({ FileUploadEvent }) => FileUploadEvent?.FileId === fileId);
    if (event === undefined) continue;
    await vod.call("ConfirmEvents", { EventHandles: [event.EventHandle] });
    return event;
  }
  throw new Error("the event of the upload did not come");
}

async function run() {
  await freshBuild();
  const { VodClient } = await import("vodup");
  const { startEmulator } = await import("vodup/emulator");

  const folder = await mkdtemp(join(tmpdir(), "vodup-demo-"));
  const emulator = await startEmulator({ dir: folder });
  const vod = new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    cosEndpoint: emulator.cosEndpoint,
  });
  try {
    console.log(
      "\nvodup demo: a real upload to an emulator of Tencent Cloud VOD on this machine. Nothing leaves it.\n",
    );
    say("emulator", `${emulator.origin}, refuses what the service refuses`);
    say("video", `${shown(source)}, ${kib((await stat(source)).size)}`);
    if (cover !== undefined) say("cover", `${shown(cover)}, ${kib((await stat(cover)).size)}`);
    console.log("");

    const result = await vod.upload(source, {
      ...(cover === undefined ? {} : { cover }),
      sourceContext: "demo",
      onProgress: progressLine(),
    });

    const stored = (await emulator.objects()).get(emulator.media()[0].key);
    const same = stored.sha256 === (await sha256(source));
    if (!same) throw new Error("what the emulator stored is not what was sent");
    const event = await awaitEvent(vod, result.fileId);

    console.log("");
    for (const { operation, verified, status, bodyBytes } of emulator.requests()) {
      say(
        "request",
        `${operation.padEnd(24)} ${status}  signature ${verified ? "verified" : "NOT verified"}  ${kib(bodyBytes)}`,
      );
    }
    console.log("");
    say("stored", `SHA-256 ${stored.sha256.slice(0, 16)}…, equal to the file's; CRC64 ${result.transfer.crc64}`);
    say(
      "event",
      `${event.EventType}, SourceContext "${event.FileUploadEvent.MediaBasicInfo?.SourceInfo?.SourceContext ?? ""}", confirmed`,
    );
    say("media", result.mediaUrl);
    if (result.coverUrl !== undefined) say("cover", result.coverUrl);
    console.log(`\nFileId ${result.fileId}\n`);
  } finally {
    await vod.close();
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await run();
} catch (error) {
  console.error(`\ndemo failed: ${error?.code ? `${error.code}: ` : ""}${error?.message ?? error}`);
  process.exitCode = 1;
}
