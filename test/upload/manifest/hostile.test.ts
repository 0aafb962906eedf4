import { execFile, spawnSync } from "node:child_process";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { media, newFolder, playlist, tree } from "../support/trees.ts";

const run = promisify(execFile);
const repository = join(import.meta.dirname, "../../..");
const support = join(repository, "test/upload/support");

/** The library as JavaScript, for processes that are watched while they run it. */
let build: string;

beforeAll(async () => {
  const folder = await newFolder();
  build = join(folder, "build");
  const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");
  const config = join(repository, "tsconfig.build.json");
  // Not of interest here: types, which another test is about.
  await run(process.execPath, [tsc, "-p", config, "--outDir", build, "--declaration", "false"]).catch(() => undefined);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await symlink(join(repository, "node_modules"), join(folder, "node_modules"));
}, 60_000);

const template = (attributes: string): string =>
  `<MPD mediaPresentationDuration="PT2S"><Period><AdaptationSet><Representation id="../outside">
   <SegmentTemplate duration="2" ${attributes}/></Representation></AdaptationSet></Period></MPD>`;
const base = (url: string): string =>
  `<MPD><Period><BaseURL>${url}</BaseURL><AdaptationSet><Representation><BaseURL>secret.ts</BaseURL></Representation></AdaptationSet></Period></MPD>`;

/** Manifests that try to have something outside of `tree/` uploaded; each beside a file that it may name. */
const hostile: Record<string, string> = {
  "dots.m3u8": media("ok.ts", "../outside/secret.ts"),
  "dots-inside.m3u8": media("ok.ts", "d/../../outside/secret.ts"),
  "encoded-dots.m3u8": media("ok.ts", "%2e%2e/outside/secret.ts"),
  "encoded-slash.m3u8": media("ok.ts", "..%2foutside%2fsecret.ts"),
  "half-encoded.m3u8": media("ok.ts", ".%2E/outside/secret.ts"),
  "twice-encoded.m3u8": media("ok.ts", "%252e%252e/outside/secret.ts"),
  "overlong.m3u8": media("ok.ts", "%c0%ae%c0%ae/outside/secret.ts"),
  "backslash.m3u8": media("ok.ts", "..\\outside\\secret.ts"),
  "encoded-backslash.m3u8": media("ok.ts", "..%5coutside%5csecret.ts"),
  "absolute.m3u8": media("ok.ts", "OUTSIDE/secret.ts"),
  "encoded-absolute.m3u8": media("ok.ts", "%2fetc/passwd"),
  "slashes.m3u8": media("ok.ts", "//etc/passwd"),
  "file-url.m3u8": media("ok.ts", "file://OUTSIDE/secret.ts"),
  "http.m3u8": media("ok.ts", "http://127.0.0.1:1/secret.ts"),
  "nul.m3u8": media("ok.ts", "../outside/secret.ts\0.ts"),
  "encoded-nul.m3u8": media("ok.ts", "%2e%2e/outside/secret.ts%00.ts"),
  "query.m3u8": media("ok.ts", "../outside/secret.ts?ok.ts"),
  "link.m3u8": media("ok.ts", "way.ts"),
  "folder-link.m3u8": media("ok.ts", "way/secret.ts"),
  "key.m3u8": playlist('#EXT-X-KEY:METHOD=AES-128,URI="file://OUTSIDE/secret.ts"', "ok.ts"),
  "key-dots.m3u8": playlist('#EXT-X-KEY:METHOD=AES-128,URI="../outside/secret.ts"', "ok.ts"),
  "map.m3u8": playlist('#EXT-X-MAP:URI="OUTSIDE/secret.ts"', "ok.ts"),
  "unquoted.m3u8": playlist("#EXT-X-MAP:URI=../outside/secret.ts", "ok.ts"),
  "second-attribute.m3u8": playlist('#EXT-X-MAP:URI="ok.ts",URI="../outside/secret.ts"', "ok.ts"),
  "nested.m3u8": playlist("#EXT-X-STREAM-INF:BANDWIDTH=1", "../outside/secret.m3u8"),
  "nested-link.m3u8": playlist("#EXT-X-STREAM-INF:BANDWIDTH=1", "way.m3u8"),
  "nested-inside.m3u8": playlist("#EXT-X-STREAM-INF:BANDWIDTH=1", "d/up.m3u8"),
  "untyped-playlist.m3u8": playlist("#EXT-X-STREAM-INF:BANDWIDTH=1", "way-untyped"),
  "gap.m3u8": playlist("#EXT-X-GAP", "way.ts", "ok.ts"),
  "base.mpd": base("../outside/"),
  "base-absolute.mpd": base("OUTSIDE/"),
  "base-url.mpd": base("file://OUTSIDE/"),
  "base-link.mpd": base("way/"),
  "template.mpd": template('media="../outside/secret.ts?$Number$"'),
  "template-id.mpd": template('media="$RepresentationID$/secret.ts?$Number$"'),
  "entity.mpd": `<!DOCTYPE MPD [<!ENTITY x SYSTEM "file:///etc/passwd">]><MPD>&x;</MPD>`,
};

async function hostileTree(): Promise<{ root: string; manifests: string[] }> {
  const root = await newFolder();
  const outside = join(root, "outside");
  const files = Object.entries(hostile).map(([name, text]) => [`tree/${name}`, text.replaceAll("OUTSIDE", outside)]);
  await tree(
    {
      "outside/secret.ts": "secret",
      "outside/secret.m3u8": media("secret.ts"),
      "tree/ok.ts": "ok",
      "tree/good.m3u8": media("ok.ts"),
      "tree/d/up.m3u8": media("../../outside/secret.ts"),
      ...(Object.fromEntries(files) as Record<string, string>),
    },
    root,
  );
  // Every way out by a link has this name, so that none of them may ever be opened.
  await symlink("../outside/secret.ts", join(root, "tree/way.ts"));
  for (const name of ["way.m3u8", "way-untyped", "way-top.m3u8"]) {
    await symlink("../outside/secret.m3u8", join(root, "tree", name));
  }
  await symlink(outside, join(root, "tree/way"));
  const names = ["good.m3u8", ...Object.keys(hostile), "way-top.m3u8"];
  return { root, manifests: names.map((name) => join(root, "tree", name)) };
}

interface Report {
  readonly outcomes: readonly (readonly [string, string])[];
  readonly operations: readonly string[];
}

function checkOutcomes({ outcomes, operations }: Report, manifests: readonly string[]): void {
  const [good, ...bad] = manifests;
  expect(outcomes).toHaveLength(2 * manifests.length);
  expect(outcomes.filter(([path]) => path === good)).toEqual([
    [good, "uploaded"],
    [good, "uploaded"],
  ]);
  expect(outcomes.filter(([path, outcome]) => path !== good && outcome !== "MANIFEST_INVALID")).toEqual([]);
  // Only the good one, by each of the two ways, came as far as a session.
  expect(bad.length).toBeGreaterThan(30);
  expect(operations.filter((name) => name === "ApplyUpload")).toHaveLength(2);
}

/** Nothing but the tree was opened, and the watch works: it has seen the good segment. */
function checkOpened(opened: readonly string[], root: string): void {
  expect(opened).toContain(join(root, "tree/ok.ts"));
  const elsewhere = opened.filter((path) => path.startsWith(`${root}/`) && !path.startsWith(`${root}/tree/`));
  expect(elsewhere).toEqual([]);
  expect(opened.filter((path) => /passwd|secret|\/tree\/way/.test(path))).toEqual([]);
}

test("no hostile manifest has anything outside of its folder opened, as Node's own functions see it", async () => {
  const { root, manifests } = await hostileTree();
  const log = join(root, "opens");
  const { stdout } = await run(
    process.execPath,
    ["--import", join(support, "record-opens.mjs"), join(support, "upload-manifests.mjs"), build, ...manifests],
    { env: { ...process.env, OPENS_LOG: log } },
  );
  checkOutcomes(JSON.parse(stdout) as Report, manifests);
  const opened = (await readFile(log, "utf8")).trim().split("\n");
  checkOpened(
    opened.map((line) => JSON.parse(line) as string).filter((path) => path !== log),
    root,
  );
}, 60_000);

const strace = spawnSync("strace", ["-f", "-e", "trace=openat", "true"]).status === 0;

test.skipIf(!strace)(
  "nor as the kernel sees it",
  async () => {
    const { root, manifests } = await hostileTree();
    const log = join(root, "trace");
    const { stdout } = await run("strace", [
      ...`-f -qq -s 4096 -e trace=open,openat,openat2 -o ${log} ${process.execPath}`.split(" "),
      join(support, "upload-manifests.mjs"),
      build,
      ...manifests,
    ]);
    checkOutcomes(JSON.parse(stdout) as Report, manifests);
    const opened = [...(await readFile(log, "utf8")).matchAll(/open(?:at2?)?\((?:[^",]+, )?"((?:[^"\\]|\\.)*)"/g)];
    checkOpened(
      opened.map(([, path = ""]) => path),
      root,
    );
  },
  120_000,
);
