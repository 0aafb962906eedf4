import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { root } from "../support/markdown.ts";
import { withBrowser } from "./support/browser.ts";

const { open } = withBrowser();

test("the README's recording moves, and stands still on its last frame for readers who want that", async () => {
  const { page, complaints } = await open(pathToFileURL(join(root, "docs/vodup.svg")).href, {
    width: 900,
    height: 240,
  });
  const strip = page.locator(".strip");
  const at = (): Promise<string> => strip.evaluate((element) => getComputedStyle(element).transform);
  const first = await at();
  await expect.poll(at, { timeout: 5_000 }).not.toBe(first);
  await page.emulateMedia({ reducedMotion: "reduce" });
  const box = await page.locator("text", { hasText: "sent earlier" }).boundingBox();
  expect(box?.y).toBeGreaterThan(0);
  expect(box?.y).toBeLessThan(200);
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThan(840);
  expect(complaints).toEqual([]);
});
