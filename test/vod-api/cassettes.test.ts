import { describe, it } from "vitest";
import { callVod } from "../support/call-cassette.ts";
import { cassetteNames, judge } from "../support/cassette-outcome.ts";

describe("VodApi sends and understands", () => {
  it.each(cassetteNames("vod"))("%s", async (name) => {
    await judge(`vod/${name}`, callVod);
  });
});
