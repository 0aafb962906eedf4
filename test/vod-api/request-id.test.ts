import { expect, test } from "vitest";
import { VodApi } from "../../src/vod-api/client.ts";
import { atEnd } from "../support/at-end.ts";
import { httpServer } from "../support/raw-servers.ts";

const token = "qW7eRt5Yu1IoP0aSdFgHjKlZxCvBnM2345";
const escaped = Array.from(token, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

test.each([
  ["escaped", escaped, ""],
  ["in part, of a long answer", token.slice(0, 25), "x".repeat(70_000)],
  ["in base64, of a long answer", Buffer.from(token).toString("base64"), "x".repeat(70_000)],
])("the RequestId of a success that repeats the token %s shows nothing of it", async (_, repeated, more) => {
  const { origin } = await httpServer((__, response) => {
    response.end(`{"Response":{"RequestId":"id-${repeated}","More":"${more}"}}`);
  });
  const api = new VodApi({ credentials: { secretId: "id", secretKey: "secret", token }, vodEndpoint: origin });
  atEnd(() => api.close());
  const { RequestId } = await api.call("DescribeStorageDetails", {});
  expect(RequestId).toMatch(/^id-?\[hidden\]/);
});
