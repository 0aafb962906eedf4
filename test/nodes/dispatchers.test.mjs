// Dispatchers that another undici than ours has made: the majors before and after it, and the one inside Node.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { VodClient } from "vodup";
import { startEmulator } from "vodup/emulator";

/** Each with the Node it asks for. */
const versions = { "6.29.1": [18, 17], "7.0.0": [20, 18], "8.12.4": [22, 19] };
const mib = 2 ** 20;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const folder = join(tmpdir(), `vodup-undici-${userInfo().uid}`);

/** @throws {Error} when the registry does not give them */
function install() {
  const dependencies = Object.fromEntries(
    Object.keys(versions).map((version) => [`undici-${version}`, `npm:undici@${version}`]),
  );
  const installed = (version) => {
    try {
      return JSON.parse(readFileSync(join(folder, "node_modules", `undici-${version}`, "package.json"), "utf8"))
        .version;
    } catch {
      return undefined;
    }
  };
  if (Object.keys(versions).every((version) => installed(version) === version)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "other-undicis", private: true, dependencies }));
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts"];
  const { status, stderr } = spawnSync("npm", args, { cwd: folder, encoding: "utf8", timeout: 120_000 });
  if (status !== 0) throw new Error(`no undici: ${stderr}`);
}

const runsHere = ([major, minor]) => {
  const [ours, oursMinor] = process.versions.node.split(".").map(Number);
  return ours > major || (ours === major && oursMinor >= minor);
};

let emulator;
before(async () => {
  install();
  emulator = await startEmulator();
});
after(() => emulator.close());

function clientOf(dispatcher) {
  const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
  const retry = { attempts: 3, baseDelayMs: 1, throttleDelayMs: 1 };
  return new VodClient({ credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint, retry, dispatcher });
}

/** A whole upload through it, with a part that is refused and one that is cut off on the way. */
async function uploadsThrough(dispatcher) {
  emulator.setFaults([
    { operation: "UploadPart", nth: 2, fault: { kind: "answer", status: 503 } },
    { operation: "UploadPart", nth: 4, fault: { kind: "reset-after-bytes", bytes: 200_000 } },
  ]);
  emulator.clearRequests();
  const bytes = randomBytes(4 * mib + 17);
  const vod = clientOf(dispatcher);
  const { fileId, transfer } = await vod.upload(bytes, { mediaType: "mp4", partSize: mib });
  await vod.close();
  const { key } = emulator.media().find((one) => one.fileId === fileId);
  assert.equal(sha256(await emulator.readObject(key)), sha256(bytes));
  assert.equal(transfer.verified, "crc64");
  assert.deepEqual(
    emulator.requests().filter(({ verified, fault }) => !verified && fault === undefined),
    [],
  );
}

for (const [version, least] of Object.entries(versions)) {
  const skip = runsHere(least) ? false : `undici ${version} needs Node ${least.join(".")}`;
  describe(`undici ${version}`, { skip }, () => {
    const load = () => createRequire(join(folder, "package.json"))(`undici-${version}`);
    const kinds = {
      Agent: ({ Agent }) => new Agent(),
      "Pool of the one origin": ({ Pool }) => new Pool(emulator.origin),
      "Agent with the retry interceptor": ({ Agent, interceptors }) =>
        new Agent().compose(interceptors.retry({ minTimeout: 1, maxTimeout: 1 })),
      "Agent with the redirect interceptor": ({ Agent, interceptors }) =>
        new Agent().compose(interceptors.redirect({ maxRedirections: 3 })),
      EnvHttpProxyAgent: ({ EnvHttpProxyAgent }) =>
        new EnvHttpProxyAgent({ httpsProxy: "http://127.0.0.1:1", noProxy: "" }),
    };
    for (const [kind, make] of Object.entries(kinds)) {
      test(`${kind} uploads what was given`, async () => {
        const dispatcher = make(load());
        try {
          await uploadsThrough(dispatcher);
        } finally {
          await dispatcher.close();
        }
      });
    }

    test("an abort ends its request", async () => {
      emulator.setFaults([{ operation: "*", fault: { kind: "hang" } }]);
      const dispatcher = new (load().Agent)();
      const reason = new Error("enough");
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 50);
      const call = clientOf(dispatcher).call("DescribeSubAppIds", {}, { signal: controller.signal });
      await assert.rejects(call, (error) => error === reason);
      emulator.setFaults([]);
      await dispatcher.destroy();
    });

    test("nobody there is a NetworkError of connecting", async () => {
      const dispatcher = new (load().Agent)();
      const vod = new VodClient({
        credentials: { secretId: "AKIDexample", secretKey: "example" },
        vodEndpoint: "http://127.0.0.1:1",
        dispatcher,
        retry: { attempts: 1 },
      });
      await assert.rejects(vod.call("DescribeSubAppIds", {}), {
        name: "NetworkError",
        code: "NETWORK",
        phase: "connect",
      });
      await dispatcher.destroy();
    });
  });
}

test("the dispatcher inside Node, which fetch uses, uploads what was given", async () => {
  await fetch(emulator.origin, { signal: AbortSignal.timeout(5_000) }).then((answer) => answer.text());
  const dispatcher = globalThis[Symbol.for("undici.globalDispatcher.1")];
  assert.equal(typeof dispatcher?.dispatch, "function");
  await uploadsThrough(dispatcher);
});
