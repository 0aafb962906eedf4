import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Crc64 } from "../../../src/cos/crc64.ts";
import { BytesSource } from "../../../src/upload/source/bytes.ts";
import { random } from "../support.ts";

test.each([1, 70_000, 262_144, 1_000_001])(
  "the sums of %i bytes are known once the last of them was given, though nobody has asked for more",
  async (size) => {
    const bytes = random(size);
    const pass = await new BytesSource(bytes).body(0, size).begin(new AbortController().signal);
    const chunks = pass.open()[Symbol.asyncIterator]();
    for (let given = 0; given < size;) {
      const next = await chunks.next();
      if (next.done === true) throw new Error("it ended early");
      given += next.value.byteLength;
    }
    expect(pass.crc64()).toBe(new Crc64().update(bytes).digest());
    expect(pass.md5()).toBe(createHash("md5").update(bytes).digest("hex"));
    await chunks.return?.();
  },
);
