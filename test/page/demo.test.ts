import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { withBrowser } from "./support/browser.ts";

const { open } = withBrowser();

/** `npm run demo -- --stay`, until its page's link is printed. */
async function demo(): Promise<{ origin: string; fileId: string; end: () => Promise<number | null> }> {
  const script = join(import.meta.dirname, "../../scripts/demo.mjs");
  const child = spawn(process.execPath, [script, "--stay"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => void child.once("exit", resolve));
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    text += String(chunk);
    const origin = /page +(http:\S+\d)\/ shows/.exec(text)?.[1];
    const fileId = /FileId (\d+)/.exec(text)?.[1];
    if (origin === undefined || fileId === undefined) continue;
    const end = (): Promise<number | null> => {
      child.kill("SIGINT");
      return ended;
    };
    return { origin, fileId, end };
  }
  throw new Error(`the demo ended before its link: ${text}`);
}

test("npm run demo -- --stay: the link shows the upload, its requests and event, and the video plays", async () => {
  const { origin, fileId, end } = await demo();
  const { page, complaints } = await open(`${origin}/`);
  await page.locator(".upload", { hasText: fileId }).waitFor();
  await page.locator(".steps .done", { hasText: "Event" }).waitFor();
  await page.goto(`${origin}/#/requests`);
  await page.locator("[role=option]", { hasText: "CommitUpload" }).click();
  await page.getByText("CanonicalRequest").first().waitFor();
  await page.goto(`${origin}/#/media/${fileId}`);
  const video = page.locator("video");
  await video.waitFor();
  expect(await video.getAttribute("poster")).toMatch(/\/.+/);
  await video.evaluate((element: HTMLVideoElement) => {
    element.muted = true;
    return element.play();
  });
  await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 0.2);
  expect(complaints).toEqual([]);
  expect(await end()).toBe(0);
});
