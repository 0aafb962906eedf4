import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../src/conformance/run-command.ts";
import { scenarios } from "../../src/conformance/scenarios/all.ts";
import { parseXml } from "../../src/xml/parse.ts";
import { builtCli } from "../cli/support/built-cli.ts";
import { timing } from "../support/timing.ts";

const uploader = join(import.meta.dirname, "mutants/uploader.mjs");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-judged-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function conformance(args: readonly string[], mutant = ""): Promise<Run> {
  const env = { ...process.env, MUTANT: mutant };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [builtCli(), "conformance", ...args],
      { env, timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

const judged = ["--", process.execPath, uploader];

describe("the table", () => {
  test("shows a line for each scenario, and exit code 0 when all have passed", async () => {
    const { code, stdout, stderr } = await conformance(judged);
    const core = scenarios.filter(({ profile }) => profile === "core").map(({ name }) => name);
    expect(stdout.match(/^pass {2}\S+/gm)).toEqual(core.map((name) => `pass  ${name}`));
    expect(stdout).toContain(`${core.length} of ${core.length} scenarios of core passed\n`);
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("names the rule, the request and the line that differs, and ends with exit code 1", async () => {
    const { code, stdout } = await conformance(["--scenario", "encodings-path", ...judged], "cos-path-encoded");
    expect(stdout).toMatch(/^FAIL {2}encodings-path/);
    expect(stdout).toContain("wire §5.1  path: signed percent-encoded instead of decoded");
    expect(stdout).toContain("request 2, PutObject");
    expect(stdout).toMatch(/HttpString, line 2:\n +expected {2}\/봄 강의\/.*\n +signed {4}\/%EB%B4%84%20/);
    expect(stdout).toContain("0 of 1 scenarios of core passed; broken: wire §5.1");
    expect(code).toBe(1);
  });

  test("shows the whole text when nothing known explains a signature", async () => {
    const wrong = ["-e", `process.env.TENCENTCLOUD_SECRET_KEY = "other"; await import(${JSON.stringify(uploader)});`];
    const program = [process.execPath, "--input-type=module", ...wrong];
    const { code, stdout } = await conformance(["--scenario", "put", "--", ...program]);
    expect(stdout).toContain("wire §2.11  the TC3 signature fits neither the request nor any mistake known");
    expect(stdout).toMatch(/what should have been signed:\n +\| POST\n +\| \/\n/);
    expect(code).toBe(1);
  });

  test("goes on to its verdict when nobody reads it any more", async () => {
    const child = spawn(process.execPath, [builtCli(), "conformance", "--scenario", "put", ...judged]);
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    child.stdout.destroy();
    expect([await ended, complaint]).toEqual([0, ""]);
  });

  test("never repeats a secret that the command printed", async () => {
    const file = join(folder, "secrets.json");
    const code = `process.stderr.write(process.env.TENCENTCLOUD_SECRET_KEY + "\\n"); process.exit(3)`;
    const run = await conformance(["--scenario", "put", "--json", file, "--", process.execPath, "-e", code]);
    const text = run.stdout + (await readFile(file, "utf8"));
    expect(text).toContain("wire §18.5");
    expect(text).toContain("<redacted>");
    expect(text).not.toMatch(/\b[0-9A-Za-z]{32}\b/);
  });
});

describe("the files", () => {
  test("hold what the table shows, as JSON and as JUnit XML", async () => {
    const [json, junit] = [join(folder, "report.json"), join(folder, "report.xml")];
    const { code } = await conformance(
      ["--json", json, "--junit", junit, "--scenario", "multipart", ...judged],
      "parts-descending",
    );
    expect(code).toBe(1);
    expect(JSON.parse(await readFile(json, "utf8"))).toMatchObject({
      format: 1,
      profile: "core",
      command: judged.slice(1),
      passed: false,
      scenarios: [
        {
          name: "multipart",
          family: "multipart",
          passed: false,
          exitCode: 1,
          failures: [{ rule: "wire §6.6", request: { operation: "CompleteMultipartUpload" } }],
        },
      ],
    });
    const root = parseXml(await readFile(junit));
    expect(root.name).toBe("testsuites");
    expect(root.attributes.get("failures")).toBe("1");
    const testcase = root.children[0]?.children[0];
    expect(testcase?.attributes.get("name")).toBe("multipart");
    expect(testcase?.children[0]?.attributes.get("message")).toMatch(/^wire §6.6 Complete lists the parts 4, 3, 2, 1/);
  });
});

describe("usage", () => {
  test.each([
    ["no command", [], /needs a command/],
    ["an empty command", ["--"], /needs a command/],
    ["an unknown profile", ["--profile", "most", ...judged], /core or full/],
    ["an unknown scenario", ["--scenario", "multipartt", ...judged], /did you mean multipart\?/],
    ["a scenario of another profile", ["--profile", "core", "--scenario", "retry-part", ...judged], /in core/],
    ["a command without --", [process.execPath, uploader], /too many arguments/],
  ])("%s is exit code 2", async (_what, args, told) => {
    const { code, stdout, stderr } = await conformance(args);
    expect(stderr).toMatch(told);
    expect([code, stdout]).toEqual([2, ""]);
  });

  test("a command that does not exist fails every scenario and says why", async () => {
    const { code, stdout } = await conformance(["--scenario", "put", "--", join(folder, "nothing")]);
    expect(stdout).toMatch(/wire §18\.6 {2}the command did not start: spawn .*ENOENT/);
    expect(code).toBe(1);
  });

  test("names of the environment are put into arguments", async () => {
    const script = "console.error(process.argv.slice(1).join(' ')); process.exit(1)";
    const names = [
      "$VODUP_FILE",
      "${VODUP_MEDIA_TYPE}",
      "--size=$VODUP_PART_SIZE",
      "$VODUP_SCENARIO",
      "$VODUP_X",
      "$HOME",
    ];
    const { stdout } = await conformance(["--scenario", "put", "--", process.execPath, "-e", script, "--", ...names]);
    expect(stdout).toMatch(
      /exit code 1, and no request was sent: \/\S+\/media\.mp4 mp4 --size=1048576 put \$VODUP_X \$HOME\n/,
    );
  });
});

describe("a command", () => {
  const node = (script: string) => [process.execPath, "-e", script];
  /** A process that was killed may stay listed until somebody asks how it ended. */
  const alive = async (pid: number): Promise<boolean> => {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    return stat !== "" && !/\) [ZX] /.test(stat);
  };

  test("that hangs is killed with all that it started, and nothing else", async () => {
    const bystander = spawn(process.execPath, ["-e", "setTimeout(() => 0, 60000)"], { stdio: "ignore" });
    try {
      const child = `const { pid } = require("node:child_process").spawn(process.execPath, ["-e", "setTimeout(() => 0, 60000)"], { stdio: "inherit" }); console.log(pid); setTimeout(() => 0, 60000)`;
      const run = await runCommand({ command: node(child), env: process.env, timeoutMs: 1_500 });
      expect(run).toMatchObject({ exitCode: null, killed: "timeout" });
      const pid = Number(run.stdout);
      expect(pid).toBeGreaterThan(0);
      await expect.poll(() => alive(pid)).toBe(false);
      expect(await alive(Number(bystander.pid))).toBe(true);
    } finally {
      bystander.kill("SIGKILL");
    }
  });

  test("that leaves a process behind is not waited for", timing, async () => {
    const child = `require("node:child_process").spawn(process.execPath, ["-e", "setTimeout(() => 0, 60000)"], { stdio: "inherit" }).unref()`;
    const run = await runCommand({ command: node(child), env: process.env, timeoutMs: 20_000 });
    expect(run).toMatchObject({ exitCode: 0, leftProcesses: true });
    expect(run.durationMs).toBeLessThan(10_000);
  });

  test("that floods its output keeps its last line", async () => {
    const script = `for (let i = 0; i < 4000; i += 1) console.log("x".repeat(1000)); console.log("the end")`;
    const { stdout, leftProcesses } = await runCommand({ command: node(script), env: process.env, timeoutMs: 20_000 });
    expect(stdout.length).toBeLessThan(2 ** 21);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("the end");
    expect(leftProcesses).toBe(false);
  });

  test("is ended when the judge is, and the emulator with it", async () => {
    const pidFile = join(folder, "pid");
    const script = `require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setTimeout(() => 0, 60000)`;
    await writeFile(pidFile, "");
    const child = spawn(process.execPath, [builtCli(), "conformance", "--", ...node(script)], { stdio: "ignore" });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    await expect.poll(() => readFile(pidFile, "utf8"), { timeout: 10_000 }).not.toBe("");
    const pid = Number(await readFile(pidFile, "utf8"));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    await expect.poll(() => alive(pid)).toBe(false);
  });
});
