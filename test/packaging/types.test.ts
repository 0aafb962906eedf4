import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { run, succeed } from "./commands.ts";

/** The oldest, the last of the JavaScript line and the present TypeScript. */
const compilers = { "5.4": "typescript@~5.4.0", "5.9": "typescript@~5.9.0", "7": "typescript@^7.0.0" };

const { tarball } = inject("packed");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-types-"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const aliases = Object.entries(compilers).map(([version, spec]) => `typescript-${version}@npm:${spec}`);
  await succeed("npm", ["install", "--no-audit", "--no-fund", tarball, "@types/node@22", ...aliases], folder);
  await copyFile(join(import.meta.dirname, "consumer/consumer.ts"), join(folder, "consumer.ts"));
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
