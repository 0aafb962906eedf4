// node scripts/recording.mjs [FILE]: docs/vodup.svg, what a terminal shows of an upload that is interrupted by Ctrl-C and
// resumed by the same command. It is a run on a real terminal, against the emulator; only the waiting for the programs to
// load is cut out. The built package is what runs: npm run build first. Needs `script` (util-linux).
import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Terminal, svgOf } from "./terminal.mjs";

const root = join(import.meta.dirname, "..");
const target = process.argv[2] ?? join(root, "docs/vodup.svg");
const { startEmulator } = await import("../dist/emulator/index.js");

const columns = 96;
const command = "vodup upload film.mp4 --limit-rate 8M --concurrency 2";
const mib = 2 ** 20;
const fileBytes = 64 * mib;
/** Output that comes within so short a time is one frame. */
const frameMs = 200;

const folder = await mkdtemp(join(tmpdir(), "vodup-recording-"));
const emulator = await startEmulator({ seed: 1 });

async function prepare() {
  await mkdir(join(folder, "bin"));
  const main = join(root, "dist/cli/main.js");
  await writeFile(join(folder, "bin/vodup"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  await chmod(join(folder, "bin/vodup"), 0o755);
  await writeFile(join(folder, "film.mp4"), Buffer.alloc(fileBytes, "film"));
  return {
    HOME: folder,
    TERM: "xterm-256color",
    PS1: "$ ",
    PATH: [join(folder, "bin"), process.env.PATH].join(delimiter),
    TENCENTCLOUD_SECRET_ID: emulator.secretId,
    TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
    VODUP_VOD_ENDPOINT: emulator.vodEndpoint,
    VODUP_COS_ENDPOINT: emulator.cosEndpoint,
  };
}

/** Types the command into a shell twice, and presses Ctrl-C when half of the file is sent. */
async function record(env) {
  const shell = `stty cols ${columns} rows 24; exec sh -i`;
  const child = spawn("script", ["-qefc", shell, "/dev/null"], {
    cwd: folder,
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const chunks = [];
  let text = "";
  let read = 0;
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    chunks.push({ at: performance.now(), text: chunk });
    text += chunk;
  });
  /** Waits for what comes after all that was waited for before. */
  const until = async (pattern) => {
    for (const end = Date.now() + 30_000; !pattern.test(text.slice(read)); await sleep(20)) {
      if (Date.now() > end) throw new Error(`no ${pattern} in ${JSON.stringify(text)}`);
    }
    read = text.length;
  };
  try {
    await until(/\$ $/);
    child.stdin.write(`${command}\n`);
    await until(/ 5\d%/);
    child.stdin.write("\u0003");
    await until(/\$ $/);
    child.stdin.write(`${command}\n`);
    await until(/\$ $/);
    return chunks;
  } finally {
    child.kill("SIGKILL");
  }
}

function framesOf(chunks) {
  const terminal = new Terminal(columns);
  const frames = [];
  let [clock, previous] = [0, chunks[0].at];
  for (const { at, text } of chunks) {
    clock += Math.min(at - previous, 300);
    previous = at;
    terminal.write(text);
    const rows = terminal.snapshot();
    const last = frames.at(-1);
    if (last !== undefined && clock - last.atMs < frameMs) last.rows = rows;
    else if (JSON.stringify(last?.rows) !== JSON.stringify(rows)) frames.push({ atMs: Math.round(clock), rows });
  }
  return frames;
}

try {
  const frames = framesOf(await record(await prepare()));
  const rows = Math.max(...frames.map((frame) => frame.rows.filter((pieces) => pieces.length > 0).length));
  const title = "vodup upload in a terminal: Ctrl-C at half of the file, and the same command sends the rest";
  await writeFile(target, svgOf(frames, { title, columns, rows, holdMs: 5_000 }));
} finally {
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
}
