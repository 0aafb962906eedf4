import { describe, it } from "vitest";
import type { Cassette } from "../../src/replay/cassette.ts";
import { VodApi } from "../../src/vod-api/client.ts";
import { cassetteNames, judge } from "../support/cassette-outcome.ts";
import { connectTo } from "../support/replay-connection.ts";

interface VodInput {
  readonly params: Readonly<Record<string, unknown>>;
  readonly region: string;
  readonly subAppId?: number;
  readonly signedHeaders?: "minimal";
}

async function call({ call: { op, input, attempts }, clock, credentials }: Cassette, origin: string): Promise<unknown> {
  const { params, region, subAppId, signedHeaders } = input as unknown as VodInput;
  const dispatcher = connectTo(origin);
  const api = new VodApi({
    credentials,
    region,
    subAppId,
    signedHeaders,
    dispatcher,
    retry: { attempts, baseDelayMs: 0, throttleDelayMs: 0 },
    clock: () => clock.start * 1000,
  });
  try {
    return await api.call(op, params);
  } finally {
    await api.close();
    await dispatcher.destroy();
  }
}

describe("VodApi sends and understands", () => {
  it.each(cassetteNames("vod"))("%s", async (name) => {
    await judge("vod", name, call);
  });
});
