// What must hold on every Node, said with what every Node has: node:test and the built package by its own name.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import * as module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { VodClient } from "vodup";
import { crc64 } from "vodup/cos";
import { startEmulator } from "vodup/emulator";
import { parseEvent } from "vodup/events";
import { signTc3 } from "vodup/signing";

const root = join(import.meta.dirname, "../..");
const mib = 2 ** 20;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const run = promisify(execFile);

let emulator;
let vod;
let folder;

function clientOf(server, options = {}) {
  const { secretId, secretKey, vodEndpoint, cosEndpoint } = server;
  const retry = { baseDelayMs: 5, throttleDelayMs: 5 };
  return new VodClient({ credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint, retry, ...options });
}

before(async () => {
  emulator = await startEmulator({ strictSignature: true });
  vod = clientOf(emulator);
  folder = await mkdtemp(join(tmpdir(), "vodup-node-"));
});

after(async () => {
  await vod.close();
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
});

async function fileOf(bytes, name) {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** Chunks of changing sizes from one buffer that is filled anew for each, as some sources do. */
async function* reusedBuffer(bytes) {
  const buffer = Buffer.alloc(100_000);
  for (let from = 0, size = 1; from < bytes.length; from += size, size = (size * 7 + 13) % buffer.length || 1) {
    const chunk = bytes.subarray(from, from + size);
    buffer.fill(0xff).set(chunk);
    yield buffer.subarray(0, chunk.length);
  }
}

/** The object of the media, as the emulator holds it. */
async function storedOf({ fileId }, server = emulator) {
  const media = server.media().find((one) => one.fileId === fileId);
  assert.ok(media, "the media was committed");
  return server.readObject(media.key);
}

describe("upload", () => {
  const sources = {
    path: (bytes) => fileOf(bytes, "영상 1.mp4"),
    "file URL": async (bytes) => pathToFileURL(await fileOf(bytes, "b.mp4")),
    Uint8Array: (bytes) => new Uint8Array(bytes),
    Buffer: (bytes) => bytes,
    Blob: (bytes) => new Blob([bytes]),
    "file stream": async (bytes) => createReadStream(await fileOf(bytes, "c.mp4")),
    Readable: (bytes) => Readable.from([bytes.subarray(0, 5), bytes.subarray(5)]),
    "web stream": (bytes) => new Blob([bytes]).stream(),
    "async iterable that reuses its buffer": (bytes) => reusedBuffer(bytes),
  };
  for (const [kind, open] of Object.entries(sources)) {
    for (const size of [0, 1, 3 * mib + 1]) {
      test(`${size} bytes from ${kind}`, async () => {
        const bytes = randomBytes(size);
        const result = await vod.upload(await open(bytes), { mediaType: "mp4", partSize: mib });
        assert.equal(sha256(await storedOf(result)), sha256(bytes));
        assert.equal(result.transfer.crc64, String(crc64(bytes)));
        assert.equal(result.transfer.verified, "crc64");
      });
    }
  }

  test("ten uploads at once on one client", async () => {
    const all = Array.from({ length: 10 }, () => randomBytes(2 * mib + 3));
    const results = await Promise.all(
      all.map((bytes) => vod.upload(reusedBuffer(bytes), { mediaType: "mp4", partSize: mib })),
    );
    for (const [index, result] of results.entries()) {
      assert.equal(sha256(await storedOf(result)), sha256(all[index]));
    }
  });

  test("a cover, progress to the end, and the event", async () => {
    const phases = [];
    const result = await vod.upload(join(root, "fixtures/media/sample.mp4"), {
      cover: join(root, "fixtures/media/cover.jpg"),
      onProgress: ({ phase, sentBytes, totalBytes }) => phases.push({ phase, sentBytes, totalBytes }),
    });
    const total = 87_504 + 6968;
    assert.deepEqual(phases.at(-1), { phase: "done", sentBytes: total, totalBytes: total });
    assert.match(result.coverUrl, /\.jpg$/);
    let told;
    for await (const event of vod.pullEvents({ signal: AbortSignal.timeout(20_000) })) {
      await event.confirm();
      if (event.fileId !== result.fileId) continue;
      told = event;
      break;
    }
    assert.equal(told.type, "NewFileUpload");
    assert.deepEqual(parseEvent(told.raw).fileId, result.fileId);
    assert.equal(told.isServerUpload, true);
  });

  test("over TLS with the authority of the caller", async () => {
    const secure = await startEmulator({ tls: true });
    const client = clientOf(secure, { dispatcher: { connect: { ca: await readFile(secure.caFile) } } });
    try {
      const bytes = randomBytes(2 * mib);
      const result = await client.upload(bytes, { mediaType: "mp4", partSize: mib });
      assert.equal(sha256(await storedOf(result, secure)), sha256(bytes));
    } finally {
      await client.close();
      await secure.close();
    }
  });
});

describe("when things go wrong", () => {
  for (const fault of [
    { kind: "reset-before" },
    { kind: "reset-after-bytes", bytes: 300_000 },
    { kind: "reset-after-effect" },
    { kind: "answer", status: 503, body: "<html>" },
    { kind: "corrupt-body" },
  ]) {
    test(`a part that meets ${fault.kind} is sent again`, async () => {
      const server = await startEmulator({ faults: [{ operation: "UploadPart", partNumber: 2, times: 1, fault }] });
      const client = clientOf(server);
      try {
        const bytes = randomBytes(3 * mib);
        const result = await client.upload(Readable.from([bytes]), { mediaType: "mp4", partSize: mib });
        assert.equal(sha256(await storedOf(result, server)), sha256(bytes));
        assert.equal(result.transfer.retries, 1);
      } finally {
        await client.close();
        await server.close();
      }
    });
  }

  test("an abort rejects with the reason given and leaves no multipart upload", async () => {
    const server = await startEmulator({ faults: [{ operation: "UploadPart", nth: 3, fault: { kind: "hang" } }] });
    const client = clientOf(server);
    const [controller, reason] = [new AbortController(), new Error("enough")];
    try {
      const upload = client.upload(randomBytes(5 * mib), {
        mediaType: "mp4",
        partSize: mib,
        concurrency: 1,
        signal: controller.signal,
        onProgress: ({ sentBytes }) => sentBytes >= 2 * mib && setImmediate(() => controller.abort(reason)),
      });
      await assert.rejects(upload, (error) => error === reason);
      assert.deepEqual(server.uploads(), []);
      assert.equal(server.media().length, 0);
    } finally {
      await client.close();
      await server.close();
    }
  });
});

describe("the package", () => {
  test("can be required from CommonJS", async () => {
    const code = `console.log(typeof require("vodup").VodClient, typeof require("vodup/emulator").startEmulator)`;
    const { stdout } = await run(process.execPath, ["--input-type=commonjs", "--eval", code], { cwd: root });
    assert.equal(stdout, "function function\n");
  });

  test("signs the vectors of TC3", async () => {
    const { tests } = JSON.parse(await readFile(join(root, "fixtures/vectors/tc3-sign.json"), "utf8"));
    const plain = tests.filter(({ flags, payload, payloadHashInput }) => {
      return !flags.includes("vendor-quirk") && payload !== undefined && payloadHashInput === undefined;
    });
    assert.ok(plain.length > 50);
    for (const { name, secretId, secretKey, payload, payloadEncoding, expected, ...request } of plain) {
      const signed = signTc3({ ...request, body: Buffer.from(payload, payloadEncoding) }, { secretId, secretKey });
      assert.equal(signed.authorization, expected.authorization, name);
    }
  });

  const command = join(root, "dist/cli/main.js");

  test("has a command that tells its version", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    const { stdout } = await run(process.execPath, [command, "--version"]);
    assert.equal(stdout.trim(), version);
  });

  test("has a command that uploads and prints the FileId alone on a line", async () => {
    const bytes = randomBytes(2 * mib + 9);
    const path = await fileOf(bytes, "강의 & 2.mp4");
    const { stdout } = await run(process.execPath, [command, "upload", path, "--part-size", "1MiB"], {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        XDG_CACHE_HOME: join(folder, "cache"),
        TENCENTCLOUD_SECRET_ID: emulator.secretId,
        TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
        VODUP_VOD_ENDPOINT: emulator.vodEndpoint,
        VODUP_COS_ENDPOINT: emulator.cosEndpoint,
      },
    });
    assert.match(stdout, /^\d+\n$/);
    assert.equal(sha256(await storedOf({ fileId: stdout.trim() })), sha256(bytes));
    // What was compiled is kept from Node 22.1 on, where nobody else can put code.
    if (!("enableCompileCache" in module)) return;
    assert.equal((await stat(join(folder, "cache/vodup"))).mode & 0o777, 0o700);
    assert.ok((await readdir(join(folder, "cache/vodup"), { recursive: true })).length > 1);
  });
});
