// Runs the same faults against vodup and against Tencent's own, unmodified SDKs, each upload in a process of its own and
// against an emulator of its own, and writes docs/reliability.md. What counts is what the server holds in the end.
//
// usage: npm run build && npm ci --prefix test/interop && node scripts/reliability/reliability.mjs [--check]
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulator } from "../../dist/emulator/index.js";
import { VodApi } from "../../dist/vod-api/index.js";
import { Agent } from "undici";
import { readFileSync } from "node:fs";
import { faults } from "./faults.mjs";
import { hostSection } from "./host.mjs";
import { hostileSection } from "./hostile.mjs";
import { mutationSection } from "./mutation.mjs";

const here = import.meta.dirname;
const vendor = join(here, "../../test/interop/vendor");
const limitMs = 100_000;
const bytes = randomBytes(6 * 2 ** 20);
const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const folder = await mkdtemp(join(tmpdir(), "vodup-reliability-"));
const file = join(folder, "film.mp4");
await writeFile(file, bytes);

function run(emulator, args) {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    NODE_EXTRA_CA_CERTS: emulator.caFile,
    CA_FILE: emulator.caFile,
    ORIGIN: emulator.origin,
    EMULATOR_PORT: new URL(emulator.origin).port,
    SECRET_ID: emulator.secretId,
    SECRET_KEY: emulator.secretKey,
  };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stdout.resume();
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({
        ok: code === 0,
        hung: signal === "SIGKILL", // Node ends like this after an exception that nobody caught, and only then.
        crashed: /\nNode\.js v\d/.test(stderr),
      });
    });
  });
}

const redirect = ["--require", join(vendor, "redirect.cjs")];
const clients = {
  vodup: (emulator) => run(emulator, [join(here, "vodup-upload.mjs"), file]),
  "vod-node-sdk 1.1.0": (emulator) =>
    run(emulator, [
      ...redirect,
      "--require",
      join(vendor, "sign-with-tc3.cjs"),
      join(vendor, "vod-upload.cjs"),
      JSON.stringify({ region: "ap-singapore", request: { MediaFilePath: file } }),
    ]),
  "cos-nodejs-sdk-v5 3.0.0": async (emulator) => {
    const dispatcher = new Agent({ connect: { ca: readFileSync(emulator.caFile) } });
    const { secretId, secretKey, vodEndpoint } = emulator;
    const api = new VodApi({ credentials: { secretId, secretKey }, vodEndpoint, dispatcher });
    emulator.setFaults([]);
    const { StorageBucket, StorageRegion, MediaStoragePath, TempCertificate } = await api.call("ApplyUpload", {
      MediaType: "mp4",
    });
    await dispatcher.close();
    emulator.setFaults(emulator.rules);
    const job = {
      Bucket: StorageBucket,
      Region: StorageRegion,
      Key: MediaStoragePath.slice(1),
      FilePath: file,
      keys: TempCertificate,
    };
    return run(emulator, [...redirect, join(here, "cos-upload.cjs"), JSON.stringify(job)]);
  },
};

/** What came of an upload, judged by what the server holds. */
async function judge(client, fault) {
  const emulator = Object.assign(await startEmulator({ tls: true, ...fault.options, faults: fault.rules }), {
    rules: fault.rules,
  });
  const storageOnly = client.startsWith("cos-");
  try {
    const { ok, hung, crashed } = await clients[client](emulator);
    const stored = storageOnly
      ? [...(await emulator.objects()).values()].map((object) => object.sha256)
      : await Promise.all(emulator.media().map(async ({ key }) => sha256(await emulator.readObject(key))));
    const whole = stored.includes(sha256(bytes));
    const wrong = stored.some((sum) => sum !== sha256(bytes));
    const left = emulator.uploads().length > 0 ? ", parts left behind" : "";
    if (wrong && !storageOnly) return "**a damaged video is public**";
    if (ok)
      return whole ? "done" : wrong ? "**damaged, reported as success**" : "**reported as success, nothing there**";
    const how = hung ? "hangs" : crashed ? "the process crashes" : "fails";
    return whole ? `**${how}, though it is there**` : `${how}${left}`;
  } finally {
    await emulator.close();
  }
}

/** The storage half alone has no session and no commit. */
const storageHas = (name) => !/^(ApplyUpload|Commit)/.test(name);

const results = new Map();
const jobs = faults.flatMap((fault) => Object.keys(clients).map((client) => ({ fault, client })));
await Promise.all(
  Array.from({ length: 3 }, async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const skip = job.client.startsWith("cos-") && !storageHas(job.fault.name);
      const outcome = skip ? "–" : await judge(job.client, job.fault);
      results.set(`${job.fault.name}|${job.client}`, outcome);
      process.stderr.write(`${job.fault.name} | ${job.client} | ${outcome}\n`);
    }
  }),
);
await rm(folder, { recursive: true, force: true });

const names = Object.keys(clients);
const rows = faults.map(({ name }) => [name, ...names.map((client) => results.get(`${name}|${client}`))]);
const survived = names.map((client) => {
  const all = faults.map(({ name }) => results.get(`${name}|${client}`)).filter((outcome) => outcome !== "–");
  return `${all.filter((outcome) => outcome === "done").length} of ${all.length}`;
});
const table = [
  `| fault | ${names.join(" | ")} |`,
  `|---|${names.map(() => "---|").join("")}`,
  ...rows.map((cells) => `| ${cells.join(" | ")} |`),
  `| done | ${survived.join(" | ")} |`,
].join("\n");
const page = `# Reliability

Written by \`node scripts/reliability/reliability.mjs\`; nothing here is typed by hand. One file of 6 MiB in parts of 1 MiB,
each upload in a process of its own against the package's emulator with one fault, all programs with their defaults (the
vendor's part size is 1 MiB). What is said is what the server holds in the end: *done* means the whole file, byte for
byte, stored and, where the client commits, committed exactly once. cos-nodejs-sdk-v5 is the storage half alone. In
the rows where damage or another CRC64 never ends, *fails* is the right answer. "Hangs" means no end within ${limitMs / 1000} s.

${table}

Bold is what a caller cannot see: success that is none, or failure that is none.

What vodup does in each case is said in [wire.md](wire.md) §11 and [errors.md](errors.md); the suites that hold it to that,
with many more faults and positions, are \`test/faults\` and \`test/upload\`.
`;
if (process.argv.includes("--check")) {
  const bad = faults.filter(({ name }) => !["done", "fails"].includes(results.get(`${name}|vodup`)));
  const expected = new Set([
    "UploadPart: stored damaged, always",
    "Complete: another CRC64",
    "server gone for good after the third part",
  ]);
  const lost = faults.filter(({ name }) => results.get(`${name}|vodup`) === "fails" && !expected.has(name));
  for (const { name } of [...bad, ...lost]) process.stderr.write(`not as it should be: ${name}\n`);
  process.exit(bad.length + lost.length === 0 ? 0 : 1);
} else {
  const path = join(here, "../../docs/reliability.md");
  // Each of the other sections is written by its own script.
  const old = await readFile(path, "utf8").catch(() => "");
  const others = [hostSection(old), hostileSection(old), mutationSection(old)].filter((section) => section !== "");
  await writeFile(path, [page, ...others.map((section) => section.trimEnd() + "\n")].join("\n"));
}
