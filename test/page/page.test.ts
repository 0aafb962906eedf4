import { readFile } from "node:fs/promises";
import { Agent, createServer, request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { timing } from "../support/timing.ts";
import { withBrowser } from "./support/browser.ts";
import { emulated, media, sendWronglySigned } from "./support/emulated.ts";

const { open } = withBrowser();
const views = ["uploads", "requests", "media", "events", "controls"];

test("an upload is seen part by part, from ApplyUpload to its event", async () => {
  const { emulator, vod } = await emulated();
  const { page, complaints } = await open(`${emulator.origin}/`);
  await page.getByText("No upload yet").waitFor();
  emulator.setFaults([
    { operation: "UploadPart", nth: 2, fault: { kind: "reset-after-effect" } },
    { operation: "UploadPart", fault: { kind: "slow-read", bytesPerSecond: 2 ** 20 } },
  ]);
  const options = { mediaType: "mp4", mediaName: "seen", partSize: 2 ** 20, concurrency: 2 };
  const uploaded = vod.upload(Buffer.alloc(4 * 2 ** 20, 1), options);
  await page.locator(".upload h2", { hasText: "seen" }).waitFor();
  await page.locator(".bar .cell.flight").first().waitFor();
  await page.locator(".bar .cell.sent").first().waitFor();
  const { fileId } = await uploaded;
  await page.locator(".steps .done", { hasText: "Commit" }).waitFor();
  expect(await page.locator(".bar .cell.sent").count()).toBe(4);
  expect(await page.locator(".bar .cell.retried").count()).toBeGreaterThanOrEqual(1);
  expect(await page.locator(".upload").innerText()).toContain(fileId);
  for await (const event of vod.pullEvents({ signal: AbortSignal.timeout(15_000) })) {
    await event.confirm();
    break;
  }
  await page.locator(".steps .done", { hasText: "Event" }).waitFor();
  expect(complaints).toEqual([]);
});

test("a refused signature is explained: mistake, rule, differing line, stages without any key's value", async () => {
  const { emulator } = await emulated();
  await sendWronglySigned(emulator);
  const { page } = await open(`${emulator.origin}/#/requests/1`);
  const mistake = page.locator(".mistake");
  await mistake.waitFor();
  const said = await mistake.innerText();
  expect(said).toContain("host: signed without the port that was sent");
  expect(said).toContain("wire §1.4");
  expect(await page.locator(".difference .right").innerText()).toBe(`host:${new URL(emulator.origin).host}`);
  expect(await page.locator(".difference .wrong").innerText()).toBe("host:127.0.0.1");
  expect(await page.locator(".line.marked").innerText()).toContain(`host:${new URL(emulator.origin).host}`);
  const keys = await page.locator(".keys code").allInnerTexts();
  expect(keys).toEqual(["TC3 + SecretKey", "SecretDate", "SecretService", "SecretSigning"]);
  expect(await page.content()).not.toContain(emulator.secretKey);
});

test("the stored video plays, with its cover as poster", async () => {
  const { emulator, vod } = await emulated();
  const { fileId } = await vod.upload(join(media, "sample.mp4"), { cover: join(media, "cover.jpg") });
  const { page, complaints } = await open(`${emulator.origin}/#/media/${fileId}`);
  const video = page.locator("video");
  await video.waitFor();
  expect(await video.getAttribute("poster")).toMatch(/\.jpg$/);
  await page.waitForFunction(() => document.querySelector<HTMLImageElement>("img.cover")?.naturalWidth);
  await video.evaluate((element: HTMLVideoElement) => {
    element.muted = true;
    return element.play();
  });
  await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 0.3);
  expect(complaints).toEqual([]);
});

test("an HLS folder plays, by the browser's own support or the player", timing, async () => {
  const { emulator, vod } = await emulated();
  const { fileId } = await vod.upload(join(media, "hls/180p.m3u8"));
  const { page } = await open(`${emulator.origin}/#/media/${fileId}`);
  await page.locator("video").evaluate((element: HTMLVideoElement) => {
    element.muted = true;
    element.autoplay = true;
  });
  await page.waitForFunction(
    () => {
      const video = document.querySelector("video");
      // Asked again until it plays: the player may only just be attaching its source.
      if (video?.paused === true) void video.play().catch(() => undefined);
      return (video?.currentTime ?? 0) > 0.2;
    },
    undefined,
    { timeout: 30_000 },
  );
});

test("a fault set by the form then happens", async () => {
  const { emulator, vod } = await emulated();
  const { page } = await open(`${emulator.origin}/#/controls`);
  await page.locator("select[name=operation]").selectOption("ApplyUpload");
  await page.locator("select[name=kind]").selectOption("answer");
  await page.getByLabel("status").fill("503");
  await page.getByRole("button", { name: "Add rule" }).click();
  await page.getByText("ApplyUpload → answer").waitFor();
  await vod.upload(Buffer.from("abc"), { mediaType: "mp4" });
  await page.getByText("struck 1×").waitFor();
  expect(
    emulator
      .requests()
      .filter(({ fault }) => fault === "answer")
      .map(({ status }) => status),
  ).toEqual([503]);
});

test("the clock, the certificates and everything else are turned by buttons", async () => {
  const { emulator, vod } = await emulated();
  const { page, complaints } = await open(`${emulator.origin}/#/controls`);
  await page.getByRole("button", { name: "+1 min" }).click();
  await page.getByText("ahead of this machine").waitFor();
  expect(Math.round((emulator.now() - Date.now()) / 60_000)).toBe(1);

  emulator.setFaults([{ operation: "UploadPart", nth: 1, fault: { kind: "delay", ms: 3000 } }]);
  const uploaded = vod.upload(Buffer.alloc(2 * 2 ** 20), { mediaType: "mp4", partSize: 2 ** 20, concurrency: 1 });
  await expect.poll(() => emulator.requests().map(({ operation }) => operation)).toContain("UploadPart");
  await page.getByRole("button", { name: "Expire all certificates now" }).click();
  await uploaded;
  // The part that was on its way is refused, and the certificate is renewed.
  expect(emulator.requests().filter(({ operation }) => operation === "ApplyUpload")).toHaveLength(2);

  await page.getByRole("button", { name: "Forget everything" }).click();
  await page.getByText("as this machine's").waitFor();
  expect([emulator.media(), emulator.requests().filter(({ api }) => api !== "control")]).toEqual([[], []]);
  await page.goto(`${emulator.origin}/#/uploads`);
  await page.getByText("No upload yet").waitFor();
  expect(complaints).toEqual([]);
});

test("an event is pushed to a receiver of one's own, signed, and sent again", async () => {
  const { emulator } = await emulated();
  const bodies: string[] = [];
  const receiver = createServer((incoming, answer) => {
    incoming.on("data", (chunk: Buffer) => bodies.push(chunk.toString()));
    incoming.on("end", () => answer.end());
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void receiver.close());
  const { page } = await open(`${emulator.origin}/#/events`);
  await page.getByText("Send a test event").click();
  await page.getByLabel("URL of yours").fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`);
  await page.getByLabel("SignKey").fill("k1");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("answered 200").waitFor();
  await page.getByText("Sign/T fits").waitFor();
  expect(JSON.parse(bodies[0] ?? "")).toMatchObject({
    EventType: "NewFileUpload",
    Sign: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test("10,000 requests are scrolled and filtered without a frame over 100 ms", timing, async () => {
  const { emulator } = await emulated();
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  onTestFinished(() => agent.destroy());
  const ask = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      request(`${emulator.origin}/object-${index}`, { agent }, (answer) => {
        answer.resume();
        answer.on("end", resolve);
      })
        .on("error", reject)
        .end();
    });
  for (let at = 0; at < 10_000; at += 200)
    await Promise.all(Array.from({ length: 200 }, (_, index) => ask(at + index)));
  const { page } = await open(`${emulator.origin}/#/requests`);
  await page.getByText("10,000 of 10,000").waitFor();
  await page.getByRole("checkbox", { name: "Follow" }).uncheck();
  expect(await page.getByRole("option").count()).toBeLessThan(200);
  const longest = await page.evaluate(async () => {
    const list = document.querySelector(".list");
    if (list === null) throw new Error("no list");
    let [worst, last] = [0, performance.now()];
    for (let step = 0; step < 120; step++) {
      list.scrollTop = ((step * 37) % 120) * (list.scrollHeight / 120);
      const now = await new Promise<number>((resolve) => requestAnimationFrame(() => resolve(performance.now())));
      if (step > 5) worst = Math.max(worst, now - last);
      last = now;
    }
    return worst;
  });
  expect(longest).toBeLessThan(100);
  await page.getByRole("searchbox").fill("object-9999");
  await page.getByText("1 of 10,000").waitFor();
});

test("by keyboard alone: views, filter, list, one request, back", async () => {
  const { emulator, vod } = await emulated();
  await vod.upload(Buffer.from("abc"), { mediaType: "mp4" });
  const { page } = await open(`${emulator.origin}/`);
  await page.locator(".upload").waitFor();
  for (const [index, view] of views.entries()) {
    await page.keyboard.press(String(index + 1));
    await page.locator(`nav a[aria-current="page"][href="#/${view}"]`).waitFor();
  }
  await page.keyboard.press("/");
  await page.locator("input[type=search]:focus").waitFor();
  await page.keyboard.type("CommitUpload");
  await page.getByText(/^1 of /).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.locator(".list:focus").waitFor();
  await page.keyboard.press("j");
  await page.locator(".whole h2", { hasText: "CommitUpload" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("Select a request").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

describe("accessibility", () => {
  const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  const looks = [
    { colorScheme: "light", width: 1280, locale: "en-US" },
    { colorScheme: "dark", width: 360, locale: "ko-KR" },
  ] as const;
  test.each(looks)("axe finds nothing in any view: %j", async (look) => {
    const { emulator, vod } = await emulated();
    await vod.upload(join(media, "sample.mp4"), { cover: join(media, "cover.jpg"), mediaName: "sample" });
    await sendWronglySigned(emulator);
    emulator.setFaults([{ operation: "PutObject", nth: 9, fault: { kind: "hang" } }]);
    const wrong = emulator.requests().at(-1)?.id;
    const { page, complaints } = await open(`${emulator.origin}/`, look);
    const script = await readFile(axe, "utf8");
    for (const view of [...views, `requests/${wrong}`, `media/${emulator.media()[0]?.fileId}`]) {
      await page.goto(`${emulator.origin}/#/${view}`);
      await page.locator("main .view > :not(h1):visible").first().waitFor();
      if (view.startsWith("requests/")) await page.locator(".whole").waitFor();
      await page.evaluate(script);
      const found = await page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: { run(): Promise<AxeRun> } }).axe.run();
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
      });
      expect([view, found]).toEqual([view, []]);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect([view, wider]).toEqual([view, 0]);
    }
    expect(complaints).toEqual([]);
  });
});

interface AxeRun {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

test("a page of another origin reads and changes nothing", async () => {
  const { emulator } = await emulated();
  const site = createServer((_incoming, answer) =>
    answer.setHeader("content-type", "text/html").end("<title>elsewhere</title>"),
  );
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void site.close());
  const { page } = await open(`http://localhost:${(site.address() as AddressInfo).port}/`);
  const before = emulator.now();
  const seen = await page.evaluate(async (origin) => {
    const tries: [string, RequestInit][] = [
      ["/requests", {}],
      ["/_vodup/secret", { headers: { "X-Vodup-Control": "1" } }],
      ["/clock", { method: "POST", mode: "no-cors", body: '{"advanceMs":3600000}' }],
      [
        "/faults",
        {
          method: "PUT",
          headers: { "Content-Type": "application/json" },
          body: '[{"operation":"*","fault":{"kind":"hang"}}]',
        },
      ],
    ];
    const got: string[] = [];
    for (const [path, init] of tries) {
      got.push(
        await fetch(origin + path, init)
          .then(async (answer) => `${answer.status} ${await answer.text()}`)
          .catch(() => "refused"),
      );
    }
    return got;
  }, emulator.origin);
  expect(seen).toEqual(Array(4).fill("refused"));
  expect(emulator.now() - before).toBeLessThan(600_000);
  expect(emulator.faults()).toEqual([]);
  expect(emulator.requests()).toEqual([]);
});

test("the player comes packed, and plain where gzip is not taken", async () => {
  const { emulator } = await emulated();
  const lengthOf = (headers: Record<string, string>): Promise<[string | undefined, number]> =>
    new Promise((resolve, reject) => {
      request(`${emulator.origin}/_vodup/vendor/hls.js`, { headers }, (answer) => {
        let length = 0;
        answer.on("data", (chunk: Buffer) => (length += chunk.length));
        answer.on("end", () => resolve([answer.headers["content-encoding"], length]));
      })
        .on("error", reject)
        .end();
    });
  const [packed, packedLength] = await lengthOf({ "accept-encoding": "gzip, br" });
  const [plain, plainLength] = await lengthOf({});
  expect([packed, plain]).toEqual(["gzip", undefined]);
  expect(plainLength).toBeGreaterThan(2 * packedLength);
});
