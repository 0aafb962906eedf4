import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

/** Nothing of Chromium's own may call anybody; it runs as root in containers, so without its sandbox. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

export interface Opened {
  readonly page: Page;
  /** What the browser complained about: exceptions, refused loads, requests to other hosts. */
  readonly complaints: string[];
}

/** One Chromium (Debian's, or `CHROMIUM`) for the tests of a file; `open` gives a page of a fresh profile. */
export function withBrowser(): { open(url: string, options?: OpenOptions): Promise<Opened> } {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: flags });
  });
  afterAll(() => browser.close());
  return {
    open: async (url, { width = 1280, height = 800, colorScheme = "light", locale = "en-US" } = {}) => {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale });
      const page = await context.newPage();
      const complaints: string[] = [];
      const { host } = new URL(url);
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (said) => {
        if (said.type() === "error") complaints.push(said.text());
      });
      page.on("request", (request) => {
        const asked = new URL(request.url());
        if (/^https?:$/.test(asked.protocol) && asked.host !== host) complaints.push(`asked ${request.url()}`);
      });
      await page.goto(url);
      return { page, complaints };
    },
  };
}

interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  readonly locale?: string;
}
