import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AdmissionOptions, admission, redirectsWithin } from "../src/admission.ts";
import type { UploadJob } from "../src/index.ts";
import { content } from "./support/seeded.ts";
import { Site, mib } from "./support/site.ts";

const job = { data: { source: "s" } } as UploadJob;
let folder: string;
let root: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "vodup-roots-")));
  root = join(folder, "library");
  await mkdir(join(root, "deep"), { recursive: true });
  await mkdir(join(folder, "library-2"));
  for (const name of ["library/film.mp4", "library/deep/..film.mp4", "library-2/film.mp4", "secret"]) {
    await writeFile(join(folder, name), "x");
  }
  await symlink(join(folder, "secret"), join(root, "out.mp4"));
  await symlink(join(folder, "library-2"), join(root, "out"));
  await symlink("film.mp4", join(root, "in.mp4"));
  await symlink(root, join(folder, "link"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The source as it would be uploaded, or why it is not. */
async function verdict(options: AdmissionOptions, source: unknown): Promise<string> {
  return admission(options)(source, job).then(String, (error: Error) => error.message);
}

describe("roots", () => {
  test.each(["film.mp4", "deep/..film.mp4", "in.mp4", "deep/../film.mp4"])("take %s, which is below", async (name) => {
    expect(await verdict({ roots: [root] }, `${root}/${name}`)).toBe(join(root, name));
    expect(await verdict({ roots: [join(folder, "link")] }, join(root, name))).toBe(join(root, name));
    expect(await verdict({ roots: [root] }, join(folder, "link", name))).not.toBe(join(root, name));
  });

  test.each(["out.mp4", "out/film.mp4", "../secret", "../library-2/film.mp4", "../absent", "", "/../../../etc/passwd"])(
    "refuse %j, which is not",
    async (name) => {
      expect(await verdict({ roots: [root], hosts: ["*"] }, `${root}/${name}`)).toMatch(/^SOURCE_REFUSED: .*roots$/);
    },
  );

  test("say of a file that is not there what is wrong, and find one that comes", async () => {
    await expect(admission({ roots: [root] })(join(root, "none.mp4"), job)).rejects.toMatchObject({
      code: "SOURCE_NOT_FOUND",
      retryable: false,
    });
    expect(await verdict({ roots: [join(folder, "not mounted"), root] }, join(root, "film.mp4"))).toContain("film.mp4");
  });

  test.each(["film.mp4", "file:///etc/passwd", "ftp://h/x", 5, null, undefined, {}, "/a\0b", "https://["])(
    "refuse %j, which is neither a full path nor a URL",
    async (source) => {
      expect(await verdict({ roots: ["/"], hosts: ["*"] }, source)).toMatch(/^SOURCE_REFUSED: (?:a|the) source /);
    },
  );
});

describe("hosts", () => {
  test.each([
    ["https://media.example.com/a.mp4", true],
    ["HTTPS://MEDIA.example.com:443/a.mp4", true],
    ["http://a.cdn.example.com/a.mp4", true],
    ["http://127.0.0.1:8080/a.mp4", true],
    ["http://127.0.0.1:6379/", false],
    ["http://127.0.0.1/", false],
    ["http://0x7f.1:6379/", false],
    ["https://media.example.com:8443/a.mp4", false],
    ["https://media.example.com.evil.net/a.mp4", false],
    ["https://evil-cdn.example.com/", false],
    ["https://cdn.example.com/", false],
    ["https://media.example.com@169.254.169.254/meta", false],
  ])("of %s: %s", async (source, isTaken) => {
    const said = await verdict({ hosts: ["media.example.com", "*.cdn.example.com", "127.0.0.1:8080"] }, source);
    if (isTaken) expect(said).toBe(new URL(source).href);
    else expect(said).toMatch(/^SOURCE_REFUSED: .*hosts$/);
  });

  test("a refusal shows no secret of the URL", async () => {
    const said = await verdict({ hosts: [] }, "https://user:pass@h/film.mp4?sign=secret#x");
    expect(said).toContain("https://h/film.mp4:");
    expect(said).not.toMatch(/user|pass|secret/);
  });
});

describe("accept", () => {
  test("is asked of what the lists let pass, and of all where there are none", async () => {
    const asked: string[] = [];
    const accept = (source: string | URL): boolean => asked.push(String(source)) > 0;
    const film = join(root, "film.mp4");
    await verdict({ roots: [root], accept }, join(folder, "secret"));
    expect(asked).toEqual([]);
    await verdict({ roots: [root], accept }, film);
    await verdict({ roots: [root], accept }, "https://h/a.mp4");
    await verdict({ hosts: ["h"], accept }, film);
    expect(asked).toEqual([film]);
    await verdict({ accept }, "https://h/a.mp4");
    expect(asked).toEqual([film, "https://h/a.mp4"]);
  });

  test("refuses with its reason, and what it throws is no refusal", async () => {
    expect(await verdict({ accept: () => false }, "/a")).toBe("SOURCE_REFUSED: /a: accept() answered false");
    expect(await verdict({ accept: async () => "not in the catalogue" }, "/a")).toMatch(/^SOURCE_REFUSED.*catalogue$/);
    const away = new Error("the catalogue is away");
    await expect(admission({ accept: () => Promise.reject(away) })("/a", job)).rejects.toBe(away);
  });
});

test("a worker that would take nothing, or whose lists are malformed, does not start", () => {
  expect(() => admission({})).toThrow(/roots .*hosts .*accept/);
  expect(() => admission({ roots: ["library"] })).toThrow(/"library"/);
  expect(() => admission({ hosts: ["https://h/"] })).toThrow(/"https:/);
});

describe("a job that is refused", () => {
  test("fails at once, for its cover too, and nothing is asked of the service", async () => {
    const site = await Site.open();
    try {
      site.work({ accept: (source) => !String(source).endsWith("no.mp4") });
      const film = await site.file("film.mp4", content(mib, 1));
      const refusals = await Promise.all(
        [
          { source: join(folder, "secret") },
          { source: film, options: { cover: join(folder, "secret") } },
          { source: "http://169.254.169.254/latest/meta-data" },
          { source: await site.file("no.mp4", content(9, 2)) },
        ].map(async (request) => site.ended(await site.add(request))),
      );
      for (const { failedReason, attemptsMade } of refusals) {
        expect(failedReason).toMatch(/^SOURCE_REFUSED: /);
        expect(attemptsMade).toBe(1);
      }
      expect(site.emulator.requests()).toEqual([]);
      expect((await site.ended(await site.add({ source: film }))).returnvalue.fileId).toBeDefined();
    } finally {
      await site.close();
    }
  });
});

describe("redirectsWithin", () => {
  const from = new URL("https://media.example.com/a.mp4");
  const hosts = ["media.example.com", "*.cdn.example.com", "127.0.0.1:8080"];

  test.each([
    ["https://media.example.com/b.mp4", true],
    ["https://a.cdn.example.com/b.mp4", true],
    ["http://127.0.0.1:8080/b.mp4", true],
    ["http://127.0.0.1/b.mp4", false],
    ["http://169.254.169.254/latest", false],
    ["https://other.example.com/b.mp4", false],
  ])("to %s: %s", async (to, isFollowed) => {
    expect(await redirectsWithin(hosts)?.({ from, to: new URL(to) })).toBe(isFollowed);
  });

  test("leaves it to vodup's own rule without hosts and for all of them", () => {
    expect(redirectsWithin(undefined)).toBeUndefined();
    expect(redirectsWithin(["*", "h"])).toBeUndefined();
  });
});
