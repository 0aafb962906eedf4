import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import type { UploadOptions } from "../../src/index.ts";
import { uploadOptionNames } from "../../src/upload/options.ts";
import { bench, expectNothingCommitted, random } from "./support.ts";

const thrown = new Error("the caller's own");

/** Options of which one is a getter that throws. */
function withGetter(name: string): UploadOptions {
  const get = (): never => {
    throw thrown;
  };
  return Object.defineProperty({}, name, { enumerable: true, get });
}

const names = Object.keys(uploadOptionNames);

test("a getter that throws, whichever option it is, rejects the promise and ends the stream given", async () => {
  const { emulator, vod } = await bench();
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) {
    const stream = Readable.from([random(16)]);
    await expect(vod.upload(stream, withGetter(name)), name).rejects.toBe(thrown);
    expect(stream.destroyed, name).toBe(true);
    // A failure of the stream itself, which comes later, is nobody's business any more.
    await expect(vod.upload(createReadStream("missing.mp4"), withGetter(name)), name).rejects.toBe(thrown);
    await expect(vod.plan(random(16), withGetter(name)), name).rejects.toBe(thrown);
  }
  expectNothingCommitted(emulator);
});
