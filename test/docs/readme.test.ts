import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { readPage, root } from "../support/markdown.ts";
import { openProject, type Outcome, type UserProject } from "../support/user-project.ts";

/** The quick starts, followed as they stand. */
const open: UserProject[] = [];

afterEach(async () => {
  for (const project of open.splice(0)) await project.close();
});

async function start(): Promise<UserProject> {
  const project = await openProject();
  open.push(project);
  const media = join(root, "fixtures/media");
  await cp(join(media, "sample.mp4"), join(project.folder, "lesson.mp4"));
  await cp(join(media, "sample.mp4"), join(project.folder, "big.mkv"));
  await cp(join(media, "cover.jpg"), join(project.folder, "lesson.jpg"));
  return project;
}

/** Runs what a page shows below a heading; variables are set already. */
async function follow(project: UserProject, path: string, heading: string, language: "ts" | "sh"): Promise<Outcome> {
  const page = await readPage(path);
  const block = page.blocks.find((one) => one.heading === heading && one.language === language);
  if (block === undefined) throw new Error(`${path} has no ${language} block below "${heading}"`);
  const outcome =
    language === "sh"
      ? await project.run({ shell: block.code.replace(/^export TENCENTCLOUD_.*\n/gm, "") })
      : await project.run({ file: await project.write("main.mjs", block.code) });
  expect(outcome).toMatchObject({ code: 0 });
  return outcome;
}

describe.each([
  ["README.md", "Quick start", "Quick start"],
  ["README.ko.md", "빠른 시작", "빠른 시작"],
])("%s", (path, library, command) => {
  test("the library's quick start uploads", async () => {
    const project = await start();
    const { stdout } = await follow(project, path, library, "ts");
    const [media] = project.emulator.media();
    expect(stdout).toBe(`${media?.fileId} ${media?.mediaUrl}\n`);
    expect(media).toMatchObject({
      subAppId: 1_500_000_001,
      fields: { CoverType: "jpg", Procedure: "LongVideoPreset" },
    });
  });

  test("the command line's quick start uploads", async () => {
    const project = await start();
    const { stdout } = await follow(project, path, command, "sh");
    expect(stdout).toBe(`${project.emulator.media()[0]?.fileId}\n`);
  });
});

test("a stranger reads it in a minute", async () => {
  const { text } = await readPage("README.md");
  expect(text.split("\n").length).toBeLessThan(150);
});
