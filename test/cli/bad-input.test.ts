import { chmod, mkdir, symlink } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";

/** Never valid anywhere; looked for in all output. */
const secretKey = "notARealKeyButSecretAllTheSame00";

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
  await bench.file("ok.mp4", "ok");
  await bench.file("film.xyz", "ok");
  await bench.file("closed.mp4", "ok");
  await chmod(join(bench.folder, "closed.mp4"), 0o000);
  await mkdir(join(bench.folder, "folder.mp4"));
  await symlink("loop.mp4", join(bench.folder, "loop.mp4"));
}, 60_000);

afterAll(() => bench.close());

beforeEach(() => bench.emulator.clearRequests());

interface BadInput {
  readonly what: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly code: number;
  /** What the message must name: the field, and the remedy. */
  readonly says: readonly string[];
}

const ok = (...flags: string[]): readonly string[] => ["upload", "ok.mp4", ...flags];

const table: readonly BadInput[] = [
  {
    what: "media as a manifest",
    args: ["batch", "ok.mp4"],
    code: 2,
    says: ["nothing was sent", "vodup upload ok.mp4"],
  },
  { what: "typo below a command", args: ["events", "confg"], code: 2, says: ['did you mean "vodup events config"?'] },
  { what: "missing file", args: ["upload", "gone.mp4"], code: 3, says: ["gone.mp4", "check the path"] },
  {
    what: "address of another scheme",
    args: ["upload", "ftp://user:pass@example.com/a.mp4?key=hidden"],
    code: 2,
    says: ["ftp://example.com/a.mp4", "http://", "https://", "file://"],
  },
  {
    what: "address of another scheme behind a good source",
    args: ["upload", "ok.mp4", "s3://films/a.mp4"],
    code: 2,
    says: ["s3://films/a.mp4", "https://"],
  },
  { what: "address in a remote's short form", args: ["upload", "cos:films/a.mp4"], code: 2, says: ["https://"] },
  { what: "address that lost a slash", args: ["upload", "https:/example.com/a.mp4"], code: 2, says: ["https://"] },
  { what: "address that is none", args: ["upload", "https://user:pass@[x/a.mp4"], code: 2, says: ["not a valid URL"] },
  { what: "cover of another scheme", args: ok("--cover", "gs://a/b.jpg"), code: 2, says: ["--cover", "https://"] },
  { what: "missing file with a colon", args: ["upload", "./ftp:x.mp4"], code: 3, says: ["check the path"] },
  { what: "missing file with a word and a colon", args: ["upload", "Part1:a.mp4"], code: 3, says: ["check the path"] },
  { what: "missing file of a drive", args: ["upload", "C:\\films\\a.mp4"], code: 3, says: ["check the path"] },
  { what: "missing file of a drive, with slashes", args: ["upload", "C://a.mp4"], code: 3, says: ["check the path"] },
  {
    what: "empty standard input",
    args: ["upload", "-", "--media-type", "mp4"],
    code: 3,
    says: ["standard input is empty"],
  },
  { what: "directory", args: ["upload", "folder.mp4"], code: 3, says: ["folder.mp4", "give a file"] },
  { what: "link that leads nowhere", args: ["upload", "loop.mp4"], code: 3, says: ["loop.mp4", "cannot be read"] },
  { what: "missing cover", args: ok("--cover", "gone.jpg"), code: 3, says: ["gone.jpg", "check the path"] },
  {
    what: "no credentials",
    args: ok(),
    env: { TENCENTCLOUD_SECRET_ID: undefined, TENCENTCLOUD_SECRET_KEY: undefined },
    code: 4,
    says: ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"],
  },
  {
    what: "empty secret id",
    args: ok(),
    env: { TENCENTCLOUD_SECRET_ID: "" },
    code: 4,
    says: ["TENCENTCLOUD_SECRET_ID"],
  },
  {
    what: "secret key with a line end",
    args: ok(),
    env: { TENCENTCLOUD_SECRET_KEY: `${secretKey}\n` },
    code: 4,
    says: ["TENCENTCLOUD_SECRET_KEY", "remove"],
  },
  {
    what: "secret id with a blank",
    args: ok(),
    env: { TENCENTCLOUD_SECRET_ID: ` ${secretKey}` },
    code: 4,
    says: ["TENCENTCLOUD_SECRET_ID", "remove"],
  },
  {
    what: "secret key with a blank inside",
    args: ok(),
    env: { TENCENTCLOUD_SECRET_KEY: `${secretKey} ${secretKey}` },
    code: 4,
    says: ["TENCENTCLOUD_SECRET_KEY", "blank", "copy it again"],
  },
  {
    what: "credentials from elsewhere",
    args: ok("--credentials", "file"),
    code: 2,
    says: ["--credentials", "metadata"],
  },
  { what: "unknown media type", args: ["upload", "film.xyz"], code: 2, says: ["--media-type", "such as mp4"] },
  { what: "media type that is none", args: ok("--media-type", "video/mp4"), code: 2, says: ["--media-type", "mp4"] },
  {
    what: "over-long source context",
    args: ok("--source-context", "字".repeat(251)),
    code: 2,
    says: ["--source-context", "250", "251"],
  },
  {
    what: "over-long session context",
    args: ok("--session-context", "x".repeat(1001)),
    code: 2,
    says: ["--session-context", "1000"],
  },
  { what: "part size too small", args: ok("--part-size", "1023KiB"), code: 2, says: ["--part-size", "1 MiB"] },
  { what: "part size too large", args: ok("--part-size", "6GiB"), code: 2, says: ["--part-size", "5 GiB"] },
  { what: "part size in MB", args: ok("--part-size", "16MB"), code: 2, says: ["--part-size", "16MiB"] },
  { what: "concurrency 0", args: ok("--concurrency", "0"), code: 2, says: ["--concurrency", "1 to 100"] },
  { what: "concurrency 101", args: ok("--concurrency", "101"), code: 2, says: ["--concurrency", "1 to 100"] },
  { what: "concurrency of words", args: ok("--concurrency", "many"), code: 2, says: ["--concurrency", "integer"] },
  { what: "expire time that is none", args: ok("--expire-time", "tomorrow"), code: 2, says: ["--expire-time", "8601"] },
  {
    what: "expire time on a day that is none",
    args: ok("--expire-time", "2100-02-30T00:00:00Z"),
    code: 2,
    says: ["--expire-time", "point in time"],
  },
  {
    what: "expire time in the past",
    args: ok("--expire-time", "2001-01-01T00:00:00Z"),
    code: 2,
    says: ["--expire-time", "future"],
  },
  {
    what: "plain http endpoint of the API",
    args: ok("--vod-endpoint", "http://vod.example.com"),
    code: 2,
    says: ["--vod-endpoint", "https:"],
  },
  {
    what: "plain http endpoint of the storage, from the environment",
    args: ok(),
    env: { VODUP_COS_ENDPOINT: "http://{bucket}.example.com" },
    code: 2,
    says: ["--cos-endpoint", "https:"],
  },
  { what: "endpoint that is no URL", args: ok("--vod-endpoint", "https://"), code: 2, says: ["--vod-endpoint"] },
  { what: "unknown site", args: ok("--site", "eu"), code: 2, says: ["--site", "intl", "cn"] },
  { what: "SubAppId 0", args: ok("--sub-app-id", "0"), code: 2, says: ["--sub-app-id", "1500000001"] },
  { what: "class id of words", args: ok("--class-id", "film"), code: 2, says: ["--class-id", "integer"] },
  { what: "retries below 0", args: ok("--retries=-1"), code: 2, says: ["--retries", "0 to 99"] },
  { what: "timeout 0", args: ok("--timeout", "0"), code: 2, says: ["--timeout", "above 0"] },
  {
    what: "unknown session refresh",
    args: ok("--session-refresh", "always"),
    code: 2,
    says: ["--session-refresh", "restart"],
  },
  {
    what: "storage path with dots",
    args: ok("--media-storage-path", "/a/../b.mp4"),
    code: 2,
    says: ["--media-storage-path", ".."],
  },
  {
    what: "storage path without a slash",
    args: ok("--media-storage-path", "a/b.mp4"),
    code: 2,
    says: ["--media-storage-path", '"/"'],
  },
  { what: "proxy that is none", args: ok(), env: { HTTPS_PROXY: "ftp://p:pass@x" }, code: 2, says: ["HTTPS_PROXY"] },
  { what: "unknown flag", args: ok("--part-szie", "1"), code: 2, says: ["--part-szie", "did you mean --part-size?"] },
  { what: "flag of nothing", args: ok("--zzz"), code: 2, says: ["--zzz", "vodup upload --help"] },
  { what: "flag without its value", args: ok("--procedure"), code: 2, says: ["--procedure", "NAME"] },
  { what: "flag whose value is a flag", args: ok("--cover", "--json"), code: 2, says: ["--cover"] },
  { what: "switch with a value", args: ok("--json=yes"), code: 2, says: ["--json", "no value"] },
  { what: "unknown command", args: ["uplaod", "ok.mp4"], code: 2, says: ["uplaod", "vodup upload"] },
  { what: "half a command", args: ["uploads", "lst"], code: 2, says: ["uploads", "vodup uploads list"] },
  { what: "flag before the command", args: ["--json", "upload", "ok.mp4"], code: 2, says: ["command comes first"] },
  { what: "no command", args: [], code: 2, says: ["Usage"] },
  { what: "no source", args: ["upload"], code: 2, says: ["FILE"] },
  { what: "events of none", args: ["events", "--max", "0"], code: 2, says: ["--max", "from 1 up"] },
  { what: "cover that is no picture", args: ok("--cover", "ok.mp4"), code: 2, says: ["--cover: ", "jpg"] },
  { what: "pull of no URL", args: ["pull", "ok.mp4"], code: 2, says: ["vodup: url: ", "http"] },
  {
    what: "pull with a cover that is no URL",
    args: ["pull", "https://source.example/a.mp4", "--cover", "c.jpg"],
    code: 2,
    says: ["--cover: ", "http"],
  },
  { what: "empty source", args: ["upload", ""], code: 2, says: ["empty path"] },
  {
    what: "secret key as a flag",
    args: ok("--secret-key", secretKey),
    code: 2,
    says: ["--secret-key", "TENCENTCLOUD_SECRET_KEY"],
  },
  {
    what: "secret id as a flag",
    args: ok(`--secretId=${secretKey}`),
    code: 2,
    says: ["--secretId", "TENCENTCLOUD_SECRET_ID"],
  },
  { what: "token as a flag", args: ok("--token", secretKey), code: 2, says: ["--token", "environment"] },
  {
    what: "cover of two sources",
    args: ["upload", "ok.mp4", "film.xyz", "--cover", "c.jpg"],
    code: 2,
    says: ["--cover", "one source"],
  },
  {
    what: "name of two sources",
    args: ["upload", "ok.mp4", "film.xyz", "--media-name", "n"],
    code: 2,
    says: ["--media-name", "one source"],
  },
  {
    what: "checkpoint of two sources",
    args: ["upload", "ok.mp4", "film.xyz", "--checkpoint", "c"],
    code: 2,
    says: ["--checkpoint", "one source"],
  },
  {
    what: "stdin among others",
    args: ["upload", "-", "ok.mp4", "--media-type", "mp4"],
    code: 2,
    says: ["(-)", "together"],
  },
  { what: "stdin without a type", args: ["upload", "-"], code: 2, says: ["--media-type"] },
  {
    what: "checkpoint without resume",
    args: ok("--checkpoint", "c", "--no-resume"),
    code: 2,
    says: ["--checkpoint", "--no-resume"],
  },
  { what: "state that is not there", args: ["uploads", "abort", "0000"], code: 2, says: ["0000", "uploads list"] },
  { what: "port beyond all", args: ["emulator", "--port", "70000"], code: 2, says: ["--port", "65535"] },
  {
    what: "fault rules that are none",
    args: ["emulator", "--faults", "ok.mp4"],
    code: 2,
    says: ["--faults", "ok.mp4"],
  },
];

describe("bad input", () => {
  test.concurrent.each(table)("$what → $code", async ({ what, args, env, code, says }) => {
    // A state directory each: cases that name the same file would wait for each other's lock.
    const own = { XDG_STATE_HOME: join(bench.folder, what), TENCENTCLOUD_SECRET_KEY: secretKey };
    const result = await bench.run(args, { env: { ...own, ...env } });
    expect(result).toMatchObject({ code, stdout: "" });
    for (const text of says) expect(result.stderr).toContain(text);
    expect(result.stderr).not.toContain(secretKey);
    expect(result.stderr).not.toContain("pass@");
    expect(result.stderr).not.toContain("hidden");
    expect(result.stderr).not.toMatch(/^\s+at /m);
    // All cases share the emulator: if one of them sent anything, this fails.
    expect(bench.emulator.requests()).toEqual([]);
  });

  test("unreadable file → 3", async () => {
    const { code, stderr } = await bench.run(["upload", "closed.mp4"], { unprivileged: true });
    expect(code).toBe(3);
    expect(stderr).toContain("permission denied");
  });

  test.each([
    ["met by the command line", ["ok.mp4", "--part-size", "16MB"]],
    ["met by the library", ["ok.mp4", "--part-size", "1"]],
    ["of two sources at once", ["ok.mp4", "film.xyz", "--part-size", "1", "--cover", "c.jpg"]],
  ])("with --json the error is told on stdout too, as each source's last line: %s", async (_, args) => {
    const { code, stdout } = await bench.run(["upload", "--json", ...args]);
    expect(code).toBe(2);
    const lines = stdout.trimEnd().split("\n");
    const sources = args.filter((arg) => /^(?:ok|film)\./.test(arg));
    const error = { type: "error", code: "ERR_INVALID_ARG_VALUE", requestId: null, retryable: false };
    const message = expect.stringMatching(/^--(?:part-size|cover)/);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      sources.map((source) => ({ ...error, source, message })),
    );
  });
});

test("a deadline before anything was sent speaks of no earlier run", async () => {
  const env = { XDG_STATE_HOME: join(bench.folder, "no earlier run") };
  const { code, stderr } = await bench.run(ok("--timeout", "0.001"), { env });
  expect(code).toBe(5);
  expect(stderr).toMatch(/^vodup: ok\.mp4: stopped after the 0\.001 s of --timeout[^\n]*\n$/);
});

describe("an answer that must not be acted on", () => {
  test("a key with dot segments: exit 1, and the storage is never asked", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(String(request.headers["x-tc-action"] ?? `${request.method} ${request.url}`));
      const session = {
        StorageBucket: "b-1250000000",
        StorageRegion: "ap-singapore",
        VodSessionKey: "key",
        MediaStoragePath: "/dir/../../etc/x.mp4",
        TempCertificate: { SecretId: "i", SecretKey: "k", Token: "t", ExpiredTime: 4_000_000_000 },
        RequestId: "req-1",
      };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ Response: session }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const { code, stderr } = await bench.run(ok("--vod-endpoint", origin, "--cos-endpoint", origin));
      expect(code).toBe(1);
      expect(stderr).toContain("/dir/../../etc/x.mp4");
      expect(asked).toEqual(["ApplyUpload"]);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
