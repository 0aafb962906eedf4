import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { root, succeed } from "./commands.ts";

/** No Docker engine here: what the image is built by is run as it stands, in a folder that stands for the image. */
const text = await readFile(join(root, "Dockerfile"), "utf8");
const stages = text.split(/^FROM /m).slice(1);
const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
const image = await mkdtemp(join(tmpdir(), "vodup-image-"));
afterAll(() => rm(image, { recursive: true, force: true }));

const instructions = (stage: string, name: string): string[] =>
  [...stage.replaceAll("\\\n", " ").matchAll(new RegExp(`^${name} (.+)$`, "gm"))].map(([, rest = ""]) => rest);

test("the build stage, step by step, gives a command that runs", async () => {
  const build = stages.find((stage) => stage.includes("AS build")) ?? "";
  const copied = join(image, "build");
  await succeed("git", ["clone", "--quiet", "--depth=1", `file://${root}`, copied], image);
  for (const step of instructions(build, "RUN")) {
    const inside = step.replaceAll("/tmp", image).replaceAll("/app", `${image}/app`);
    await succeed("sh", ["-ec", inside], copied);
  }
  expect((await succeed(join(image, "app/node_modules/.bin/vodup"), ["--version"], image)).trim()).toBe(
    manifest.version,
  );
});

test("the last stage takes the built folder, runs as nobody special and starts the command", () => {
  const last = stages.at(-1) ?? "";
  expect(instructions(last, "COPY")).toEqual(["--from=build /app /app"]);
  expect(instructions(last, "USER")).toEqual(["node"]);
  expect(instructions(last, "ENV").join()).toContain("/app/node_modules/.bin");
  expect(instructions(last, "ENTRYPOINT")).toEqual(['["vodup"]']);
  expect(stages.map((stage) => stage.split("\n")[0]?.replace(/ AS .*/, ""))).toEqual(
    Array(3).fill("node:24-bookworm-slim"),
  );
});
