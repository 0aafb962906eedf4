import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import { VodClient } from "../../src/index.ts";
import { CosClient } from "../../src/cos/index.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { httpServer } from "../support/raw-servers.ts";

const page = "<!DOCTYPE html><html><body>Welcome to the hotel. Please log in.</body></html>";

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What networks answer in place of the service, whoever is asked. */
const portals: Record<string, Reply> = {
  "a page": { status: 200, headers: { "content-type": "text/html" }, body: page },
  "a page with an ETag": { status: 200, headers: { "content-type": "text/html", etag: '"5d41402abc"' }, body: page },
  "an empty 200": { status: 200, headers: {} },
  "an empty 204": { status: 204, headers: {} },
  "a redirect to the log-in": { status: 302, headers: { location: "https://login.example.com/?secret=1" } },
  "a page of refusal": { status: 403, headers: { "content-type": "text/html" }, body: page },
  "a page that there is nothing": { status: 404, headers: { "content-type": "text/html" }, body: page },
  "network authentication required": { status: 511, headers: { "content-type": "text/html" }, body: page },
};

/** Worth another try: the answer was cut short, or the server says that it passes. */
const passing = (status: number): boolean => status < 300 || status >= 500;

async function portalOf({ status, headers, body }: Reply) {
  return httpServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(status, headers).end(body));
  });
}

const credentials = { secretId: "AKIDexample", secretKey: "exampleKey" };
const retry = { attempts: 2, baseDelayMs: 1 };

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

describe.each(Object.entries(portals))("%s in place of COS", (_, reply) => {
  const operations: Record<string, (cos: CosClient) => Promise<unknown>> = {
    PutObject: (cos) => cos.putObject("k", Buffer.from("x")),
    HeadObject: (cos) => cos.headObject("k"),
    InitiateMultipartUpload: (cos) => cos.initiateMultipartUpload("k"),
    UploadPart: (cos) => cos.uploadPart("k", { uploadId: "u", partNumber: 1, body: Buffer.from("x") }),
    ListParts: (cos) => cos.listParts("k", "u"),
    ListMultipartUploads: (cos) => cos.listMultipartUploads("k"),
    CompleteMultipartUpload: (cos) => cos.completeMultipartUpload("k", "u", [{ partNumber: 1, etag: "e" }]),
    AbortMultipartUpload: (cos) => cos.abortMultipartUpload("k", "u"),
  };

  // A removal that is answered with nothing at all cannot be told from one that COS did.
  const judged = Object.entries(operations).filter(
    ([name]) => reply.status >= 300 || (reply.body ?? "") !== "" || !name.startsWith("Abort"),
  );
  test.each(judged)("%s takes it for no answer of COS", async (operation, send) => {
    const portal = await portalOf(reply);
    const cos = new CosClient({ bucket: "b-1250000000", region: "r", credentials, cosEndpoint: portal.origin });
    const refusal = await send(cos).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      name: "NetworkError",
      code: "BAD_ANSWER",
      status: reply.status,
      retryable: passing(reply.status),
      message: expect.stringMatching(
        new RegExp(`^${operation}: 127.0.0.1:\\d+ answered ${reply.status}, but not as COS`),
      ),
    });
    expect(JSON.stringify(refusal)).not.toMatch(/hotel|secret=1/);
    await cos.close();
  });

  test("an upload ends without a commit", async () => {
    const portal = await portalOf(reply);
    const { secretId, secretKey, vodEndpoint } = emulator;
    const vod = new VodClient({
      credentials: { secretId, secretKey },
      vodEndpoint,
      cosEndpoint: portal.origin,
      retry,
    });
    emulator.clearRequests();
    await expect(vod.upload(Buffer.from("x"), { mediaType: "mp4" })).rejects.toMatchObject({
      code: "BAD_ANSWER",
      stage: "transfer",
      attempts: passing(reply.status) ? 2 : 1,
    });
    expect(emulator.requests().map(({ operation }) => operation)).toEqual(["ApplyUpload"]);
    await vod.close();
  });

  test("the API does not take it for its own either", async () => {
    const portal = await portalOf(reply);
    const vod = new VodClient({ credentials, vodEndpoint: portal.origin, retry });
    await expect(vod.upload(Buffer.from("x"), { mediaType: "mp4" })).rejects.toMatchObject({
      code: "BAD_ANSWER",
      stage: "apply",
      status: reply.status,
    });
    await vod.close();
  });
});
