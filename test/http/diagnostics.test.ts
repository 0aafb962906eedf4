import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RequestMessage, RetryMessage, UploadMessage } from "../../src/index.ts";
import type { Emulator } from "../../src/emulator/index.ts";
import { VodClient } from "../../src/index.ts";
import { startEmulator } from "../../src/emulator/index.ts";

interface Messages {
  "vodup:upload": UploadMessage;
  "vodup:request": RequestMessage;
  "vodup:retry": RetryMessage;
}
type Channel = keyof Messages;

const channels: readonly Channel[] = ["vodup:upload", "vodup:request", "vodup:retry"];
const interfaces: Readonly<Record<Channel, string>> = {
  "vodup:upload": "UploadMessage",
  "vodup:request": "RequestMessage",
  "vodup:retry": "RetryMessage",
};
const token = "exampleSecurityToken";

let emulator: Emulator;
let vod: VodClient;
const seen: { channel: Channel; message: object }[] = [];
const listeners = channels.map((channel) => ({
  channel,
  listener: (message: unknown) => void seen.push({ channel, message: message as object }),
}));

beforeEach(async () => {
  seen.length = 0;
  for (const { channel, listener } of listeners) subscribe(channel, listener);
  emulator = await startEmulator({ token });
  const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
  vod = new VodClient({
    credentials: { secretId, secretKey, token },
    vodEndpoint,
    cosEndpoint,
    retry: { attempts: 3, baseDelayMs: 1, throttleDelayMs: 1 },
  });
});

afterEach(async () => {
  for (const { channel, listener } of listeners) unsubscribe(channel, listener);
  await vod.close();
  await emulator.close();
});

const of = <C extends Channel>(channel: C): Messages[C][] =>
  seen.filter((one) => one.channel === channel).map(({ message }) => message as Messages[C]);

/** An upload in which much happens: a part refused, one cut off, a commit that finds the service busy. */
async function eventful(): Promise<string> {
  emulator.setFaults([
    { operation: "UploadPart", nth: 1, fault: { kind: "answer", status: 503 } },
    { operation: "UploadPart", nth: 3, fault: { kind: "reset-after-bytes", bytes: 1000 } },
    {
      operation: "CommitUpload",
      nth: 1,
      fault: {
        kind: "answer",
        status: 200,
        body: '{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"slow down"},"RequestId":"busy-1"}}',
      },
    },
  ]);
  const { fileId } = await vod.upload(randomBytes(3 * 2 ** 20), { mediaType: "mp4", partSize: 2 ** 20 });
  return fileId;
}

describe("an upload tells", () => {
  test("its phases in order, with the FileId at the end", async () => {
    const fileId = await eventful();
    const messages = of("vodup:upload");
    expect(messages.map(({ phase }) => phase)).toEqual(["start", "apply", "transfer", "commit", "done"]);
    expect(messages.at(-1)).toMatchObject({ fileId, totalBytes: 3 * 2 ** 20 });
    expect(new Set(messages.map(({ uploadNumber }) => uploadNumber)).size).toBe(1);
    const durations = messages.map(({ durationMs }) => durationMs);
    expect(durations).toEqual(durations.toSorted((a, b) => a - b));
  });

  test("every request that was sent, with the number the service gave it", async () => {
    await eventful();
    const told = of("vodup:request").map(({ operation, method, path, status }) => ({
      operation,
      method,
      path,
      status,
    }));
    const received = emulator
      .requests()
      .map(({ operation, method, path, status }) => ({ operation, method, path, status }));
    const cutOff = received.find(({ status }) => status === 0);
    expect(cutOff?.operation).toBe("UploadPart");
    const sorted = (list: { operation: string; status: number | undefined }[]): string[] =>
      list.map((one) => JSON.stringify({ ...one, status: one.status ?? 0 })).toSorted();
    expect(sorted(told)).toEqual(sorted(received));
    for (const { status, requestId, error } of of("vodup:request")) {
      if (status === undefined) expect(error).toBe("NETWORK");
      else if (status === 200) expect(requestId).toMatch(/^[\w=-]{6,}$/);
    }
    expect(of("vodup:request").map(({ requestId }) => requestId)).toContain("busy-1");
  });

  test("every retry, and why", async () => {
    await eventful();
    const retries = of("vodup:retry").map(({ operation, code }) => `${operation} ${code}`);
    expect(retries.toSorted()).toEqual(["CommitUpload VOD_API", "UploadPart BAD_ANSWER", "UploadPart NETWORK"]);
    for (const { attempt } of of("vodup:retry")) expect(attempt).toBe(1);
  });

  test("which requests are its own, when several run at once", async () => {
    await Promise.all([eventful(), eventful(), vod.call("DescribeSubAppIds", {})]);
    const keys = new Map<number, Set<string>>();
    for (const { uploadNumber, operation, path } of of("vodup:request")) {
      if (operation === "DescribeSubAppIds") expect(uploadNumber).toBeUndefined();
      if (operation !== "UploadPart") continue;
      keys.set(uploadNumber ?? 0, (keys.get(uploadNumber ?? 0) ?? new Set()).add(path));
    }
    expect([...keys.values()].map(({ size }) => size)).toEqual([1, 1]);
    for (const { uploadNumber } of of("vodup:retry")) expect(keys.has(uploadNumber ?? 0)).toBe(true);
  });

  test("its failure, and its abort", async () => {
    emulator.setFaults([{ operation: "PutObject", fault: { kind: "answer", status: 400 } }]);
    await expect(vod.upload(Buffer.from("x"), { mediaType: "mp4" })).rejects.toThrow();
    expect(of("vodup:upload").at(-1)).toMatchObject({ phase: "error", code: "BAD_ANSWER" });
    emulator.setFaults([{ operation: "PutObject", fault: { kind: "hang" } }]);
    const aborted = vod.upload(Buffer.from("x"), { mediaType: "mp4", signal: AbortSignal.timeout(2_000) });
    await expect(aborted).rejects.toThrow();
    expect(of("vodup:upload").at(-1)).toMatchObject({ phase: "error", code: "ABORTED" });
    expect(of("vodup:request").at(-1)).toMatchObject({ operation: "PutObject", error: "ABORTED" });
  });
});

test("no message holds a secret, a token or a signature", async () => {
  await eventful();
  emulator.setFaults([]);
  await expect(vod.call("DescribeMediaInfos", { FileIds: [] })).rejects.toThrow();
  const text = JSON.stringify(seen);
  expect(seen.length).toBeGreaterThan(15);
  const { secretId, secretKey } = emulator;
  for (const secret of [secretId, secretKey, token, "q-signature", "Signature=", "q-ak"])
    expect(text).not.toContain(secret);
});

describe("docs/diagnostics.md", () => {
  const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

  /** Field → [its type, whether it may be missing], of the interface in the source. */
  async function declared(name: string): Promise<Map<string, [string, boolean]>> {
    const source = await read("src/http/diagnostics.ts");
    const body = new RegExp(`export interface ${name} \\{(.*?)\\n\\}`, "s").exec(source)?.[1] ?? "";
    const fields = body.matchAll(/readonly (\w+)(\??): ([^;]+);/g);
    return new Map(
      [...fields].map(([, field = "", mark, type = ""]) => [field, [type.replace(" | undefined", ""), mark === "?"]]),
    );
  }

  async function documented(channel: Channel): Promise<Map<string, [string, boolean]>> {
    const section = (await read("docs/diagnostics.md")).split(`## ${channel}\n`)[1]?.split("\n## ")[0] ?? "";
    const rows = section.matchAll(/^\| `(\w+)` +\| +((?:[^|\\]|\\\|)+?) +\|/gm);
    return new Map(
      [...rows].map(([, field = "", cell = ""]) => {
        const type = cell.replaceAll("\\|", "|");
        return [field, [type.replace(", may be missing", ""), type.includes(", may be missing")]];
      }),
    );
  }

  test.each(channels)("names the fields of %s, their types, and no others", async (channel) => {
    const fields = await declared(interfaces[channel]);
    expect(fields.size).toBeGreaterThan(5);
    expect(await documented(channel)).toEqual(fields);
  });

  test.each(channels)("and the messages of %s have just these", async (channel) => {
    await eventful();
    const fields = await declared(interfaces[channel]);
    expect(of(channel).length).toBeGreaterThan(0);
    for (const message of of(channel)) {
      for (const [name, value] of Object.entries(message)) {
        const [type, optional] = fields.get(name) ?? [];
        expect(type, name).toBeDefined();
        if (value === undefined) expect(optional, name).toBe(true);
        else if (type === "number" || type === "string") expect(typeof value, name).toBe(type);
      }
      for (const [name, [, optional]] of fields) if (!optional) expect(message).toHaveProperty(name);
    }
  });
});
