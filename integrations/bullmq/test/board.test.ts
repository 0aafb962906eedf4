import { once } from "node:events";
import { type IncomingMessage, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Opened } from "../../../test/page/support/browser.ts";
import { withBrowser } from "../../../test/page/support/browser.ts";
import { type Board, shown, startBoard } from "../src/board.ts";
import { eventually } from "./support/eventually.ts";
import { content } from "./support/seeded.ts";
import { Site, mib } from "./support/site.ts";

const { open } = withBrowser();
let site: Site;
let board: Board;

beforeEach(async () => {
  site = await Site.open();
  board = await startBoard({ queue: site.queue, port: 0, names: ["uploads.example.com"] });
});
afterEach(async () => {
  await board.close();
  await site.close();
});

/** Shows jobs of a state; Bull Board opens on a list of its queues. */
const openState = (state: string, width = 1280): Promise<Opened> =>
  open(`${board.url}/queue/vodup?status=${state}`, { width });

/** Where VODUP_BOARD_PICTURES names a folder, what the browser shows is kept there to be looked at. */
async function picture({ page }: Opened, name: string): Promise<void> {
  const folder = process.env["VODUP_BOARD_PICTURES"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}

/** `fetch` sets no Host and no Sec-Fetch-Site; browsers do. */
async function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  const asked = request(`${board.url}${path}`, { method, headers });
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

describe("the page in a browser", () => {
  test("shows jobs by state, with their reasons and results, and a failed one is retried by a click", async () => {
    site.work();
    const film = await site.file("film.mp4", content(2 * mib, 1));
    const done = await site.ended(await site.add({ source: film, options: { mediaName: "A film" } }));
    const failed = await site.add({ source: `${site.folder}/late.mp4` });
    expect((await site.ended(failed)).failedReason).toMatch(/^SOURCE_NOT_FOUND/);

    const completed = await openState("completed");
    await completed.page
      .getByText(done.id ?? "")
      .first()
      .waitFor();
    await picture(completed, "completed");
    expect(await completed.page.locator("body").innerText()).toContain("vodup");
    expect(completed.complaints).toEqual([]);

    const { page, complaints } = await openState("failed");
    await page.getByText("SOURCE_NOT_FOUND").first().waitFor();
    await picture({ page, complaints }, "failed");
    await site.file("late.mp4", content(9, 2));
    await page.getByRole("button", { name: "Clean all" }).click();
    await page.getByRole("button", { name: "Confirm" }).click();
    await page
      .getByText(/nothing else|403/)
      .first()
      .waitFor();
    await picture({ page, complaints }, "refused");
    expect(await site.queue.getJobState(failed.id ?? "")).toBe("failed");
    await page.getByRole("button", { name: "Retry all" }).click();
    await page.getByRole("button", { name: "Confirm" }).click();
    await eventually("it is uploaded", async () => (await site.queue.getJobState(failed.id ?? "")) === "completed");
  });

  test("shows no certificate and no query of a URL", async () => {
    site.emulator.setFaults([{ operation: "UploadPart", partNumber: 2, times: 1, fault: { kind: "hang" } }]);
    const signed = createServer((_request, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
    await once(signed, "listening");
    const { port } = signed.address() as AddressInfo;
    site.work({ hosts: ["*"] });
    await site.ended(await site.add({ source: `http://user:word@127.0.0.1:${port}/lesson.mp4?sign=secret` }));
    signed.close();
    const job = await site.add({ source: await site.file("film.mp4", content(4 * mib, 3)) });
    const held = async (): Promise<string> => JSON.stringify((await site.job(job.id)).data.checkpoint ?? "");
    const secrets = site.emulator.secrets().filter((secret) => secret !== "");
    await eventually("Redis holds a certificate", async () => {
      const text = await held();
      return site.emulator.secrets().some((secret) => secret !== "" && text.includes(secret));
    });
    for (const state of ["active", "failed"]) {
      const { page } = await openState(state);
      await page
        .getByText(state === "active" ? (job.id ?? "") : "lesson.mp4")
        .first()
        .waitFor();
      await picture({ page, complaints: [] }, `secrets-${state}`);
    }
    const answers = await Promise.all(
      ["active", "failed"].map(async (state) => {
        const answer = await fetch(`${board.url}/api/queues?activeQueue=vodup&status=${state}&page=1&jobsPerPage=10`);
        return answer.text();
      }),
    );
    const all = answers.join();
    expect(all).toContain("lesson.mp4");
    expect(all).toContain(job.id);
    const leaked = [...secrets, ...site.emulator.secrets(), "sign=secret", "user:word"];
    expect(leaked.filter((secret) => secret !== "" && all.includes(secret))).toEqual([]);
  });
});

describe("the page's answers", () => {
  test("confine it to its own host by a Content-Security-Policy, on every path", async () => {
    for (const path of ["/", "/queue/vodup", "/api/queues", "/static/favicon.ico", "/none"]) {
      const answer = await fetch(board.url + path);
      await answer.arrayBuffer();
      const policy = answer.headers.get("content-security-policy") ?? "";
      expect(policy.split("; ")).toContain("default-src 'none'");
      expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("x-powered-by")).toBeNull();
    }
  });

  test("are for known names only, and change little, and that not for other sites", async () => {
    const retry = "/api/queues/vodup/retry/failed";
    const { host } = new URL(board.url);
    expect(await ask("GET", "/", { host: "uploads.example.com" })).toBe(200);
    expect(await ask("GET", "/", { host: "evil.example.com" })).toBe(421);
    expect(await ask("PUT", retry, { host, "sec-fetch-site": "same-origin", origin: board.url })).toBe(200);
    expect(await ask("PUT", retry, { host, origin: "https://evil.example.com" })).toBe(403);
    expect(await ask("PUT", retry, { host, "sec-fetch-site": "cross-site" })).toBe(403);
    for (const [method, path] of [
      ["POST", "/api/queues/vodup/add"],
      ["PUT", "/api/queues/vodup/clean/completed"],
      ["PUT", "/api/queues/vodup/empty"],
      ["PUT", "/api/queues/vodup/obliterate"],
      ["PATCH", "/api/queues/vodup/1/update-data"],
      ["DELETE", "/api/queues/vodup/1"],
    ] as const) {
      expect([path, await ask(method, path, { host })]).toEqual([path, 403]);
    }
  });
});

test("a job's data are shown without what is secret in them", () => {
  const data = { source: "https://u:p@h/a.mp4?sign=1#x", options: { cover: "https://h/c.jpg?sign=2", mediaName: "m" } };
  expect(shown(data)).toMatchObject({
    source: "https://h/a.mp4",
    options: { cover: "https://h/c.jpg", mediaName: "m" },
  });
});
