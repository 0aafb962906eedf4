import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { reachableModules } from "../../scripts/command.mjs";
import { reachableDeclarations } from "../../scripts/declarations.mjs";
import { root } from "./commands.ts";
import { expectInRepository, linksOf } from "./links.ts";

const packed = inject("packed");
const paths = packed.files.map(({ path }) => path);
/** The emulator's page takes up to half a megabyte of it, most of that the player; the one file of the command 0.7. */
const unpackedBudget = 2_500_000;
const commandBudget = 900_000;
const mostDeclarations = 140;

async function expectedFiles(): Promise<string[]> {
  const lines = (await readFile(join(import.meta.dirname, "files.txt"), "utf8")).split("\n");
  const named = lines.filter((line) => line !== "" && !line.startsWith("#"));
  const installed = join(packed.project, "node_modules/vodup");
  const { exports } = await installedManifest();
  const modules = [...(await reachableModules(join(installed, "dist"), exports))].map((path) => `dist/${path}`);
  const isThere = (line: string): boolean => {
    const [library] = /^dist\/vendor\/[^/]+\//.exec(line) ?? [];
    return library === undefined || modules.some((path) => path.startsWith(library));
  };
  const expected = named.filter(isThere).flatMap((line) => (line === "src/**/*.ts" ? modules : [line]));
  return [...new Set(expected)].sort();
}

interface Manifest {
  readonly exports: Record<string, { types?: string; default?: string }>;
}

async function installedManifest(): Promise<Manifest> {
  const text = await readFile(join(packed.project, "node_modules/vodup/package.json"), "utf8");
  return JSON.parse(text) as Manifest;
}

describe("the tarball", () => {
  test("holds exactly the files of files.txt", async () => {
    const others = paths.filter((path) => !path.endsWith(".d.ts"));
    expect(others.sort()).toEqual(await expectedFiles());
  });

  test(`has the declarations that its entry points lead to, no others, and at most ${mostDeclarations} of them`, async () => {
    const installed = join(packed.project, "node_modules/vodup");
    const { exports } = await installedManifest();
    const reached = await reachableDeclarations(join(installed, "dist"), exports);
    const published = paths.filter((path) => path.endsWith(".d.ts")).map((path) => path.replace(/^dist\//, ""));
    expect(published.sort()).toEqual([...reached].sort());
    expect(published.length).toBeLessThanOrEqual(mostDeclarations);
  });

  test(`takes at most ${unpackedBudget} bytes unpacked`, () => {
    expect(packed.unpackedSize).toBeGreaterThan(100_000);
    expect(packed.unpackedSize).toBeLessThanOrEqual(unpackedBudget);
  });

  test(`has a command of at most ${commandBudget} bytes, with the licences of what it has of others`, async () => {
    const { size } = packed.files.find(({ path }) => path === "dist/cli/vodup.js") ?? { size: Infinity };
    expect(size).toBeLessThanOrEqual(commandBudget);
    const licences = await readFile(join(packed.project, "node_modules/vodup/dist/cli/LICENSES.txt"), "utf8");
    for (const name of ["csv-parse", "p-limit", "picomatch", "smol-toml", "undici", "yocto-queue"]) {
      expect(licences).toMatch(new RegExp(`^${name} \\d+\\.`, "m"));
    }
    expect(licences.match(/Permission is hereby granted, free of charge|Redistribution and use/g)).toHaveLength(6);
  });

  test("names no file of this machine and holds no secret-looking text", async () => {
    const installed = join(packed.project, "node_modules/vodup");
    for (const { path } of packed.files) {
      const text = await readFile(join(installed, path), "utf8");
      expect(text, path).not.toContain(root);
      expect(text, path).not.toMatch(/AKID[0-9A-Za-z]{32}/);
    }
  });

  describe("its links lead somewhere where it is read", () => {
    const installed = join(packed.project, "node_modules/vodup");
    const pages = packed.files.map(({ path }) => path).filter((path) => path.endsWith(".md"));
    const declarations = packed.files.map(({ path }) => path).filter((path) => path.endsWith(".d.ts"));

    test.each(pages)("%s", async (page) => {
      const text = await readFile(join(installed, page), "utf8");
      const links = linksOf(text);
      expect(links.filter((link) => !/^(https:|#)/.test(link))).toEqual([]);
      for (const link of links) await expectInRepository(link);
      // The page that was packed is not the page of the repository, which is untouched.
      expect(await readFile(join(root, page), "utf8")).not.toContain("/blob/v");
    });

    test("the declarations", async () => {
      let links = 0;
      for (const path of declarations) {
        const text = await readFile(join(installed, path), "utf8");
        expect(text, path).not.toMatch(/(?<![\w/])docs\/[\w-]+\.md/);
        for (const [link] of text.matchAll(/https:\/\/github\.com\/[^\s)"`,;]+/g)) {
          links += 1;
          await expectInRepository(link.replace(/[.:]$/, ""));
        }
      }
      expect(links).toBeGreaterThan(0);
    });
  });
});
