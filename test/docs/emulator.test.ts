import { spawn } from "node:child_process";
import { cp } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emulatorCommand } from "../../src/cli/commands/emulator.ts";
import { parseFaultRules, startEmulator } from "../../src/emulator/index.ts";
import { faultFields } from "../../src/emulator/faults.ts";
import { cleanEnvironment } from "../cli/support/run-cli.ts";
import { freePort } from "../support/free-port.ts";
import { readPage, root } from "../support/markdown.ts";
import { openProject, type UserProject } from "../support/user-project.ts";

/** docs/emulator.md, followed: every block is taken from the page and run in a user's project. */
const page = await readPage("docs/emulator.md");
let project: UserProject;

beforeAll(async () => {
  project = await openProject();
  await cp(join(root, "fixtures/media/sample.mp4"), join(project.folder, "lesson.mp4"));
});
afterAll(() => project.close());

/** Runs a block with the emulator on a free port. The project's own redirection must not be in its way. */
async function run(command: string, code: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const path = [join(project.folder, "node_modules/.bin"), process.env["PATH"]].join(delimiter);
  const env = { ...cleanEnvironment(), PATH: path, HOME: project.folder };
  const child = spawn(command, ["-c", code], { cwd: project.folder, env, detached: true });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  }
  const ended = new Promise<number | null>((resolve) => void child.once("close", resolve));
  const limit = setTimeout(() => process.kill(-Number(child.pid), "SIGKILL"), 30_000);
  const exit = await ended;
  clearTimeout(limit);
  return { code: exit, ...said };
}

const blocks = (heading: string, language: string): string[] =>
  page.blocks.filter((one) => one.heading === heading && one.language === language).map(({ code }) => code);

describe("docs/emulator.md", () => {
  test.each([
    ["From a shell", /^\d{19}\n$/],
    ["Look and turn", /"fault":\{"kind":"answer","status":503\}.*\{"ok":true\}/s],
  ])("%s", async (heading, expected) => {
    const [code = ""] = blocks(heading, "sh");
    const port = String(await freePort());
    const outcome = await run("sh", `set -e\n${code.replaceAll("9000", port).replaceAll("npx vodup", "vodup")}wait $!`);
    expect(outcome, outcome.stderr).toMatchObject({ code: 143 });
    expect(outcome.stdout).toMatch(expected);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });

  test("From a JavaScript test", async () => {
    const [code = ""] = blocks("From a JavaScript test", "ts");
    const file = await project.write("main.mjs", code);
    const outcome = await run("sh", `node ${file}`);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(outcome.stdout).toMatch(/^\d{19} \d+ /);
  });

  test("Fault rules: the example and every kind with its fields are as the emulator takes them", async () => {
    const [example = ""] = blocks("Fault rules", "json");
    expect(parseFaultRules(JSON.parse(example))).toHaveLength(3);
    const rows = [...page.text.matchAll(/^\| ((?:`[a-z0-9-]+`(?:, )?)+) \| ((?:`\w+`(?:, )?)*) ?\| .*\|$/gm)];
    const written = rows.flatMap(([, kinds = "", fields = ""]) =>
      names(kinds).map((kind): [string, string[]] => [kind, names(fields)]),
    );
    const known = Object.entries(faultFields).map(([kind, fields]): [string, string[]] => [kind, Object.keys(fields)]);
    expect(Object.fromEntries(written.filter(([kind]) => kind in faultFields))).toEqual(Object.fromEntries(known));
  });

  test("every flag and every request of the control interface is named", async () => {
    for (const flag of Object.keys(emulatorCommand.spec.flags)) expect(page.text).toContain(`--${flag}`);
    const emulator = await startEmulator();
    try {
      const reads = ["requests", "objects", "media", "sessions", "uploads", "events", "deliveries", "faults"];
      for (const name of reads) {
        expect(page.text).toMatch(new RegExp(`/${name}\``));
        expect((await fetch(`${emulator.origin}/${name}`)).status).toBe(200);
      }
      for (const name of ["reset", "clock", "certificates", "events"]) expect(page.text).toContain(`POST /${name}\``);
    } finally {
      await emulator.close();
    }
  });
});

function names(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}
