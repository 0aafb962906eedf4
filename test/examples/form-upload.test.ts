import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { until } from "../cli/support/run-cli.ts";
import type { Running, UserProject } from "../support/user-project.ts";
import { openExamples } from "./example-project.ts";

const mib = 2 ** 20;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let project: UserProject;
let server: Running;
let origin: string;
let sample: Buffer;

beforeAll(async () => {
  project = await openExamples();
  sample = await readFile(join(project.folder, "media/sample.mp4"));
  const options = { args: ["0"], env: { MAX_BYTES: String(64 * mib) }, limitMs: 60_000 };
  server = project.start({ file: "form-upload.mjs" }, options);
  [, origin = ""] = await server.waitFor(/^listening on (\S+)$/m);
}, 60_000);

afterAll(async () => {
  server.child.kill("SIGTERM");
  expect(await server.ended).toMatchObject({ code: 0 });
  await project.close();
});

afterEach(() => project.emulator.clearRequests());

const operations = (): string[] => project.emulator.requests().map(({ operation }) => operation);

async function stored(fileId: string) {
  const media = project.emulator.media().find((one) => one.fileId === fileId);
  const object = (await project.emulator.objects()).get(media?.key ?? "");
  return { fields: media?.fields, sha256: object?.sha256 };
}

/** A request whose body is sent by hand. */
function send(path: string, headers: Record<string, string>, method = "POST") {
  const request = httpRequest(new URL(path, origin), { method, headers });
  request.on("error", () => undefined);
  const answer = once(request, "response").then(async ([response]) => {
    const incoming = response as IncomingMessage;
    const chunks = (await incoming.toArray()) as Buffer[];
    return {
      status: incoming.statusCode,
      body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
    };
  });
  // Who goes away waits for none.
  answer.catch(() => undefined);
  return { request, answer };
}

const formHead = (...fields: readonly string[]): string =>
  `${fields.map((field) => `--XX\r\nContent-Disposition: form-data; ${field}`).join("\r\n")}\r\n\r\n`;
const video = 'name="video"; filename="Lesson 1.MP4"\r\nContent-Type: video/mp4';
const formType = { "content-type": "multipart/form-data; boundary=XX" };

describe("a form", () => {
  test("its file becomes a media, its fields what they are for", async () => {
    const form = new FormData();
    form.append("title", "봄 강의");
    form.append("order", "42");
    form.append("video", new Blob([sample]), "lesson.mp4");
    form.append("submit", "yes");
    const response = await fetch(`${origin}/videos`, { method: "POST", body: form });
    expect(response.status).toBe(201);
    const { fileId, bytes } = (await response.json()) as { fileId: string; bytes: number };
    expect(bytes).toBe(sample.length);
    expect(await stored(fileId)).toEqual({
      fields: { MediaType: "mp4", MediaName: "봄 강의", SourceContext: "42" },
      sha256: sha256(sample),
    });
  });

  test("parts are on their way to the storage while the form is still being sent", async () => {
    const bytes = randomBytes(20 * mib);
    const { request, answer } = send("/videos", formType);
    request.write(formHead(video));
    request.write(bytes.subarray(0, 12 * mib));
    await until(() => operations().includes("UploadPart"), "a part");
    expect(operations()).not.toContain("CompleteMultipartUpload");
    request.write(bytes.subarray(12 * mib));
    request.end("\r\n--XX--\r\n");
    const { status, body } = await answer;
    expect(status).toBe(201);
    expect(await stored(String(body["fileId"]))).toMatchObject({
      fields: { MediaName: "Lesson 1", MediaType: "mp4" },
      sha256: sha256(bytes),
    });
  });

  test("a sender who goes away ends the upload, and nothing of it stays", async () => {
    const before = project.emulator.media().length;
    const { request } = send("/videos", formType);
    request.write(formHead(video));
    request.write(randomBytes(12 * mib));
    await until(() => operations().includes("UploadPart"), "a part");
    request.destroy();
    await until(() => operations().includes("AbortMultipartUpload"), "the removal of the parts");
    await until(() => project.emulator.uploads().length === 0, "no parts");
    expect(project.emulator.media()).toHaveLength(before);
    expect(operations()).not.toContain("CommitUpload");
  });

  test("a form that breaks off is refused, and nothing of it is committed", async () => {
    const { request, answer } = send("/videos", formType);
    request.end(`${formHead(video)}half a vid`);
    expect(await answer).toMatchObject({ status: 400, body: { error: "the form ends before its closing boundary" } });
    expect(operations()).not.toContain("CommitUpload");
  });

  test.each([
    ["no file", `${formHead('name="title"')}x\r\n--XX--\r\n`, formType, 400],
    ["a file without extension", `${formHead('name="video"; filename="lesson"')}x\r\n--XX--\r\n`, formType, 400],
    ["no form", "{}", { "content-type": "application/json" }, 400],
    ["a long field", `${formHead('name="title"')}${"x".repeat(5000)}\r\n--XX--\r\n`, formType, 413],
  ])("%s is the sender's mistake", async (_name, body, headers, status) => {
    const { request, answer } = send("/videos", headers);
    request.end(body);
    expect(await answer).toMatchObject({ status });
    expect(operations()).toEqual([]);
  });
});

describe("a bare body", () => {
  test("becomes a media named by the path", async () => {
    const response = await fetch(`${origin}/videos/${encodeURIComponent("봄 강의.mp4")}`, {
      method: "PUT",
      body: new Uint8Array(sample),
    });
    expect(response.status).toBe(201);
    const { fileId } = (await response.json()) as { fileId: string };
    expect(await stored(fileId)).toEqual({
      fields: { MediaType: "mp4", MediaName: "봄 강의" },
      sha256: sha256(sample),
    });
  });

  test("a length that is too much is refused before anything is sent", async () => {
    const headers = { "content-length": String(65 * mib) };
    const { request, answer } = send("/videos/big.mp4", headers, "PUT");
    request.flushHeaders();
    expect(await answer).toMatchObject({ status: 413 });
    request.destroy();
    expect(operations()).toEqual([]);
  });

  test("an unknown length that becomes too much ends the upload", { timeout: 30_000 }, async () => {
    const { request, answer } = send("/videos/big.mp4", {}, "PUT");
    for (let sent = 0; sent <= 64 && !request.destroyed; sent += 8) {
      if (!request.write(Buffer.alloc(8 * mib))) await Promise.race([once(request, "drain"), answer]);
    }
    expect(await answer).toMatchObject({ status: 413 });
    request.destroy();
    expect(project.emulator.uploads()).toEqual([]);
    expect(operations()).not.toContain("CommitUpload");
  });
});

test("what the service refuses is not blamed on the sender", async () => {
  const body = JSON.stringify({
    Response: { Error: { Code: "UnauthorizedOperation", Message: "no" }, RequestId: "r" },
  });
  project.emulator.setFaults([{ operation: "ApplyUpload", fault: { kind: "answer", status: 200, body } }]);
  const response = await fetch(`${origin}/videos/a.mp4`, { method: "PUT", body: "x" });
  project.emulator.setFaults([]);
  expect(response.status).toBe(502);
  expect(await response.json()).toEqual({ error: "the upload failed" });
});

test("anything else is not found", async () => {
  expect((await fetch(`${origin}/`)).status).toBe(404);
});
