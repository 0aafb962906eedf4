import { expect, test } from "vitest";
import { signTc3 } from "../../src/signing/index.ts";

const request = {
  method: "POST",
  host: "vod.example",
  headers: { "content-type": "application/json" },
  body: "{}",
  service: "vod",
  timestamp: 1_735_689_599,
};
const midnight = { ...request, timestamp: 1_735_689_600 };

test("a signature is of the key, the day and the service of its own call, whatever the same object signed before", () => {
  const credentials = { secretId: "AKIDEXAMPLE", secretKey: "one" };
  const steps = [
    [request, "one"],
    [midnight, "one"],
    [request, "two"],
    [{ ...request, service: "cvm" }, "two"],
    [request, "one"],
  ] as const;
  for (const [asked, secretKey] of steps) {
    credentials.secretKey = secretKey;
    expect(signTc3(asked, credentials)).toEqual(signTc3(asked, { secretId: "AKIDEXAMPLE", secretKey }));
  }
});
