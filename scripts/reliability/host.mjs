// What the caller's own code and another process can do to an upload, tried with vodup and, where they have such a thing, with
// Tencent's own SDKs; writes its section of docs/reliability.md.
//
// usage: npm run build && npm ci --prefix test/interop && node scripts/reliability/host.mjs
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, open, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { startEmulator } from "../../dist/emulator/index.js";
import { VodApi } from "../../dist/vod-api/index.js";

const here = import.meta.dirname;
const cli = join(here, "../../dist/cli/main.js");
const vendor = join(here, "../../test/interop/vendor");
const redirect = ["--require", join(vendor, "redirect.cjs")];
const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const limitMs = 60_000;
const tries = 5;
const longAgo = new Date("2026-01-01T00:00:00Z");

/** Starts a program against an emulator, in a folder of its own. */
function start({ emulator, folder }, args) {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    NODE_EXTRA_CA_CERTS: emulator.caFile,
    CA_FILE: emulator.caFile,
    ORIGIN: emulator.origin,
    EMULATOR_PORT: new URL(emulator.origin).port,
    SECRET_ID: emulator.secretId,
    SECRET_KEY: emulator.secretKey,
    TENCENTCLOUD_SECRET_ID: emulator.secretId,
    TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
    VODUP_VOD_ENDPOINT: emulator.origin,
    VODUP_COS_ENDPOINT: emulator.origin,
  };
  const child = spawn(process.execPath, args, { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stdout.resume();
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const ended = new Promise((resolve) => {
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      // Node ends like this after an exception that nobody caught, and only then.
      const crashed = /\nNode\.js v\d/.test(stderr);
      resolve({ ok: code === 0, hung: signal === "SIGKILL", crashed, warned: /Warning:/.test(stderr) });
    });
  });
  return { child, ended };
}

/** The programs that upload one file of a command line, each with its defaults. */
const programs = {
  vodup: (place, file) => start(place, [cli, "upload", file, "--part-size", "1MiB"]),
  "vod-node-sdk 1.1.0": (place, file) =>
    start(place, [
      ...redirect,
      "--require",
      join(vendor, "sign-with-tc3.cjs"),
      join(vendor, "vod-upload.cjs"),
      JSON.stringify({ region: "ap-singapore", request: { MediaFilePath: file } }),
    ]),
};

/** One case of the caller's own code, where the program has such a thing. */
const callers = {
  vodup: async (place, name, file) => start(place, [join(here, "host-case.mjs"), name, file]).ended,
  "cos-nodejs-sdk-v5 3.0.0": async (place, name, file) => {
    const { emulator } = place;
    const dispatcher = new Agent({ connect: { ca: await readFile(emulator.caFile) } });
    const { secretId, secretKey, vodEndpoint } = emulator;
    const api = new VodApi({ credentials: { secretId, secretKey }, vodEndpoint, dispatcher });
    const answer = await api.call("ApplyUpload", { MediaType: "mp4" });
    await dispatcher.close();
    const { StorageBucket: Bucket, StorageRegion: Region, MediaStoragePath, TempCertificate: keys } = answer;
    const job = { name, Bucket, Region, Key: MediaStoragePath.slice(1), FilePath: file, keys };
    return start(place, [...redirect, join(here, "cos-host-case.cjs"), JSON.stringify(job)]).ended;
  },
};

async function inPlace(options, work) {
  const folder = await mkdtemp(join(tmpdir(), "vodup-host-"));
  const emulator = await startEmulator({ tls: true, ...options });
  try {
    return await work({ emulator, folder });
  } finally {
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const until = async (condition) => {
  for (const end = Date.now() + limitMs; !condition() && Date.now() < end;) await sleep(5);
};

const howEnded = ({ ok, hung, crashed }) => (ok ? "done" : hung ? "hangs" : crashed ? "the process crashes" : "fails");

/** How many medias there are, and whether each is one of the contents that the file had. */
async function medias(emulator, contents) {
  const sums = new Set(contents.map(sha256));
  const stored = await Promise.all(emulator.media().map(async ({ key }) => sha256(await emulator.readObject(key))));
  if (stored.some((sum) => !sums.has(sum))) return "**a mix of two versions is public**";
  return stored.length === 0 ? undefined : stored.length === 1 ? "one media" : `**${stored.length} medias**`;
}

/** A file whose first and last MiB are written again while the first is being sent. */
function changedWhileSent(change) {
  return (begin) =>
    inPlace({ faults: [{ operation: "cos", fault: { kind: "slow-response", ms: 150 } }] }, async (place) => {
      const before = randomBytes(6 * 2 ** 20);
      const file = join(place.folder, "film.mp4");
      await writeFile(file, before);
      // Whole seconds, so that a date can be set back to the very same.
      await utimes(file, longAgo, longAgo);
      const run = begin(place, file);
      await until(() => place.emulator.requests().some(({ operation }) => operation === "UploadPart"));
      await change(file);
      const end = howEnded(await run.ended);
      const found = await medias(place.emulator, [before, await readFile(file)]);
      return found === undefined ? end : found.startsWith("**") ? found : end;
    });
}

/** Killed once the media exists and before the program has heard of it; run again after `change`. */
function killedAtCommit(change) {
  return (begin) =>
    inPlace(
      { faults: [{ operation: "CommitUpload", fault: { kind: "slow-response", ms: 20_000 } }] },
      async (place) => {
        const content = randomBytes(2 ** 20);
        const file = join(place.folder, "film.mp4");
        await writeFile(file, content);
        const run = begin(place, file);
        await until(() => place.emulator.media().length === 1);
        run.child.kill("SIGKILL");
        await run.ended;
        place.emulator.setFaults([]);
        await change(file);
        await begin(place, file).ended;
        return (await medias(place.emulator, [content])) ?? "fails";
      },
    );
}

/** What comes of it depends on the moment: several tries, and each outcome with how often it came. */
async function often(attempt, begin) {
  const seen = new Map();
  for (let round = 0; round < tries; round += 1) {
    const outcome = await attempt(begin);
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  }
  const all = [...seen].map(([outcome, count]) => (seen.size === 1 ? outcome : `${outcome} (${count} of ${tries})`));
  return all.join(", ");
}

/** What another process does to the file or to the program. */
const others = [
  [
    "the file is rewritten while it is sent",
    changedWhileSent(async (file) => {
      const handle = await open(file, "r+");
      for (const at of [0, 5 * 2 ** 20]) await handle.write(randomBytes(2 ** 20), 0, 2 ** 20, at);
      await handle.close();
    }),
  ],
  [
    "the same, its date kept (`rsync --inplace -t`)",
    changedWhileSent(async (file) => {
      const handle = await open(file, "r+");
      for (const at of [0, 5 * 2 ** 20]) await handle.write(randomBytes(2 ** 20), 0, 2 ** 20, at);
      await handle.utimes(longAgo, longAgo);
      await handle.close();
    }),
  ],
  ["killed once CommitUpload was sent, run again", killedAtCommit(async () => undefined)],
  ["the same, the file touched in between", killedAtCommit((file) => utimes(file, longAgo, longAgo))],
  [
    "a file without a byte",
    (begin) =>
      inPlace({}, async (place) => {
        const file = join(place.folder, "film.mp4");
        await writeFile(file, "");
        const end = howEnded(await begin(place, file).ended);
        return place.emulator.media().length > 0 ? "**an empty media**" : end;
      }),
  ],
];

/** What the caller's own code does. */
const own = [
  ["a stream that fails before it is read", "stream-missing", []],
  ["the progress handler throws", "progress-throws", []],
  ["all handlers throw once CommitUpload is sent, whose answer is lost", "handlers-throw-late", ["CommitUpload"]],
  ["20 uploads share a signal", "shared-signal", []],
];

async function tryCaller(call, name, lost) {
  const faults = lost.map((operation) => ({ operation, times: 1, fault: { kind: "reset-after-effect" } }));
  return inPlace({ faults }, async (place) => {
    const file = join(place.folder, "film.mp4");
    await writeFile(file, randomBytes(3 * 2 ** 20));
    const end = await call(place, name, file);
    const there = place.emulator.media().length > 0;
    if (!end.ok && there) return `**${howEnded(end)}, though it is there**`;
    return end.warned ? "done, with warnings on stderr" : howEnded(end);
  });
}

const heading = "## What your own code and another process can do";

async function section() {
  const names = ["vodup", "vod-node-sdk 1.1.0", "cos-nodejs-sdk-v5 3.0.0"];
  const rows = [];
  const row = (cells) => {
    process.stderr.write(`${cells.join(" | ")}\n`);
    rows.push(`| ${cells.join(" | ")} |`);
  };
  for (const [title, attempt] of others) {
    const cells = [];
    for (const name of names) cells.push(programs[name] === undefined ? "–" : await often(attempt, programs[name]));
    row([title, ...cells]);
  }
  /** A signal and handlers of a commit are something that the vendor's clients do not have. */
  const has = (name, key) => callers[name] !== undefined && (name === "vodup" || /^(stream|progress)/.test(key));
  for (const [title, key, lost] of own) {
    const cells = [];
    for (const name of names) cells.push(has(name, key) ? await tryCaller(callers[name], key, lost) : "–");
    row([title, ...cells]);
  }
  return `${heading}

Written by \`node scripts/reliability/host.mjs\`: files of 1 to 6 MiB, each program in a process of its own against the package's
emulator, with its defaults, what another process does five times. *fails* is right where the file changed or is empty, and where the caller's own code failed before
the commit: nothing is public then. "–": the program has no such thing.

| what happens | ${names.join(" | ")} |
|---|${names.map(() => "---|").join("")}
${rows.join("\n")}

The suites that hold vodup to it: \`test/upload/handlers.test.ts\`, \`test/upload/host.test.ts\`, \`test/upload/source/rewritten.test.ts\`,
\`test/cli/never-twice.test.ts\`, \`test/cli/batch-changed.test.ts\`, \`test/cli/lock.test.ts\`, and the soaks of \`test/faults\`:
throwing handlers, shared signals and failing streams through random faults, and processes at one folder that are killed,
frozen and woken.
`;
}

/** The section as it stands in a page; empty when it has none. */
export function hostSection(page) {
  const from = page.indexOf(heading);
  if (from === -1) return "";
  const next = page.indexOf("\n## ", from + heading.length);
  return next === -1 ? page.slice(from) : page.slice(from, next + 1);
}

if (process.argv[1] === import.meta.filename) {
  const path = join(here, "../../docs/reliability.md");
  const page = await readFile(path, "utf8");
  const before = hostSection(page);
  const made = await section();
  if (before !== "") await writeFile(path, page.replace(before, () => `${made}\n`).trimEnd() + "\n");
  else {
    const at = page.indexOf("\n## ");
    await writeFile(path, at === -1 ? `${page}\n${made}` : `${page.slice(0, at + 1)}${made}\n${page.slice(at + 1)}`);
  }
}
