import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPage, root } from "../../../test/support/markdown.ts";
import { succeed } from "../../../test/packaging/commands.ts";
import { expectInRepository, linksOf } from "../../../test/packaging/links.ts";
import { type Tarball, pack } from "../../../test/packaging/pack.ts";
import { type Command, kill, start } from "./support/command.ts";
import { eventually } from "./support/eventually.ts";
import { samplesOf } from "./support/open-metrics.ts";
import { RedisServer, freePort } from "./support/redis-server.ts";

/** Both tarballs in an empty folder, and from there on what README.md shows, word for word. */
const readme = await readPage("integrations/bullmq/README.md");
let folder: string;
let project: string;
let packed: Tarball;
let redis: RedisServer;
const running: Command[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-install-"));
  project = join(folder, "project");
  await mkdir(join(project, "library"), { recursive: true });
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "somebodys-backend", private: true }));
  const vodup = await pack(".", folder);
  packed = await pack("integrations/bullmq", folder);
  redis = await RedisServer.start();
  const [install = ""] = blocks("Install");
  const named = install.replace("vodup-bullmq vodup ", `${packed.tarball} ${vodup.tarball} `);
  await succeed("sh", ["-ec", named.replaceAll("npm install", "npm install --no-audit --no-fund")], project);
}, 180_000);
afterAll(async () => {
  await Promise.all(running.map(kill));
  await redis.remove();
  await rm(folder, { recursive: true, force: true });
});

const blocks = (heading: string): string[] =>
  readme.blocks.filter((block) => block.heading === heading && block.language === "sh").map(({ code }) => code);

/** Folders and ports are those of the test; signals are for the command and not for npx. */
function shell(code: string, emulatorPort: number, account: NodeJS.ProcessEnv = {}): Command {
  const here = code
    .replaceAll("6379", String(redis.port))
    .replaceAll("8080", String(emulatorPort))
    .replaceAll("/mnt/library", join(project, "library"))
    .replaceAll(/ (?:TENCENTCLOUD_\w+=…|https:\S+)/g, "")
    .replaceAll("STATUS_PORT=9464", "STATUS_PORT=0")
    .replaceAll(/^npx /gm, "exec node_modules/.bin/");
  const began = start(["sh", "-ec", here], project, { PATH: process.env["PATH"], BOARD_PORT: "0", ...account });
  running.push(began);
  return began;
}

test("the tarball has what runs and what is read, and no link that is dead where it is read", async () => {
  const paths = packed.files.map(({ path }) => path).filter((path) => !path.startsWith("dist/"));
  const pages = ["CHANGELOG.md", "README.md"];
  expect(paths.sort()).toEqual([...pages, "Dockerfile", "LICENSE", "compose.yaml", "package.json"].sort());
  expect(packed.unpackedSize).toBeLessThan(150_000);
  for (const page of pages) {
    const text = await readFile(join(project, "node_modules/vodup-bullmq", page), "utf8");
    const links = linksOf(text);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !/^(?:https:|#)/.test(link))).toEqual([]);
    for (const link of links) await expectInRepository(link);
    expect(await readFile(join(root, "integrations/bullmq", page), "utf8")).not.toContain("/blob/v");
  }
});

test("from the README alone: a job is added, a worker uploads it to the emulator, the page is served", async () => {
  const [, add = "", worker = "", emulate = "", endpoints = ""] = blocks("Run it");
  await copyFile(join(root, "fixtures/media/sample.mp4"), join(project, "library/film.mp4"));
  const port = await freePort();
  const emulator = shell(emulate, port);
  await eventually("the emulator prints its keys", () => emulator.said.out.includes("\n"));
  const { secretId, secretKey } = JSON.parse(emulator.said.out) as { secretId: string; secretKey: string };
  const account = { TENCENTCLOUD_SECRET_ID: secretId, TENCENTCLOUD_SECRET_KEY: secretKey };

  const adding = shell(add, port);
  expect([await adding.exit, adding.said.err]).toEqual([0, ""]);
  const works = shell(`${endpoints}${worker}`, port, account);
  await eventually("it is uploaded", () => works.said.out.includes(adding.said.out.trim()));
  const [, status = ""] = /^status: (\S+)\/metrics/m.exec(works.said.err) ?? [];
  expect(samplesOf(await (await fetch(`${status}/metrics`)).text()).length).toBeGreaterThan(20);

  const board = shell(`export REDIS_URL=redis://127.0.0.1:6379\nnpx vodup-bullmq board\n`, port);
  await eventually("the page is served", () => board.said.err.includes("board: http"));
  expect((await fetch(/http\S+/.exec(board.said.err)?.[0] ?? "")).status).toBe(200);

  works.child.kill("SIGTERM");
  expect(await works.exit).toBe(0);
  expect(works.said.err).toContain("draining: done");
});
