import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, test } from "vitest";
import { startEmulator, type Emulator, type FaultRule } from "../../src/emulator/index.ts";
import { VodApi, type VodApiOptions } from "../../src/vod-api/client.ts";
import { pause } from "../support/raw-servers.ts";
import { rejection } from "./support.ts";

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function secure(
  faults: readonly FaultRule[] = [],
): Promise<{ emulator: Emulator; api: (more?: Partial<VodApiOptions>) => VodApi; ca: string }> {
  const emulator = await startEmulator({ tls: true, faults });
  stops.push(() => emulator.close());
  const ca = await readFile(emulator.caFile ?? "", "utf8");
  return {
    emulator,
    ca,
    api: (more = {}) => {
      const { secretId, secretKey, vodEndpoint } = emulator;
      const api = new VodApi({
        credentials: { secretId, secretKey },
        vodEndpoint,
        retry: { attempts: 1 },
        dispatcher: { connect: { ca } },
        ...more,
      });
      stops.push(() => api.close());
      return api;
    },
  };
}

describe("over TLS", () => {
  test("calls go through, with the authority given as an option", async () => {
    const { api } = await secure();
    expect(await api().call("DescribeEventsState", {})).toHaveProperty("RequestId");
  });

  test("an unknown authority is final, and says so", async () => {
    const { api } = await secure();
    const error = await rejection(api({ dispatcher: undefined }).call("DescribeEventsState", {}));
    expect(error).toMatchObject({ code: "NETWORK", retryable: false });
    expect((error as Error).message).toMatch(
      /is not trusted \((?:\w*SELF_SIGNED|UNABLE_TO)\w*\).*NODE_EXTRA_CA_CERTS=FILE/,
    );
  });

  test("a connection that breaks before its first answer had not served before, handshake or not", async () => {
    const { api } = await secure([{ operation: "*", nth: 1, fault: { kind: "reset-before" } }]);
    expect(await rejection(api().call("DescribeEventsState", {}))).toMatchObject({
      code: "NETWORK",
      phase: "headers",
      reusedSocket: false,
    });
  });

  test("one that breaks at its second had", async () => {
    const { api } = await secure([{ operation: "*", nth: 2, fault: { kind: "reset-before" } }]);
    const client = api();
    await client.call("DescribeEventsState", {});
    await pause(20);
    expect(await rejection(client.call("DescribeEventsState", {}))).toMatchObject({ reusedSocket: true });
  });
});
