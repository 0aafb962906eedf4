import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, test } from "vitest";
import { CosClient } from "../../src/cos/client.ts";
import { VodApi } from "../../src/vod-api/client.ts";
import { Transport } from "../../src/http/transport.ts";
import { answerText, httpServer, onRequests, tcpServer } from "../support/raw-servers.ts";
import { rejection, request, transport } from "./support.ts";

const credentials = { secretId: "AKIDid", secretKey: "5ecretKey", token: "T0ken/+=" };
const off: (() => void)[] = [];

afterEach(() => {
  for (const stop of off.splice(0)) stop();
});

function listen(name: string): Record<string, unknown>[] {
  const messages: Record<string, unknown>[] = [];
  const hear = (message: unknown): void => void messages.push(message as Record<string, unknown>);
  subscribe(name, hear);
  off.push(() => unsubscribe(name, hear));
  return messages;
}

describe("vodup:request", () => {
  test("tells of an answer, without query, headers and body", async () => {
    const messages = listen("vodup:request");
    const server = await httpServer((_, response) =>
      response.writeHead(200, { etag: '"e"', "x-cos-request-id": "NWYx" }).end(),
    );
    const cos = new CosClient({ bucket: "b-1", region: "r", credentials, cosEndpoint: server.origin });
    await cos.uploadPart("dir/a b.mp4", { uploadId: "up1oad", partNumber: 7, body: Buffer.from("content") });
    await cos.close();
    expect(messages).toEqual([
      {
        method: "PUT",
        host: server.host,
        path: "/dir/a%20b.mp4",
        operation: "UploadPart",
        status: 200,
        requestId: "NWYx",
        sentBytes: 7,
        durationMs: expect.any(Number),
        error: undefined,
      },
    ]);
    expect(JSON.stringify(messages)).not.toMatch(/up1oad|5ecretKey|T0ken|q-sign|content"/);
  });

  test("tells of a failure by its code", async () => {
    const messages = listen("vodup:request");
    const server = await tcpServer((socket) => onRequests(socket, () => socket.destroy()));
    await rejection(transport().send(request(server.origin)));
    expect(messages).toMatchObject([{ operation: "Test", status: undefined, error: "NETWORK" }]);
  });

  test("of the VOD API shows neither key nor signature", async () => {
    const messages = listen("vodup:request");
    const body = JSON.stringify({ Response: { RequestId: "vod-request" } });
    const server = await tcpServer((socket) => onRequests(socket, () => socket.write(answerText(200, {}, body))));
    const api = new VodApi({ credentials, vodEndpoint: server.origin });
    await api.call("DescribeEventsState", {});
    await api.close();
    expect(messages).toMatchObject([
      { operation: "DescribeEventsState", path: "/", status: 200, requestId: "vod-request" },
    ]);
    expect(JSON.stringify(messages)).not.toMatch(/5ecretKey|T0ken|TC3/);
  });
});

test("vodup:retry tells of each repetition", async () => {
  const messages = listen("vodup:retry");
  const ok = JSON.stringify({ Response: { RequestId: "r" } });
  const server = await httpServer((_, response, index) => {
    if (index === 1) response.writeHead(502).end("<html>");
    else response.end(ok);
  });
  const api = new VodApi({ credentials, vodEndpoint: server.origin, retry: { baseDelayMs: 1 } });
  await api.call("DescribeEventsState", {});
  await api.close();
  expect(messages).toEqual([
    {
      operation: "DescribeEventsState",
      attempt: 1,
      delayMs: expect.any(Number),
      code: "BAD_ANSWER",
      message: expect.stringContaining("502"),
    },
  ]);
});

test.each([5, "agent", { dispatch: "no" }, null])("a dispatcher that is none is refused: %j", (dispatcher) => {
  expect(() => new Transport(dispatcher as never)).toThrow(
    expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", message: expect.stringContaining("dispatcher") }),
  );
});
