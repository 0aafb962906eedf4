import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { EmulatorOptions, FaultRule } from "../../src/emulator/index.ts";
import { connectProxy, type ConnectProxy } from "../support/connect-proxy.ts";
import { readPage, root, tableRows } from "../support/markdown.ts";
import { openProject, redirect, type Outcome, type UserProject } from "../support/user-project.ts";

/**
 * docs/migrating.md, run: both programs of every section, taken from the page, each against an emulator of its own; and
 * what the page says about their difference.
 */
const page = await readPage("docs/migrating.md");
const vendorFolder = join(import.meta.dirname, "vendor");
const mediaFolder = join(root, "fixtures/media");
const mib = 2 ** 20;
const film = randomBytes(3 * mib);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const sample = await readFile(join(mediaFolder, "sample.mp4"));
const cover = await readFile(join(mediaFolder, "cover.jpg"));

interface Scenario {
  readonly emulator?: EmulatorOptions;
  readonly faults?: readonly FaultRule[];
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Changes the program of the page. */
  readonly edit?: (code: string) => string;
  /** Through this proxy, and not redirected. */
  readonly proxy?: boolean;
}

interface Side extends Outcome {
  readonly project: UserProject;
  readonly proxy: ConnectProxy | undefined;
  readonly operations: readonly string[];
  /** SHA-256 of each stored object by its key without the session's own folder. */
  readonly stored: Readonly<Record<string, string | undefined>>;
}

const open: { close(): Promise<unknown> }[] = [];
const ran = new Set<string>();

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const blocksUnder = (heading: string, language: string) =>
  page.blocks.filter((block) => block.heading === heading && block.language === language);

/** The vendor's program with that SDK, the same with one line changed, and this package's own. */
type Program = "js" | "one line" | "ts";

const oneLine = (code: string): string => code.replace('require("vod-node-sdk")', 'require("vodup/vod-node-sdk")');

async function runSide(heading: string, program: Program, scenario: Scenario): Promise<Side> {
  const language = program === "ts" ? "ts" : "js";
  const isVendors = program === "js";
  const [block, ...more] = blocksUnder(heading, language);
  if (block === undefined || more.length > 0) throw new Error(`"${heading}" has not exactly one ${language} block`);
  const project = await openProject({ hostWithoutPort: true, ...scenario.emulator });
  open.push(project);
  const { write, emulator } = project;
  await Promise.all([
    write("lesson.mp4", sample),
    write("lesson.2.mp4", sample),
    write("lesson.jpg", cover),
    write("film.mp4", film),
    ...(await readdir(join(mediaFolder, "hls"), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        await write(path.slice(mediaFolder.length + 1), await readFile(path));
      }),
  ]);
  emulator.setFaults(scenario.faults ?? []);
  const proxy =
    scenario.proxy === true ? await connectProxy({ route: () => Number(new URL(emulator.origin).port) }) : undefined;
  if (proxy !== undefined) open.push(proxy);
  // The page's TypeScript has no types in it, so that Node runs it as it is.
  const file = await write(
    language === "js" ? "theirs.cjs" : "ours.mjs",
    (program === "one line" ? oneLine : String)((scenario.edit ?? String)(block.code)),
  );
  const outcome = await project.run(
    { file },
    {
      args: scenario.args,
      preload: [
        ...(proxy === undefined ? [redirect] : []),
        ...(isVendors ? [join(vendorFolder, "sign-with-tc3.cjs")] : []),
      ],
      env: {
        NODE_PATH: isVendors ? join(import.meta.dirname, "node_modules") : undefined,
        HTTPS_PROXY: proxy === undefined ? undefined : `http://127.0.0.1:${proxy.port}`,
        ...scenario.env,
      },
    },
  );
  const objects = [...(await emulator.objects())];
  const folders = emulator.media().map(({ key }) => key.slice(0, key.lastIndexOf("/") + 1));
  const inFolder = (key: string): string => key.slice((folders.find((one) => key.startsWith(one)) ?? "").length);
  ran.add(`${heading}/${program}`);
  return {
    ...outcome,
    project,
    proxy,
    operations: emulator.requests().map(({ operation }) => operation),
    stored: Object.fromEntries(objects.map(([key, { sha256: digest }]) => [inFolder(key), digest])),
  };
}

async function runBoth(heading: string, scenario: Scenario = {}): Promise<{ theirs: Side; ours: Side }> {
  const [theirs, ours] = await Promise.all([runSide(heading, "js", scenario), runSide(heading, "ts", scenario)]);
  return { theirs, ours };
}

/** Both ended well, every request was signed rightly, and each has one media of the same bytes; answers those two. */
function bothUploaded({ theirs, ours }: { theirs: Side; ours: Side }, bytes: Uint8Array = sample) {
  const [was, is] = [theirs, ours].map((side) => {
    expect({ code: side.code, stderr: side.stderr }).toMatchObject({ code: 0 });
    expect(side.project.emulator.requests().filter(({ verified }) => !verified)).toEqual([]);
    const [media, ...others] = side.project.emulator.media();
    if (media === undefined) throw new Error(`nothing was committed\n${side.stdout}${side.stderr}`);
    expect(others).toEqual([]);
    expect(Object.values(side.stored)).toContain(sha256(bytes));
    expect(side.stdout).toContain(media.fileId);
    return media;
  });
  if (was === undefined || is === undefined) throw new Error("unreachable");
  return { was, is };
}

const count = (side: Side, operation: string): number => side.operations.filter((one) => one === operation).length;

describe("what is called what", () => {
  test("the table names every field of the SDK's request", async () => {
    const project = await openProject();
    open.push(project);
    const code = `console.log(Object.keys(new (require("vod-node-sdk").VodUploadRequest)()).join())`;
    const file = await project.write("fields.cjs", code);
    const { stdout } = await project.run({ file }, { env: { NODE_PATH: join(import.meta.dirname, "node_modules") } });
    const named = tableRows(page, "vod-node-sdk").map(([name = ""]) => name.split(",")[0]);
    expect(stdout.trim().split(",").length).toBeGreaterThan(12);
    expect(named).toEqual(expect.arrayContaining(stdout.trim().split(",")));
  });

  test("and only options that exist", async () => {
    const options = await readFile(join(root, "src/upload/options.ts"), "utf8");
    const fields = tableRows(page, "vod-node-sdk").filter(([name]) => /^[A-Z]\w+($|, which)/.test(name ?? ""));
    const names = fields.map(([, name = ""]) => name.split(",")[0] ?? "").filter((name) => name !== "source");
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(options).toContain(`readonly ${name}?:`);
  });
});

describe("the same media", () => {
  test("A file", async () => {
    const sides = await runBoth("A file");
    const { was, is } = bothUploaded(sides);
    expect(is.fields).toEqual(was.fields);
    expect(sides.ours.operations).toEqual(["ApplyUpload", "PutObject", "CommitUpload"]);
    expect(sides.theirs.operations).toContain("ListMultipartUploads");
    expect(sides.theirs.operations).toContain("CompleteMultipartUpload");
    const hosts = (side: Side) => new Set(side.project.emulator.requests().map(({ headers }) => headers["host"]));
    expect(hosts(sides.theirs)).toContain("vod.tencentcloudapi.com");
    expect(hosts(sides.ours)).toContain("vod.intl.tencentcloudapi.com");
  });

  test("A name, a category, an expiry", async () => {
    const sides = await runBoth("A name, a category, an expiry");
    const { was, is } = bothUploaded(sides);
    expect(was.fields).toMatchObject({ MediaName: "lesson", ClassId: 7, SourceContext: "order 42" });
    expect({ ...is.fields, ExpireTime: "" }).toEqual({ ...was.fields, MediaName: "lesson.2", ExpireTime: "" });
    const expiry = [was, is].map(({ fields }) =>
      typeof fields["ExpireTime"] === "string" ? fields["ExpireTime"] : "",
    );
    expect(expiry.map(Date.parse)).toEqual(Array(2).fill(Date.UTC(2100, 0)));
    // It has filled in the caller's request.
    expect(sides.theirs.stdout).toContain("as lesson\n");
  });

  test("A name, a category, an expiry: an extension in capitals", async () => {
    const edit = (code: string): string =>
      `require?.("fs").renameSync("lesson.2.mp4", "lesson.2.MP4");\n${code.replace("lesson.2.mp4", "lesson.2.MP4")}`;
    const forModules = (code: string): string =>
      `import { renameSync } from "node:fs";\nrenameSync("lesson.2.mp4", "lesson.2.MP4");\n${code.replace("lesson.2.mp4", "lesson.2.MP4")}`;
    const heading = "A name, a category, an expiry";
    const theirs = await runSide(heading, "js", { edit });
    const ours = await runSide(heading, "ts", { edit: forModules });
    const { was, is } = bothUploaded({ theirs, ours });
    expect([was.fields["MediaType"], is.fields["MediaType"]]).toEqual(["MP4", "mp4"]);
  });

  test("A cover", async () => {
    const sides = await runBoth("A cover");
    const { was, is } = bothUploaded(sides);
    expect(is.fields).toEqual(was.fields);
    for (const side of [sides.theirs, sides.ours]) expect(Object.values(side.stored)).toContain(sha256(cover));
    expect(sides.ours.stdout).toContain(is.coverUrl);
  });

  test("A stream, or bytes", async () => {
    const sides = await runBoth("A stream, or bytes");
    const { was, is } = bothUploaded(sides);
    expect(is.fields).toEqual(was.fields);
  });

  test("A task flow", async () => {
    const sides = await runBoth("A task flow");
    const { was, is } = bothUploaded(sides);
    expect(is.fields).toEqual(was.fields);
    expect(was.procedureTaskId).not.toBe("");
    expect(is.procedureTaskId).not.toBe("");
  });

  test("Regions", async () => {
    const sides = await runBoth("Regions");
    const { was, is } = bothUploaded(sides);
    expect([was.storageRegion, is.storageRegion]).toEqual(["ap-hongkong", "ap-hongkong"]);
    for (const { project } of [sides.theirs, sides.ours]) {
      const requests = project.emulator.requests();
      const apply = requests.find(({ operation }) => operation === "ApplyUpload");
      expect(apply?.headers["x-tc-region"]).toBe("ap-seoul");
      expect(requests.filter(({ api }) => api === "cos").map(({ headers }) => headers["host"])).toContain(
        "681e2270vodhongkong1250000000-10022853.cos.ap-hongkong.myqcloud.com",
      );
    }
  });

  test("A sub-application", async () => {
    const sides = await runBoth("A sub-application");
    const { was, is } = bothUploaded(sides);
    expect([was.subAppId, is.subAppId]).toEqual([1_500_000_007, 1_500_000_007]);
    for (const { project } of [sides.theirs, sides.ours]) {
      const calls = project.emulator.requests().filter(({ api }) => api === "vod");
      expect(calls.map(({ json }) => json?.["SubAppId"])).toEqual([1_500_000_007, 1_500_000_007]);
    }
  });

  test("Temporary keys", async () => {
    const sides = await runBoth("Temporary keys", {
      emulator: { token: "a-token" },
      env: { TENCENTCLOUD_TOKEN: "a-token" },
    });
    bothUploaded(sides);
  });

  test("Temporary keys: an upload that outlasts its certificate", async () => {
    const faults: FaultRule[] = [{ operation: "cos", nth: 1, fault: { kind: "expire-certificate" } }];
    const { theirs, ours } = await runBoth("Temporary keys", {
      emulator: { token: "a-token" },
      env: { TENCENTCLOUD_TOKEN: "a-token" },
      faults,
    });
    expect(theirs.code).not.toBe(0);
    expect(theirs.project.emulator.media()).toEqual([]);
    expect(ours).toMatchObject({ code: 0 });
    expect(ours.project.emulator.media()).toHaveLength(1);
  });
});

describe("HLS", () => {
  const manifest = ["180p.m3u8", "segments/000.ts", "segments/001.ts", "segments/002.ts"];
  const expected = async (): Promise<Record<string, string>> => {
    const files = manifest.map(async (name) => [name, sha256(await readFile(join(mediaFolder, "hls", name)))] as const);
    return Object.fromEntries(await Promise.all(files));
  };
  /** The manifest is stored under a name of the service's choice. */
  const named = (side: Side): Record<string, string | undefined> =>
    Object.fromEntries(
      Object.entries(side.stored).map(([key, digest]) => [key.endsWith("m3u8") ? "180p.m3u8" : key, digest]),
    );

  test("HLS", async () => {
    const sides = await runBoth("HLS");
    bothUploaded(sides, await readFile(join(mediaFolder, "hls/180p.m3u8")));
    expect(named(sides.theirs)).toEqual(await expected());
    expect(named(sides.ours)).toEqual(await expected());
    const puts = sides.ours.project.emulator.requests().filter(({ operation }) => operation === "PutObject");
    expect(puts.at(-1)?.path).toMatch(/\.m3u8$/);
    const first = sides.theirs.project.emulator.requests().find(({ operation }) => operation === "UploadPart");
    expect(first?.path).toMatch(/\.m3u8$/);
  });

  test("HLS: a path that begins with a dot", async () => {
    const edit = (code: string): string => code.replace("hls/180p.m3u8", "./hls/180p.m3u8");
    const { theirs, ours } = await runBoth("HLS", { edit });
    expect([theirs.code, ours.code]).toEqual([0, 0]);
    expect(named(ours)).toEqual(await expected());
    expect(Object.keys(theirs.stored).sort()).not.toEqual(Object.keys(ours.stored).sort());
    expect(theirs.project.emulator.media()).toHaveLength(1);
  });

  test("HLS: from inside its folder", async () => {
    const theirs = await runSide("HLS", "js", {
      edit: (code) => `process.chdir("hls");\n${code.replace("hls/180p.m3u8", "180p.m3u8")}`,
    });
    expect(theirs).toMatchObject({ code: 0 });
    expect(Object.keys(theirs.stored)).toContain("egments/000.ts");
    const ours = await runSide("HLS", "ts", {
      edit: (code) => `process.chdir("hls");\n${code.replace("hls/180p.m3u8", "180p.m3u8")}`,
    });
    expect(named(ours)).toEqual(await expected());
  });
});

describe("what happens on the way", () => {
  test("Progress", async () => {
    const sides = await runBoth("Progress");
    bothUploaded(sides, film);
    expect(sides.theirs.stderr).toBe("");
    const lines = sides.ours.stderr
      .trim()
      .split("\n")
      .map((line) => line.split(" "));
    const sent = lines.map(([, bytes]) => Number(bytes));
    expect(sent).toEqual([...sent].sort((a, b) => a - b));
    expect(lines.at(-1)).toEqual(["done", String(film.length), String(film.length)]);
  });

  test("Errors: no such file", async () => {
    const { theirs, ours } = await runBoth("Errors", { args: ["missing.mp4"] });
    expect(theirs.stderr).toBe("no such file\n");
    expect(ours.stderr).toBe("no such file\n");
    expect([...theirs.operations, ...ours.operations]).toEqual([]);
  });

  test("Errors: a wrong key", async () => {
    const env = { TENCENTCLOUD_SECRET_KEY: "wrong" };
    const { theirs, ours } = await runBoth("Errors", { args: ["lesson.mp4"], env });
    expect(theirs.stderr).toMatch(/^refused: AuthFailure\.SignatureFailure \S+\n$/);
    expect(ours.stderr).toMatch(/^refused: AuthFailure\.SignatureFailure \S+ the secret key may/);
  });

  test("Errors: the storage refuses a part; what was sent of the others", async () => {
    const body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    const faults: FaultRule[] = [
      { operation: "UploadPart", partNumber: 2, fault: { kind: "answer", status: 403, body } },
    ];
    const edit = (code: string): string =>
      code.replace("fromEnvironment() }", "fromEnvironment(), partSize: 1048576 }");
    const { theirs, ours } = await runBoth("Errors", { args: ["film.mp4"], faults, edit });
    expect(theirs.stderr).toMatch(/^refused: AccessDenied/);
    expect(ours.stderr).toMatch(/^refused: AccessDenied/);
    expect(theirs.project.emulator.uploads()).toHaveLength(1);
    expect(ours.project.emulator.uploads()).toEqual([]);
  });

  test("A file: one lost answer of the API", async () => {
    const faults: FaultRule[] = [{ operation: "ApplyUpload", nth: 1, fault: { kind: "reset-after-effect" } }];
    const { theirs, ours } = await runBoth("A file", { faults });
    expect(theirs.code).toBe(1);
    expect(theirs.project.emulator.media()).toEqual([]);
    expect(ours.code).toBe(0);
    expect(ours.project.emulator.media()).toHaveLength(1);
  });

  test("Retries: the answer to the commit is lost", async () => {
    const faults: FaultRule[] = [{ operation: "CommitUpload", nth: 1, fault: { kind: "reset-after-effect" } }];
    const { theirs, ours } = await runBoth("Retries", { faults });
    expect([theirs.code, ours.code]).toEqual([0, 0]);
    expect(theirs.project.emulator.media()).toHaveLength(2);
    expect(ours.project.emulator.media()).toHaveLength(1);
    expect([count(ours, "ApplyUpload"), count(ours, "PutObject"), count(ours, "CommitUpload")]).toEqual([1, 1, 2]);
  });

  test("Timeouts and cancelling", async () => {
    const faults: FaultRule[] = [{ operation: "cos", nth: 1, fault: { kind: "delay", ms: 1500 } }];
    const { theirs, ours } = await runBoth("Timeouts and cancelling", { faults });
    expect(theirs.stderr).toBe("took too long\n");
    expect(theirs.project.emulator.media()).toHaveLength(1);
    expect(ours.stderr).toBe("TimeoutError\n");
    expect(ours.project.emulator.media()).toEqual([]);
    expect(ours.project.emulator.uploads()).toEqual([]);
  });

  test("A proxy", async () => {
    const sides = await runBoth("A proxy", { proxy: true });
    bothUploaded(sides);
    const hosts = (side: Side) => [...new Set(side.proxy?.tunnels)].sort();
    const storage = "27470795vodsgp1250000000-10022853.cos.ap-singapore.myqcloud.com:443";
    expect(hosts(sides.theirs)).toEqual([storage, "vod.tencentcloudapi.com:443"]);
    expect(hosts(sides.ours)).toEqual([storage, "vod.intl.tencentcloudapi.com:443"]);
    expect(sides.ours.proxy?.received().includes(sides.ours.project.emulator.secretId)).toBe(false);
  });

  test("Logging", async () => {
    const { theirs, ours } = await runBoth("Logging");
    expect([theirs.code, ours.code]).toEqual([0, 0]);
    expect(theirs.stderr).toContain(theirs.project.emulator.secretKey);
    expect(ours.stderr).not.toContain(ours.project.emulator.secretKey);
    expect(ours.stderr).not.toMatch(/q-signature|Signature=/);
    for (const word of ["ApplyUpload", "PutObject", "CommitUpload"]) expect(ours.stderr).toContain(word);
  });
});

describe("one line changed: vodup/vod-node-sdk under the SDK's own program", () => {
  const headings = [
    "A file",
    "A name, a category, an expiry",
    "A cover",
    "A stream, or bytes",
    "A task flow",
    "Regions",
    "A sub-application",
    "Temporary keys",
    "Progress",
    "Retries",
    "A proxy",
  ];

  test.each(headings)("%s: the same media, the same words", async (heading) => {
    const scenario: Scenario = {
      ...(heading === "Temporary keys" && { emulator: { token: "a-token" }, env: { TENCENTCLOUD_TOKEN: "a-token" } }),
      ...(heading === "A proxy" && { proxy: true }),
    };
    const [theirs, ours] = await Promise.all([
      runSide(heading, "js", scenario),
      runSide(heading, "one line", scenario),
    ]);
    const { was, is } = bothUploaded({ theirs, ours }, heading === "Progress" ? film : sample);
    expect(is.fields).toEqual(was.fields);
    expect([is.subAppId, is.storageRegion]).toEqual([was.subAppId, was.storageRegion]);
    const host = (side: Side) => side.project.emulator.requests().find(({ api }) => api === "vod")?.headers["host"];
    expect(host(ours)).toBe(host(theirs));
    const said = (side: Side): string =>
      side.stdout.replaceAll(/\d{15,}/g, "FILE").replaceAll(/https?:\S+\/(\S+?)(\.\w+)?(?=\s)/g, "URL$2");
    expect(said(ours)).toBe(said(theirs));
    if (heading === "Progress") expect(ours.stderr.trim().split("\n").at(-1)).toBe(`${film.length} ${film.length}`);
  });

  test("Logging: the key is not printed", async () => {
    const ours = await runSide("Logging", "one line", {});
    expect(ours).toMatchObject({ code: 0 });
    expect(ours.stderr).toMatch(/upload ended VodUploadResponse/);
    expect(ours.stderr).not.toContain(ours.project.emulator.secretKey);
  });

  test("HLS: however the path is written", async () => {
    const was = await runSide("HLS", "js", {});
    const edit = (code: string): string => code.replace("hls/180p.m3u8", "./hls/180p.m3u8");
    for (const scenario of [{}, { edit }]) {
      const is = await runSide("HLS", "one line", scenario);
      expect(is).toMatchObject({ code: 0 });
      expect(new Set(Object.values(is.stored))).toEqual(new Set(Object.values(was.stored)));
    }
  });

  test.each(["missing.mp4", "lesson.mp4"])("Errors of %s with a wrong key: the same branch", async (file) => {
    const scenario: Scenario = { args: [file], env: { TENCENTCLOUD_SECRET_KEY: "wrong" } };
    const [theirs, ours] = await Promise.all([
      runSide("Errors", "js", scenario),
      runSide("Errors", "one line", scenario),
    ]);
    const said = (side: Side): string => side.stderr.replace(/[0-9a-f-]{30,}/, "REQUEST");
    expect(said(ours)).toBe(said(theirs));
    expect(theirs.stderr).not.toBe("");
  });

  test("a commit whose answer is lost makes one media, where the SDK's loop makes two", async () => {
    const faults: FaultRule[] = [{ operation: "CommitUpload", nth: 1, fault: { kind: "reset-after-effect" } }];
    const ours = await runSide("Retries", "one line", { faults });
    expect(ours).toMatchObject({ code: 0 });
    expect(ours.project.emulator.media()).toHaveLength(1);
  });
});

test("every program of the page was run", () => {
  const programs = page.blocks.filter(({ language }) => language === "js" || language === "ts");
  expect(programs.length).toBeGreaterThan(20);
  const runAsItIs = [...ran].filter((one) => !one.endsWith("/one line"));
  expect(runAsItIs.sort()).toEqual(programs.map(({ heading, language }) => `${heading}/${language}`).sort());
});
