// node scripts/emulator-picture.mjs: docs/emulator.png, the emulator's page in a real browser (Debian's chromium) after two
// uploads. The built package is what it shows: npm run build first.
import { join } from "node:path";
import { chromium } from "playwright-core";

const root = join(import.meta.dirname, "..");
const { VodClient } = await import("../dist/index.js");
const { startEmulator } = await import("../dist/emulator/index.js");

const emulator = await startEmulator({});
const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
const vod = new VodClient({ credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint });
await vod.upload(join(root, "fixtures/media/sample.mp4"), { cover: join(root, "fixtures/media/cover.jpg") });
await vod.upload(Buffer.alloc(6e6, 7), { mediaType: "mp4", mediaName: "film", partSize: 2 ** 20 });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
const page = await browser.newPage({ viewport: { width: 1000, height: 560 }, colorScheme: "light" });
await page.goto(`${emulator.origin}/#/requests`);
await page.locator("[role=option]").first().waitFor();
for (const key of ["j", "j"]) await page.keyboard.press(key);
await page.locator(".whole h2").waitFor();
await page.screenshot({ path: join(root, "docs/emulator.png") });
await browser.close();
await vod.close();
await emulator.close();
