import { test } from "vitest";
import { attempt, bench, expectCommittedOnce } from "../support.ts";

test("a device is read as the stream that it is", async () => {
  const { emulator, vod } = await bench();
  const { result } = await attempt(vod, "/dev/null");
  await expectCommittedOnce(emulator, Buffer.alloc(0), result);
});
