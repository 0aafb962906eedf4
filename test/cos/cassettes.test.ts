import { describe, it } from "vitest";
import { callCos } from "../support/call-cassette.ts";
import { cassetteNames, judge } from "../support/cassette-outcome.ts";

describe("CosClient sends and understands", () => {
  it.each(cassetteNames("cos"))("%s", async (name) => {
    await judge(`cos/${name}`, callCos);
  });
});
