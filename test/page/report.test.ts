import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCli } from "../cli/support/built-cli.ts";
import { withBrowser } from "./support/browser.ts";

const { open } = withBrowser();
let folder: string;

/** Of the whole of core, by a client that signs the path as it is sent. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-report-page-"));
  const uploader = join(import.meta.dirname, "../conformance/mutants/uploader.mjs");
  const args = [builtCli(), "conformance", "--html", join(folder, "report.html"), "--", process.execPath, uploader];
  await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, MUTANT: "cos-path-encoded" },
    timeout: 60_000,
  }).catch((error: { code?: unknown }) => {
    if (error.code !== 1) throw error;
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const looks = [
  { colorScheme: "light", width: 1280 },
  { colorScheme: "dark", width: 360 },
] as const;

test.each(looks)("a judge's report is read without a script, by everybody: %j", async (look) => {
  const { page, complaints } = await open(pathToFileURL(join(folder, "report.html")).href, look);
  await page.getByRole("link", { name: "encodings-path FAIL" }).click();
  const failed = page.locator("#encodings-path");
  expect(await failed.locator(".signed mark").innerText()).toContain("%EB%B4%84");
  const request = failed.locator("details", { hasText: "Request 2, PutObject" });
  await request.locator("summary").press("Enter");
  expect(await request.locator("pre").innerText()).toMatch(/^PUT \/%EB%B4%84/);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wider).toBeLessThanOrEqual(0);
  expect(complaints).toEqual([]);
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: { run(): Promise<AxeRun> } }).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  });
  expect(found).toEqual([]);
});

interface AxeRun {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}
