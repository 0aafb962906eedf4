import { spawn } from "node:child_process";
import { copyFile, mkdir, readFile, rename, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmulator, type Emulator } from "../../src/emulator/index.ts";
import { readPage, root } from "../support/markdown.ts";
import { openProject, type UserProject } from "../support/user-project.ts";

/** docs/operating.md, followed with nothing but what cron gives a job: HOME, PATH and no terminal. */
const page = await readPage("docs/operating.md");
let project: UserProject;
let emulator: Emulator;
let videos = "";

beforeAll(async () => {
  project = await openProject();
  emulator = await startEmulator();
  videos = join(project.folder, "videos");
  await mkdir(videos);
  for (const name of ["a.mp4", "b.mp4"]) await copyFile(join(root, "fixtures/media/sample.mp4"), join(videos, name));
});
afterAll(async () => {
  await emulator.close();
  await project.close();
});

function blocks(heading: string, language: string): string[] {
  const found = page.blocks.filter((one) => one.heading === heading && one.language === language);
  return found.map(({ code }) => here(code));
}

/** The page's account, folder and service are those of the test; files count as finished at once. */
function here(code: string): string {
  const endpoints = `vod-endpoint = "${emulator.vodEndpoint}"\ncos-endpoint = "${emulator.cosEndpoint}"\n`;
  return code
    .replaceAll("/srv/videos", videos)
    .replaceAll("AKIDEXAMPLE", emulator.secretId)
    .replaceAll("secret_key = EXAMPLE", `secret_key = ${emulator.secretKey}`)
    .replace("sub-app-id = 1500000001\n", `sub-app-id = 1500000001\n${endpoints}`)
    .replaceAll("--min-age 10m", "--min-age 0 --retries 0");
}

async function run(code: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const bin = join(project.folder, "node_modules/.bin");
  const env = { HOME: project.folder, PATH: `${bin}:${process.env["PATH"]}` };
  const child = spawn("sh", ["-c", code], { cwd: "/", env, stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  }
  return { code: await new Promise((resolve) => void child.once("close", resolve)), ...said };
}

const nightly = (): ReturnType<typeof run> => run(`sh $HOME/vodup/nightly`);

describe("docs/operating.md", () => {
  test("keys, settings and the check", async () => {
    const [keys = "", check = "", script = ""] = blocks("A nightly batch", "sh");
    expect(await run(`set -e\n${keys}`)).toEqual({ code: 0, stdout: "", stderr: "" });
    const checked = await run(`set -e\n${check}`);
    expect(checked.code, checked.stdout + checked.stderr).toBe(0);
    expect(checked.stdout).toMatch(/1500000001 .*config.toml/);
    expect(checked.stdout + checked.stderr).not.toContain(emulator.secretKey);
    expect(emulator.media()).toEqual([]);
    await writeFile(join(project.folder, "vodup/nightly"), script);
  });

  test("the night uploads everything once and prints nothing; the next one has nothing to do", async () => {
    expect(await nightly()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(emulator.media()).toHaveLength(2);
    expect(await nightly()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(emulator.media()).toHaveLength(2);
    const report = await readFile(join(project.folder, "vodup/report.ndjson"), "utf8");
    expect(report.match(/"type":"result"/g)).toHaveLength(2);
  });

  test("a file that cannot be uploaded is told with its reason", async () => {
    await writeFile(join(videos, "empty.mp4"), "");
    const told = await nightly();
    expect(told.code).toBe(7);
    expect(told.stdout).toMatch(/^vodup: exit code 7\n\{"type":"summary".*"failed":1.*\n[^]*empty\.mp4 is empty/);
    await writeFile(join(videos, "empty.mp4"), "no longer empty");
    expect(await nightly()).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("what keeps the command from starting is told with its reason", async () => {
    const script = join(project.folder, "vodup/nightly");
    const text = await readFile(script, "utf8");
    await writeFile(script, text.replace("--report", "--reprot"));
    const mistyped = await nightly();
    expect(mistyped.code).toBe(2);
    expect(mistyped.stdout).toContain("did you mean --report?");
    await writeFile(script, text.replace("vodup batch", "vodup-is-elsewhere batch"));
    const missing = await nightly();
    expect(missing.code).toBe(127);
    expect(missing.stdout).toContain("not found");
    await writeFile(script, text);
  });

  test("a folder without files, such as that of a disk that is not there, is told", async () => {
    await rename(videos, `${videos}-elsewhere`);
    await mkdir(videos);
    const told = await nightly();
    await rmdir(videos);
    await rename(`${videos}-elsewhere`, videos);
    expect(told).toEqual({ code: 0, stdout: `vodup: nothing in ${videos}\n`, stderr: "" });
  });

  test("two at once do not mix their files", async () => {
    const [one, other] = await Promise.all([nightly(), nightly()]);
    expect([one.stdout + one.stderr, other.stdout + other.stderr]).toEqual(["", ""]);
    expect(new Set([one.code, other.code])).toEqual(new Set([0, 5]));
  });

  test("the rehearsal has cron's environment", async () => {
    const [rehearsal = ""] = blocks("A nightly batch", "sh").slice(3);
    const bin = join(project.folder, "node_modules/.bin");
    const done = await run(rehearsal.replace("PATH=", `PATH=${bin}:${dirname(process.execPath)}:`));
    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout).toMatch(/^\{"type":"summary".*\n$/);
  });

  test("one night without the service is silent, two are told", async () => {
    await copyFile(join(videos, "a.mp4"), join(videos, "c.mp4"));
    await emulator.offline();
    expect(await nightly()).toEqual({ code: 5, stdout: "", stderr: "" });
    const second = await nightly();
    expect(second.code).toBe(5);
    expect(second.stdout).toContain("vodup did not finish, again: exit code 5");
    await emulator.online();
    expect(await nightly()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(emulator.media()).toHaveLength(4);
  });

  test("the unit's command line runs, and the state is found where the page says", async () => {
    const units = blocks("With systemd", "ini");
    const line = /^ExecStart=(.*)$/m.exec(units[0] ?? "")?.[1] ?? "";
    await mkdir(join(project.folder, "state/vodup"), { recursive: true });
    const state = join(project.folder, "state");
    const started = line.replace("/usr/local/bin/", "").replaceAll("%S", state);
    const outcome = await run(`XDG_STATE_HOME=${state}/vodup ${started}`);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout.match(/\t/g)).toHaveLength(4);
    const [list = ""] = blocks("Where the state is", "sh");
    const listed = await run(`set -e\n${list}`);
    expect([listed.code, listed.stdout]).toEqual([0, ""]);
  });
});
