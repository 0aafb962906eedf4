// What the command must do on every runtime that can run it: twelve checks, each a process or two.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const mib = 2 ** 20;

function expect(isSo, what) {
  if (!isSo) throw new Error(`expected: ${what}`);
}

/**
 * @param start program and first arguments, up to the command's own
 * @returns the names of the checks, each with what went wrong or nothing
 */
export async function checkCommand(start, { emulator, folder, version }) {
  const [program, ...first] = start;
  const env = {
    ...process.env,
    HOME: folder,
    XDG_STATE_HOME: join(folder, "state"),
    XDG_CACHE_HOME: join(folder, "cache"),
    TENCENTCLOUD_SECRET_ID: emulator.secretId,
    TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
    VODUP_VOD_ENDPOINT: emulator.vodEndpoint,
    VODUP_COS_ENDPOINT: emulator.cosEndpoint,
  };
  const begin = (args, more = {}) => spawn(program, [...first, ...args], { cwd: folder, env: { ...env, ...more } });
  async function run(args, { input, ...more } = {}) {
    const child = begin(args, more);
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => stream.setEncoding("utf8").toArray());
    child.stdin.end(input);
    const [code] = await once(child, "close");
    return { code, stdout: (await stdout).join(""), stderr: (await stderr).join("") };
  }
  const film = join(folder, "film.mp4");
  writeFileSync(film, Buffer.alloc(5 * mib, 7));
  const isFileId = (text) => /^\d+\n$/.test(text);

  const checks = {
    "--version": async () => {
      const { code, stdout } = await run(["--version"]);
      expect(code === 0 && stdout === `${version}\n`, `the version (${stdout})`);
    },
    "a mistake of the command line is exit 2": async () => expect((await run(["uplaod"])).code === 2, "2"),
    "upload prints the FileId": async () => {
      const { code, stdout, stderr } = await run(["upload", film, "--part-size", "1MiB"]);
      expect(code === 0 && isFileId(stdout), `a FileId (${code} ${stdout} ${stderr})`);
    },
    "--json ends with the result": async () => {
      const { stdout } = await run(["upload", film, "--json"]);
      const last = JSON.parse(stdout.trim().split("\n").at(-1));
      expect(last.type === "result" && last.verified === "crc64" && last.bytes === 5 * mib, stdout);
    },
    "standard input": async () => {
      const { code, stdout } = await run(["upload", "-", "--media-type", "mp4"], { input: Buffer.alloc(3 * mib, 1) });
      expect(code === 0 && isFileId(stdout), "a FileId");
    },
    "several sources": async () => {
      writeFileSync(join(folder, "b.mp4"), "second");
      const { stdout } = await run(["upload", film, "b.mp4"]);
      expect(/^\d+\t.*film\.mp4\n\d+\tb\.mp4\n$/.test(stdout), stdout);
    },
    "a missing file is exit 3": async () => expect((await run(["upload", "none.mp4"])).code === 3, "3"),
    "a wrong key is exit 4": async () => {
      const { code } = await run(["upload", film], { TENCENTCLOUD_SECRET_KEY: "wrong" });
      expect(code === 4, `4 (${code})`);
    },
    "nobody there is exit 5": async () => {
      const args = ["upload", film, "--retries", "0", "--retry-for", "0", "--vod-endpoint", "http://127.0.0.1:9"];
      const { code } = await run(args);
      expect(code === 5, `5 (${code})`);
    },
    "SIGINT keeps what was sent, and the same command goes on": async () => {
      writeFileSync(film, Buffer.alloc(5 * mib, 8));
      const args = ["upload", film, "--part-size", "1MiB", "--json"];
      const child = begin([...args, "--limit-rate", "1MiB", "--concurrency", "1"]);
      child.stderr.resume();
      for await (const text of child.stdout.setEncoding("utf8")) {
        if (/"type":"checkpoint".*"parts":[1-4]/.test(text)) break;
      }
      child.kill("SIGINT");
      const [code] = child.exitCode === null ? await once(child, "close") : [child.exitCode];
      expect(code === 130, `130 (${code})`);
      const { stdout } = await run(args);
      const last = JSON.parse(stdout.trim().split("\n").at(-1));
      expect(last.type === "result" && last.resumedParts > 0, `resumed parts (${stdout.slice(-400)})`);
    },
    batch: async () => {
      writeFileSync(join(folder, "films.csv"), "source\nfilm.mp4\nb.mp4\n");
      const { code, stdout } = await run(["batch", "films.csv"]);
      expect(code === 0 && stdout.trim().split("\n").length === 2, "two FileIds");
    },
    events: async () => {
      const { code, stdout } = await run(["events", "--confirm", "--max", "1"]);
      expect(code === 0 && JSON.parse(stdout).type === "NewFileUpload", stdout);
    },
  };
  const results = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      results.push({ name, passed: true });
    } catch (error) {
      results.push({ name, passed: false, error: String(error?.message ?? error) });
    }
  }
  return results;
}
