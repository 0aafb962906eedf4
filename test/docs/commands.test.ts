import { copyFile, cp, mkdir, readFile, readdir, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { readPages, root, type Block } from "../support/markdown.ts";
import { openProject, type Outcome, type ProgramOptions, type UserProject } from "../support/user-project.ts";

/** The shell blocks of the pages that no other test follows (test/docs/support/followers.ts has all of them). */
const blocks = (await readPages()).flatMap((page) => page.blocks);
const isShellOf = (name: string, { page, heading, language }: Block): boolean =>
  language === "sh" && `${page}#${heading}` === name;

let project: UserProject;

beforeEach(async () => {
  project = await openProject();
  for (const name of ["lesson.mp4", "videos/a.mp4", "videos/drafts/b.mp4", "incoming/c.mp4", "d.mov"])
    await media(name);
  await project.write("films.csv", "source\nvideos/a.mp4\nlesson.mp4\n");
});
afterEach(() => project.close());

/** A media that was written to an hour ago. */
async function media(name: string): Promise<void> {
  const path = join(project.folder, name);
  await mkdir(dirname(path), { recursive: true });
  await copyFile(join(root, "fixtures/media/sample.mp4"), path);
  const then = new Date(Date.now() - 3_600_000);
  await utimes(path, then, then);
}

/** The commands of the blocks below a heading. */
function commandsOf(name: string): string {
  const found = blocks.filter((block) => isShellOf(name, block)).map(({ code }) => code);
  if (found.length === 0) throw new Error(`there is no shell block ${name}`);
  return found.join("");
}

async function succeed(shell: string, options?: ProgramOptions): Promise<Outcome> {
  const outcome = await project.run({ shell }, options);
  expect(outcome, shell).toMatchObject({ code: 0 });
  return outcome;
}

const stored = (): number => project.emulator.media().length;

describe("docs/cli.md", () => {
  test("Settings", async () => {
    await project.write(
      ".config/vodup/config.toml",
      '[default]\nsub-app-id = 1\n[china]\nsite = "cn"\nsub-app-id = 2\n',
    );
    const { stdout } = await succeed(commandsOf("docs/cli.md#Settings"));
    expect(stdout).toMatch(/^sub-app-id {7}1 /m);
    expect(stdout).toContain('"name":"sub-app-id","value":"2"');
  });

  test("Batch", async () => {
    const code = commandsOf("docs/cli.md#Batch").replaceAll("/videos", "videos").replaceAll("/incoming", "incoming");
    const [watch = "", ...others] = code.trim().split("\n").toReversed();
    await succeed(others.toReversed().join("\n"));
    // Two of the manifest, of which the folder has one again; neither the draft; the MOV.
    expect(stored()).toBe(4);
    expect(await readFile(join(project.folder, "results.ndjson"), "utf8")).toMatch(/^(?:\{"type":"result".*\n){2}$/);
    const watching = project.start({ shell: `exec ${watch}` });
    await watching.waitFor(/\tincoming\/c\.mp4\n/);
    watching.child.kill("SIGTERM");
    expect(await watching.ended).toMatchObject({ code: 0 });
    expect(stored()).toBe(5);
  });

  test("The API", async () => {
    await succeed("vodup events config --pull --upload-events on\nvodup upload lesson.mp4");
    const fileId = project.emulator.media()[0]?.fileId ?? "";
    const code = commandsOf("docs/cli.md#The API")
      .replace("5285485487985271487", fileId)
      .replace("--max 10", "--max 1");
    const { stdout } = await succeed(code);
    expect(stdout).toMatch(/\tOn\t/);
    expect(stdout).toContain(`{"type":"media","fileId":"${fileId}"`);
    expect(stdout).toContain('"TaskSet"');
    expect(stdout).toContain('"type":"NewFileUpload"');
  });

  test("Shell completion", async () => {
    await succeed(commandsOf("docs/cli.md#Shell completion"));
    const files = await readdir(project.folder, { recursive: true });
    expect(files.filter((name) => /(?:completions\/|\.zfunc\/_)vodup/.test(name))).toHaveLength(3);
  });
});

test("docs/conformance.md", { timeout: 120_000 }, async () => {
  const flags = '--part-size "$VODUP_PART_SIZE" --media-type "$VODUP_MEDIA_TYPE"';
  await project.write("my-uploader", `#!/bin/sh\nexec vodup upload "$VODUP_FILE" ${flags}\n`);
  await succeed("chmod +x my-uploader");
  const code = commandsOf("docs/conformance.md#Judging a client").replace("--profile full", "--scenario commit");
  const { stdout } = await succeed(code, { limitMs: 100_000, preload: [] });
  expect(stdout).toMatch(/12 of 12 scenarios of core passed/);
  expect(await readdir(project.folder)).toEqual(expect.arrayContaining(["report.json", "report.xml"]));
});

test("docs/emulator.md", async () => {
  const port = String(await freePort());
  const code = commandsOf("docs/emulator.md#Start it").replaceAll("9000", port).replace("npx ", "exec ");
  const emulator = project.start({ shell: code });
  await emulator.waitFor(new RegExp(`^\\{"origin":"http://127\\.0\\.0\\.1:${port}",`));
  emulator.child.kill("SIGINT");
  expect(await emulator.ended).toMatchObject({ code: 130 });
});

describe("docs/recipes.md", () => {
  test("Many files", async () => {
    await succeed(commandsOf("docs/recipes.md#Many files"));
    expect(stored()).toBe(2);
  });

  test("When something is wrong", async () => {
    const { stdout } = await succeed(commandsOf("docs/recipes.md#When something is wrong"));
    expect(stdout).toMatch(/^pass +node/);
    expect(stdout).toContain('{"type":"result","failed":[],"exitCode":0}');
  });
});

test("examples/README.md: with an account, and against the emulator", async () => {
  const [account, start, local] = blocks.filter((block) => isShellOf("examples/README.md#Run them", block));
  await cp(join(root, "examples/batch.mjs"), join(project.folder, "batch.mjs"));
  // The keys are those of the test.
  const without = (code = ""): string => code.replaceAll(/TENCENTCLOUD_SECRET_(?:ID|KEY)=…/g, "");
  await succeed(without(account?.code));
  expect(stored()).toBe(1);
  const port = String(await freePort());
  const emulator = project.start({ shell: (start?.code ?? "").replace("9000", port).replace("npx ", "exec ") });
  const [line] = await emulator.waitFor(/^\{.*\}\n/);
  const { secretId, secretKey } = JSON.parse(line) as { secretId: string; secretKey: string };
  const code = (local?.code ?? "")
    .replaceAll("9000", port)
    .replace("SECRET_ID=…", `SECRET_ID=${secretId}`)
    .replace("SECRET_KEY=…", `SECRET_KEY=${secretKey}`);
  const outcome = await project.run({ shell: code }, { preload: [] });
  expect(outcome).toMatchObject({ code: 0 });
  const found = (await (await fetch(`http://127.0.0.1:${port}/media`)).json()) as readonly unknown[];
  emulator.child.kill("SIGTERM");
  await emulator.ended;
  expect([stored(), found.length]).toEqual([1, 1]);
});
