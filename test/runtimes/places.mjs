// Where steps.mjs is run: every row of docs/runtimes.md. A place says how a program of somebody's is started there, and
// makes what it needs in a folder of its own below the project that has vodup installed.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { binaryOf, supported, versionOf } from "../nodes/binaries.mjs";

const here = import.meta.dirname;
const [ownMajor] = process.versions.node.split(".");
const tool = (name) => join(here, "node_modules/.bin", name);
const installed = createRequire(join(here, "package.json"));
const versionFrom = (name) => installed(`${name}/package.json`).version;

const program = `import { runSteps } from "./steps.mjs";
runSteps(JSON.parse(process.env.VODUP_SETTING), process.env.VODUP_WHICH);
`;
const steps = (folder, name = "steps.mjs") => cpSync(join(here, "steps.mjs"), join(folder, name));
const write = (folder, files) => {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
};

/** A module in the project itself, which is what Node, Bun, Deno and the bundlers are given. */
function inProject({ project }) {
  write(project, { "program.mjs": program });
  steps(project);
  return join(project, "program.mjs");
}

/** A second project, of CommonJS, with the same packages. */
function commonJsProject({ project }, name) {
  const folder = join(dirname(project), name);
  write(folder, { "package.json": JSON.stringify({ name, private: true }) });
  symlinkSync(join(project, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** A folder from which no package is found: nothing but what the bundler wrote. */
const bundleFolder = ({ folder }, name) => join(folder, "bundles", name);

const runtime = (name, binary, args = []) => ({
  name,
  version: () => versionOf(binary())?.replace(/^v|^deno | \(.*|\n[^]*/g, ""),
  prepare: (place) => [binary(), ...args, inProject(place)],
  command: () => [binary(), ...args],
});

const bannerOfModules = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;

const esbuilt = (format, banner) => ({
  name: `esbuild, ${format === "esm" ? "module" : "CommonJS"}`,
  version: () => createRequire(import.meta.url)("esbuild/package.json").version,
  setting: banner === undefined ? undefined : "a banner that defines `require`: undici is CommonJS",
  prepare: async (place) => {
    const outfile = join(bundleFolder(place, `esbuild-${format}`), format === "esm" ? "program.mjs" : "program.cjs");
    const shared = { bundle: true, platform: "node", minify: true, logLevel: "warning" };
    await build({ ...shared, entryPoints: [inProject(place)], outfile, format, banner: { js: banner ?? "" } });
    return [process.execPath, outfile];
  },
});

export const places = [
  runtime(`Node ${ownMajor}`, () => process.execPath),
  ...supported.filter((major) => major !== ownMajor).map((major) => runtime(`Node ${major}`, () => binaryOf(major))),
  runtime("Bun", () => tool("bun")),
  runtime("Deno", () => tool("deno"), ["run", "--allow-all", "--quiet"]),
  {
    name: "tsx, module",
    version: () => versionFrom("tsx"),
    prepare: ({ project }) => {
      write(project, { "program.ts": program.replace(".mjs", ".ts") });
      steps(project, "steps.ts");
      return [process.execPath, tool("tsx"), join(project, "program.ts")];
    },
  },
  {
    name: "tsx, CommonJS",
    version: () => versionFrom("tsx"),
    prepare: (place) => {
      const folder = commonJsProject(place, "tsx-commonjs");
      write(folder, { "program.ts": program.replace(".mjs", ".ts") });
      steps(folder, "steps.ts");
      return [process.execPath, tool("tsx"), join(folder, "program.ts")];
    },
  },
  esbuilt("esm", bannerOfModules),
  esbuilt("cjs"),
  {
    name: "rollup",
    version: () => versionFrom("rollup"),
    setting:
      '`preferBuiltins` for node-resolve; `ignore: ["node:sqlite"]` for commonjs on Node 20; `inlineDynamicImports`',
    prepare: async (place) => {
      const [{ rollup }, resolve, commonjs, json] = ["rollup", "node-resolve", "commonjs", "json"].map((name, index) =>
        index === 0
          ? installed(name)
          : (installed(`@rollup/plugin-${name}`).default ?? installed(`@rollup/plugin-${name}`)),
      );
      const bundle = await rollup({
        input: inProject(place),
        plugins: [
          resolve({ preferBuiltins: true, exportConditions: ["node"] }),
          commonjs({ ignore: ["node:sqlite"] }),
          json(),
        ],
        onwarn: () => {},
      });
      const file = join(bundleFolder(place, "rollup"), "program.mjs");
      await bundle.write({ file, format: "es", inlineDynamicImports: true });
      return [process.execPath, file];
    },
  },
  {
    name: "webpack",
    version: () => versionFrom("webpack"),
    setting: '`target: "node"`',
    prepare: async (place) => {
      const webpack = installed("webpack");
      const path = bundleFolder(place, "webpack");
      const output = { path, filename: "program.cjs" };
      const options = { mode: "production", target: "node20", entry: inProject(place), output, context: place.project };
      const stats = await new Promise((resolve, reject) =>
        webpack(options, (error, done) => (error === null ? resolve(done) : reject(error))),
      );
      if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));
      return [process.execPath, join(path, "program.cjs")];
    },
  },
  {
    name: "Parcel",
    version: () => versionFrom("parcel"),
    setting: "`packageExports`; `context` and `includeNodeModules`; `alias` on Node 20 (below)",
    prepare: (place) => {
      const folder = commonJsProject(place, "parcel");
      const distDir = bundleFolder(place, "parcel");
      const target = { context: "node", includeNodeModules: true, outputFormat: "commonjs", distDir };
      const settings = { targets: { program: target }, alias: { "node:sqlite": false } };
      Object.assign(settings, { "@parcel/resolver-default": { packageExports: true } });
      write(folder, { "package.json": JSON.stringify({ private: true, ...settings }), "program.mjs": program });
      steps(folder);
      const cache = ["--no-cache", "--no-source-maps", "--config", installed.resolve("@parcel/config-default")];
      execFileSync(tool("parcel"), ["build", "program.mjs", ...cache], { cwd: folder, stdio: "pipe" });
      return [process.execPath, join(distDir, "program.js")];
    },
  },
  {
    name: "vitest, fake timers",
    setting: "`toFake` without `setImmediate` (below)",
    version: () => createRequire(import.meta.url)("vitest/package.json").version,
    prepare: ({ project, root }) => {
      const folder = join(project, "vitest");
      const text = `import { test, vi } from "vitest";
import { runSteps } from "./steps.mjs";
test("steps", { timeout: 60_000 }, async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  await runSteps(JSON.parse(process.env.VODUP_SETTING), process.env.VODUP_WHICH);
});
`;
      write(folder, { "steps.test.mjs": text, "package.json": JSON.stringify({ type: "module", private: true }) });
      steps(folder);
      mkdirSync(join(folder, "node_modules"), { recursive: true });
      for (const name of ["vitest", "vite"]) {
        symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
      }
      return [process.execPath, join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", folder];
    },
  },
  {
    name: "Jest, modules, fake timers",
    version: () => versionFrom("jest"),
    setting: "`NODE_OPTIONS=--experimental-vm-modules`; `doNotFake`",
    prepare: (place) => {
      const folder = join(place.project, "jest-modules");
      const text = `import { jest, test } from "@jest/globals";
import { runSteps } from "./steps.mjs";
test("steps", async () => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask", "setImmediate", "clearImmediate"] });
  await runSteps(JSON.parse(process.env.VODUP_SETTING), process.env.VODUP_WHICH);
}, 60_000);
`;
      const config = { testMatch: ["**/*.test.mjs"], transform: {} };
      write(folder, {
        "steps.test.mjs": text,
        "package.json": JSON.stringify({ type: "module", private: true, jest: config }),
      });
      steps(folder);
      return [
        process.execPath,
        "--experimental-vm-modules",
        "--no-warnings",
        tool("jest"),
        "--config",
        join(folder, "package.json"),
      ];
    },
  },
  {
    name: "Jest, CommonJS, fake timers",
    version: () => versionFrom("jest"),
    setting: "`transform` and `transformIgnorePatterns` (below); `doNotFake`",
    prepare: async (place) => {
      const folder = commonJsProject(place, "jest-commonjs");
      const text = `const { runSteps } = require("./steps.cjs");
test("steps", async () => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask", "setImmediate", "clearImmediate"] });
  await runSteps(JSON.parse(process.env.VODUP_SETTING), process.env.VODUP_WHICH);
}, 60_000);
`;
      const presets = [[installed.resolve("@babel/preset-env"), { targets: { node: "current" } }]];
      const jest = {
        transform: { "\\.js$": ["babel-jest", { presets }] },
        transformIgnorePatterns: ["/node_modules/(?!(vodup|p-limit|yocto-queue)/)"],
      };
      write(folder, {
        "steps.test.js": text,
        "package.json": JSON.stringify({ name: "jest-commonjs", private: true, jest }),
      });
      const entryPoints = [join(here, "steps.mjs")];
      await build({ entryPoints, outfile: join(folder, "steps.cjs"), format: "cjs", platform: "node" });
      return [process.execPath, tool("jest"), "--config", join(folder, "package.json")];
    },
  },
  {
    name: "worker threads",
    version: () => process.versions.node,
    prepare: (place) => {
      inProject(place);
      const text = `import { Worker } from "node:worker_threads";
new Worker(new URL("./program.mjs", import.meta.url)).on("exit", (code) => (process.exitCode = code));
`;
      write(place.project, { "worker.mjs": text });
      return [process.execPath, join(place.project, "worker.mjs")];
    },
  },
  {
    name: "cluster",
    version: () => process.versions.node,
    prepare: (place) => {
      const text = `import cluster from "node:cluster";
if (cluster.isPrimary) cluster.fork().on("exit", (code) => (process.exitCode = code));
else {
  const { runSteps } = await import("./steps.mjs");
  await runSteps(JSON.parse(process.env.VODUP_SETTING), process.env.VODUP_WHICH);
  process.disconnect();
}
`;
      inProject(place);
      write(place.project, { "cluster.mjs": text });
      return [process.execPath, join(place.project, "cluster.mjs")];
    },
  },
];
