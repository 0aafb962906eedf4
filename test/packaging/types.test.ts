import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { run, succeed } from "./commands.ts";

/** The oldest, the last of the JavaScript line and the present TypeScript. */
const compilers = { "5.4": "typescript@~5.4.0", "5.9": "typescript@~5.9.0", "7": "typescript@^7.0.0" };

/** dispatchers.ts gives dispatchers of other majors of undici, whose own types need a recent TypeScript. */
const files = ["consumer.ts", "dispatchers.ts"];

const { tarball } = inject("packed");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-types-"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const aliases = Object.entries(compilers).map(([version, spec]) => `typescript-${version}@npm:${spec}`);
  const others = ["undici-6@npm:undici@^6", "undici-8@npm:undici@^8"];
  await succeed(
    "npm",
    ["install", "--no-audit", "--no-fund", tarball, "@types/node@22", ...aliases, ...others],
    folder,
  );
  for (const file of files) await copyFile(join(import.meta.dirname, "consumer", file), join(folder, file));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(Object.keys(compilers))("the published types under TypeScript %s", (version) => {
  describe.each(["nodenext", "bundler"])("module resolution %s", (resolution) => {
    test.each([true, false])("exactOptionalPropertyTypes %s, library files checked too", async (exact) => {
      const project = join(folder, `${version}-${resolution}-${exact}`);
      await mkdir(project);
      const compilerOptions = {
        target: "es2022",
        lib: ["es2022"],
        types: ["node"],
        module: resolution === "bundler" ? "esnext" : "nodenext",
        moduleResolution: resolution,
        strict: true,
        exactOptionalPropertyTypes: exact,
        skipLibCheck: false,
        noEmit: true,
      };
      await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["../consumer.ts"] }));
      const compiler = join(folder, "node_modules", `typescript-${version}`, "bin/tsc");
      const outcome = await run(process.execPath, [compiler, "-p", project, "--pretty", "false"], folder);
      expect(outcome.stdout).toBe("");
      expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
    });
  });
});

test("dispatchers of undici 6 and 8 are taken as those of 7", async () => {
  const project = join(folder, "dispatchers");
  await mkdir(project);
  const compilerOptions = { target: "es2023", types: ["node"], module: "nodenext", strict: true, skipLibCheck: true };
  const config = { compilerOptions: { ...compilerOptions, noEmit: true }, files: ["../dispatchers.ts"] };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(folder, "node_modules/typescript-5.9/bin/tsc");
  expect(await run(process.execPath, [compiler, "-p", project, "--pretty", "false"], folder)).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
});
