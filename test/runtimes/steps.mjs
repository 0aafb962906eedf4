// What every runtime, bundler and test runner must do alike: the steps of docs/runtimes.md, as one program of somebody's
// who has installed the package. It needs the emulators and the proxy that run.mjs starts, and writes a line for each
// step into a file, since not all of those who run it keep stdout apart.
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Agent } from "undici/index.js";
import { VodApiError, VodClient, VodupError, proxyFromEnvironment } from "vodup";
import { crc64 } from "vodup/cos";
import { createListener, createTestEvent } from "vodup/events";

const mib = 2 ** 20;
const mp4 = { mediaType: "mp4", partSize: mib };
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function expect(isSo, what) {
  if (!isSo) throw new Error(`expected: ${what}`);
}

/** @param setting what run.mjs says: `{ emulator, secure, proxy, folder, report }` */
export async function runSteps(setting, which) {
  const { emulator, folder } = setting;
  const credentials = { secretId: emulator.secretId, secretKey: emulator.secretKey };
  const endpoints = { vodEndpoint: emulator.vodEndpoint, cosEndpoint: emulator.cosEndpoint };
  const retry = { attempts: 4, baseDelayMs: 1, throttleDelayMs: 1 };
  const open = (options = {}) => new VodClient({ credentials, ...endpoints, retry, ...options });
  const vod = open();

  const control = async (path, init) => (await fetch(`${emulator.origin}${path}`, init)).json();
  const setFaults = (rules) => control("/faults", { method: "PUT", body: JSON.stringify(rules) });
  const mediaOf = async ({ fileId }) => (await control("/media")).find((media) => media.fileId === fileId);

  async function expectStored(result, bytes) {
    const media = await mediaOf(result);
    const object = (await control("/objects"))[media.key];
    expect(object.sha256 === sha256(bytes), "the stored bytes are those that were sent");
    expect(result.transfer.crc64 === String(crc64(bytes)), "the CRC64 of the result is that of the bytes");
  }

  async function uploadOf(source, bytes, options = {}) {
    const result = await vod.upload(source, { ...mp4, ...options });
    await expectStored(result, bytes);
    return result;
  }

  function fileOf(name, bytes) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  async function* reused(bytes) {
    const buffer = Buffer.alloc(100_000);
    for (let from = 0; from < bytes.length; from += buffer.length) {
      const chunk = bytes.subarray(from, from + buffer.length);
      buffer.fill(0xff).set(chunk);
      yield buffer.subarray(0, chunk.length);
    }
  }

  /** Stops an upload after two parts, and gives its checkpoint. */
  async function stopped(path) {
    const controller = new AbortController();
    let checkpoint;
    const upload = vod.upload(path, {
      ...mp4,
      concurrency: 1,
      signal: controller.signal,
      onCheckpoint: (written) => (checkpoint = JSON.parse(JSON.stringify(written))),
      onProgress: ({ sentBytes }) => sentBytes >= 2 * mib && controller.abort(new Error("enough")),
    });
    const reason = await upload.then(
      () => undefined,
      (error) => error,
    );
    expect(reason?.message === "enough", "the upload rejects with the reason of its abort");
    return checkpoint;
  }

  const long = randomBytes(5 * mib + 3);
  const laterFile = join(folder, "later.mp4");
  const laterCheckpoint = join(folder, "later.json");

  const first = {
    "bytes in one request": () => {
      const bytes = randomBytes(1000);
      return uploadOf(new Uint8Array(bytes), bytes);
    },
    "a file in parts": async () => {
      const { transfer } = await uploadOf(fileOf("film.mp4", long), long);
      expect(transfer.parts === 6 && transfer.verified === "crc64", "six parts, compared by CRC64");
    },
    "a Readable of unknown length": () => uploadOf(Readable.from([long.subarray(0, 7), long.subarray(7)]), long),
    "a web stream": () => uploadOf(new Blob([long]).stream(), long),
    "an async iterable that fills its buffer again": () => uploadOf(reused(long), long),
    "a Blob": () => uploadOf(new Blob([long]), long),
    "an http: URL, read through the host": async () => {
      const server = createServer((request, response) => {
        const headers = { "content-length": long.length, "content-type": "video/mp4", etag: '"1"' };
        response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : long);
      });
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        await uploadOf(new URL(`http://127.0.0.1:${server.address().port}/film.mp4`), long);
      } finally {
        server.close();
        server.closeAllConnections?.();
      }
    },
    "a cover, and progress that ends at the total": async () => {
      const seen = [];
      const cover = fileOf("cover.jpg", randomBytes(700));
      const result = await uploadOf(long, long, { cover, onProgress: (progress) => void seen.push(progress) });
      expect(result.coverUrl.endsWith(".jpg"), "the result has the cover's URL");
      const last = seen.at(-1);
      expect(last.phase === "done" && last.sentBytes === long.length + 700, "the last progress is the whole");
      expect(
        seen.every(({ sentBytes }, at) => at === 0 || sentBytes >= seen[at - 1].sentBytes),
        "it never goes back",
      );
    },
    "a part whose connection is reset is sent again": async () => {
      await setFaults([
        { operation: "UploadPart", partNumber: 2, times: 1, fault: { kind: "reset-after-bytes", bytes: 9 } },
      ]);
      const { transfer } = await uploadOf(long, long);
      expect(transfer.retries === 1, "one retry");
    },
    "a lost answer of Complete is settled": async () => {
      await setFaults([{ operation: "CompleteMultipartUpload", times: 1, fault: { kind: "reset-after-effect" } }]);
      await uploadOf(long, long);
    },
    "a lost answer of CommitUpload is settled": async () => {
      await setFaults([{ operation: "CommitUpload", times: 1, fault: { kind: "reset-after-effect" } }]);
      const before = (await control("/media")).length;
      await uploadOf(long, long);
      expect((await control("/media")).length === before + 1, "one media more");
    },
    "an abort rejects with its reason and leaves nothing": async () => {
      const controller = new AbortController();
      const reason = new Error("enough");
      const onProgress = ({ sentBytes }) => sentBytes >= mib && controller.abort(reason);
      const { signal } = controller;
      const error = await vod.upload(long, { ...mp4, concurrency: 1, signal, onProgress }).catch((thrown) => thrown);
      expect(error === reason, "the caller's own reason");
      expect((await control("/uploads")).length === 0, "no multipart upload is left open");
    },
    "a stopped upload goes on from its checkpoint": async () => {
      const path = fileOf("stopped.mp4", long);
      const checkpoint = await stopped(path);
      let warned;
      const result = await vod.upload(path, { ...mp4, checkpoint, onWarning: (warning) => (warned = warning) });
      await expectStored(result, long);
      expect(warned === undefined, `no warning: ${JSON.stringify(warned)}`);
      const { key } = await mediaOf(result);
      const parts = (await control("/requests")).filter(
        (one) => one.operation === "UploadPart" && one.path.endsWith(key),
      );
      expect(parts.length <= 7, `at most the part that was under way is sent twice (${parts.length})`);
    },
    "what the service refuses is told by class, code and request id": async () => {
      const error = await vod.call("DescribeMediaInfos", { FileIds: [] }).catch((thrown) => thrown);
      expect(error instanceof VodApiError && error instanceof VodupError, "a VodApiError, which is a VodupError");
      expect(error.code === "VOD_API" && error.requestId.length > 0, "its code and request id");
      const mistake = await vod.upload(long, { mediatype: "mp4" }).catch((thrown) => thrown);
      expect(mistake?.code === "ERR_INVALID_ARG_VALUE", "a misspelt option is refused");
    },
    "a dispatcher of the caller's and its interceptors are used": async () => {
      let seen = 0;
      const count = (dispatch) => (options, handler) => {
        seen += 1;
        return dispatch(options, handler);
      };
      const agent = new Agent();
      const own = open({ dispatcher: agent.compose(count) });
      await expectStored(await own.upload(long, mp4), long);
      await own.close();
      await agent.close();
      expect(seen >= 9, `all requests passed through it (${seen})`);
    },
    "a proxy of the environment carries every request": async () => {
      const { secure, proxy } = setting;
      const dispatcher = await proxyFromEnvironment({ HTTPS_PROXY: proxy });
      const { vodEndpoint, cosEndpoint, secretId, secretKey } = secure;
      const hidden = new VodClient({ credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint, dispatcher });
      await hidden.upload(long, mp4);
      await hidden.close();
      await dispatcher.close();
      const tunnels = await (await fetch(`${proxy}/tunnels`)).json();
      expect(tunnels > 0, "the proxy saw tunnels");
    },
    "the event of an upload is pulled and confirmed": async () => {
      const { fileId } = await vod.upload(long, mp4);
      for await (const event of vod.pullEvents({ signal: AbortSignal.timeout(20_000) })) {
        await event.confirm();
        if (event.fileId === fileId) return;
      }
      throw new Error("expected: an event of the upload");
    },
    "a pushed event is received by a listener": async () => {
      let received;
      const event = new Promise((resolve) => (received = resolve));
      const server = createServer(createListener({ signKey: "key", onEvent: (told) => received(told) }));
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        const body = JSON.stringify(createTestEvent("NewFileUpload", {}, "key"));
        const headers = { "content-type": "application/json" };
        const { status } = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: "POST", headers, body });
        expect(status === 200, `it is taken (${status})`);
        expect((await event).type === "NewFileUpload", "its type");
      } finally {
        server.close();
        server.closeAllConnections?.();
      }
    },
  };
  const second = {
    "another process goes on from a checkpoint": async () => {
      const bytes = readFileSync(laterFile);
      const checkpoint = JSON.parse(readFileSync(laterCheckpoint, "utf8"));
      const sessions = (await control("/sessions")).length;
      await expectStored(await vod.upload(laterFile, { ...mp4, checkpoint }), bytes);
      expect((await control("/sessions")).length === sessions, "no new session was opened");
    },
  };

  const say = (line) => appendFileSync(setting.report, `${JSON.stringify(line)}\n`);
  for (const [name, step] of Object.entries(which === "second" ? second : first)) {
    try {
      await step();
      say({ name, passed: true });
    } catch (error) {
      say({ name, passed: false, error: String(error?.stack ?? error) });
    }
    await setFaults([]);
  }
  if (which !== "second") {
    writeFileSync(laterFile, long);
    writeFileSync(laterCheckpoint, JSON.stringify(await stopped(laterFile)));
  }
  await vod.close();
}
