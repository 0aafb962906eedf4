import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../src/emulator/index.ts";
import type { Warning } from "../../src/index.ts";
import {
  attempt,
  bench,
  counts,
  expectCommittedOnce,
  expectNothingCommitted,
  mib,
  once,
  random,
  tempFile,
} from "./support.ts";

/* What no other file of this folder provokes: answers that lie, and callers whose own functions fail late. */

const options = { partSize: mib, concurrency: 2 };
const bytes = random(3 * mib + 5);
const xml = (status: number, code: string): FaultRule["fault"] => ({
  kind: "answer",
  status,
  headers: { "content-type": "application/xml", "x-cos-request-id": "a" },
  body: `<Error><Code>${code}</Code><Message>m</Message></Error>`,
});

describe("a service that lies", () => {
  test("about a part that it never stored is found out before the commit", async () => {
    const etag = createHash("md5")
      .update(bytes.subarray(mib, 2 * mib))
      .digest("hex");
    const headers = { etag: `"${etag}"`, "x-cos-request-id": "a" };
    const { emulator, vod } = await bench({
      faults: [{ operation: "UploadPart", partNumber: 2, fault: { kind: "answer", status: 200, headers } }],
    });
    const { error } = await attempt(vod, await tempFile(bytes), options);
    expect(error).toMatchObject({ code: "INTEGRITY", stage: "transfer", actual: undefined });
    expect(counts(emulator)).toMatchObject({ CompleteMultipartUpload: 1, ListParts: 1 });
    expectNothingCommitted(emulator);
  });

  test("about a part's ETag is told by the service's own word where there is no further try", async () => {
    const { emulator, vod } = await bench(
      { faults: [{ operation: "CompleteMultipartUpload", fault: xml(400, "InvalidPart") }] },
      { retry: { attempts: 1 } },
    );
    const { error } = await attempt(vod, await tempFile(bytes), options);
    expect(error).toMatchObject({ code: "COS_API", cosCode: "InvalidPart", operation: "CompleteMultipartUpload" });
    expectNothingCommitted(emulator);
  });

  test("about CRCs, and then cannot be asked, leaves the media uncommitted", async () => {
    const { emulator, vod } = await bench({
      faults: [
        { operation: "CompleteMultipartUpload", fault: { kind: "drop-crc64" } },
        { operation: "HeadObject", fault: { kind: "answer", status: 500, headers: { "x-cos-request-id": "a" } } },
      ],
    });
    const { error } = await attempt(vod, await tempFile(bytes), options);
    expect(error).toMatchObject({ code: "COS_API", operation: "HeadObject", status: 500, attempts: 6 });
    expect(emulator.media()).toEqual([]);
    expect(counts(emulator)["CommitUpload"]).toBeUndefined();
  });
});

describe("a caller's function that fails late", () => {
  test("with the keys of the commit, is what is told: nothing was committed", async () => {
    const { emulator, client } = await bench({
      faults: [
        once("CommitUpload", {
          kind: "answer",
          status: 200,
          body: '{"Response":{"Error":{"Code":"AuthFailure.TokenFailure","Message":"m"},"RequestId":"r"}}',
        }),
      ],
    });
    let asked = 0;
    const vod = client({
      credentials: async () => {
        asked += 1;
        if (asked > 1) throw new Error("the vault is sealed");
        return { secretId: emulator.secretId, secretKey: emulator.secretKey };
      },
    });
    const { error } = await attempt(vod, bytes, options);
    expect(error).toMatchObject({ code: "CREDENTIALS", stage: "commit" });
    expect(emulator.media()).toEqual([]);
  });

  test.each(["onCheckpoint", "onProgress"] as const)(
    "in %s after the commit is a warning, whatever it throws",
    async (name) => {
      const { emulator, vod } = await bench();
      const warnings: Warning[] = [];
      const fail = (over: boolean): void => {
        // oxlint-disable-next-line no-throw-literal
        if (over) throw "disk full";
      };
      const { result } = await attempt(vod, bytes, {
        ...options,
        onWarning: (warning) => warnings.push(warning),
        ...(name === "onCheckpoint"
          ? { onCheckpoint: ({ state }) => fail(state === "committed") }
          : { onProgress: ({ phase }) => fail(phase === "done") }),
      });
      await expectCommittedOnce(emulator, bytes, result);
      expect(warnings).toEqual([expect.objectContaining({ message: expect.stringContaining("disk full") })]);
    },
  );
});
