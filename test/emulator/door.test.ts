import { describe, expect, test } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import { start } from "./support/running.ts";
import { apply, call, cos, send, type WireAnswer } from "./support/wire.ts";

type Headers = Readonly<Record<string, string>>;

const get = (emulator: Emulator, target: string, headers: Headers = {}): Promise<WireAnswer> =>
  send(emulator.origin, { method: "GET", target, headers });

const change = (emulator: Emulator, target: string, headers: Headers, body = "{}"): Promise<WireAnswer> =>
  send(emulator.origin, { method: "POST", target, headers, body });

/** A committed media whose stored object is `body`, told to be of `type`. */
async function commit(emulator: Emulator, body: string, type: string): Promise<string> {
  const session = await apply(emulator);
  await cos(emulator, session, "PUT", { body, headers: { "content-type": type } });
  await call(emulator, "CommitUpload", { VodSessionKey: session.vodSessionKey });
  return new URL(emulator.media()[0]?.mediaUrl ?? "").pathname;
}

const elsewhere: readonly Headers[] = [
  { origin: "https://evil.example" },
  { origin: "null" },
  { origin: "http://127.0.0.1:1" },
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" },
  { host: "evil.example" },
  { host: "127.0.0.1.evil.example" },
];

describe("a web page of another origin", () => {
  test.each(elsewhere)("%j reads nothing", async (headers) => {
    const emulator = await start();
    const path = await commit(emulator, "video", "video/mp4");
    for (const target of ["/", "/_vodup/stream", "/_vodup/secret", "/_vodup/requests/1", "/requests", "/media", path]) {
      const answer = await get(emulator, target, { "x-vodup-control": "1", ...headers });
      expect([target, answer.status]).toEqual([target, 403]);
      expect(answer.text).not.toContain(emulator.secretId);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  test.each(elsewhere)("%j changes nothing", async (headers) => {
    const emulator = await start();
    emulator.setFaults([{ operation: "*", nth: 1, fault: { kind: "delay", ms: 0 } }]);
    const before = emulator.now();
    const json = { "content-type": "application/json", "x-vodup-control": "1", ...headers };
    expect((await change(emulator, "/clock", json, '{"advanceMs":3600000}')).status).toBe(403);
    expect(emulator.now() - before).toBeLessThan(60_000);
    // Nor does it use up a fault that waits for somebody else, or leave a line in the log.
    expect(emulator.faults()).toMatchObject([{ matched: 0 }]);
    expect(emulator.requests()).toEqual([]);
  });

  test("may link to the page", async () => {
    const emulator = await start();
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await get(emulator, "/", link)).status).toBe(200);
    expect((await get(emulator, "/", { ...link, "sec-fetch-dest": "iframe" })).status).toBe(403);
  });
});

describe("a change", () => {
  test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"])(
    "as a form sends it, %s, is refused",
    async (type) => {
      const emulator = await start();
      expect((await change(emulator, "/clock", { "content-type": type }, '{"advanceMs":1}')).status).toBe(415);
    },
  );

  test("from the page's own script needs the header", async () => {
    const emulator = await start();
    const own = { origin: emulator.origin, "sec-fetch-site": "same-origin", "content-type": "application/json" };
    expect((await change(emulator, "/clock", own, '{"advanceMs":1}')).status).toBe(403);
    expect((await change(emulator, "/clock", { ...own, "x-vodup-control": "1" }, '{"advanceMs":1}')).status).toBe(200);
  });

  test("of another program needs JSON only", async () => {
    const emulator = await start();
    const json = { "content-type": "application/json" };
    expect((await change(emulator, "/clock", json, '{"advanceMs":1}')).status).toBe(200);
  });
});

describe("a stored object", () => {
  test.each(["text/html", "image/svg+xml", "application/javascript", "text/html; charset=utf-8"])(
    "of type %s is neither run nor shown",
    async (type) => {
      const emulator = await start();
      const path = await commit(emulator, "<script>alert(1)</script>", type);
      const { status, headers } = await get(emulator, path);
      expect(status).toBe(200);
      expect(headers["content-type"]).toBe("video/mp4");
      expect(headers["content-disposition"]).toBe("attachment");
      expect(headers["content-security-policy"]).toMatch(/^sandbox; default-src 'none'/);
      expect(headers["x-content-type-options"]).toBe("nosniff");
    },
  );

  test("is played by ranges, at the path of its MediaUrl, once it is committed", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    await cos(emulator, session, "PUT", { body: "0123456789" });
    const target = session.mediaPath;
    expect((await get(emulator, target)).status).toBe(403);
    await call(emulator, "CommitUpload", { VodSessionKey: session.vodSessionKey });
    const answer = await get(emulator, target, { range: "bytes=2-4" });
    expect([answer.status, answer.text, answer.headers["content-range"]]).toEqual([206, "234", "bytes 2-4/10"]);
    expect((await get(emulator, target, { range: "bytes=99-" })).status).toBe(416);
  });
});

describe("the page", () => {
  test("runs nothing but its own files", async () => {
    const emulator = await start();
    const { headers, text } = await get(emulator, "/");
    const policy = String(headers["content-security-policy"]);
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(rule);
    expect(policy).not.toContain("unsafe");
    expect(text).not.toMatch(/https?:|<script(?![^>]*src=)|<style| style=| on[a-z]+=/);
  });

  test.each([
    "/_vodup/../page.ts",
    "/_vodup/%2e%2e/page.ts",
    "/_vodup/..%2fpage.ts",
    "/_vodup/a/b/c.js",
    "/_vodup/x.ts",
  ])("serves no other file: %s", async (target) => {
    expect((await get(await start(), target)).status).toBe(404);
  });

  test("tells the secret key to who asks in so many words, and in no other answer", async () => {
    const emulator = await start();
    await apply(emulator);
    expect((await get(emulator, "/_vodup/secret")).status).toBe(403);
    const told = await get(emulator, "/_vodup/secret", { "x-vodup-control": "1" });
    expect(JSON.parse(told.text)).toEqual({ secretKey: emulator.secretKey });
    const detail = await get(emulator, "/_vodup/requests/1");
    expect(detail.text).toContain("stringToSign");
    for (const secret of emulator.secrets()) expect(detail.text).not.toContain(secret);
  });

  test("is not there with page: false", async () => {
    const emulator = await start({ page: false });
    expect((await get(emulator, "/")).headers["content-type"]).toBe("application/xml");
  });
});
