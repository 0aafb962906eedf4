import { expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { attempt, bench, collect, expectCommittedOnce, expectNothingCommitted, mib, once, random } from "./support.ts";

/** The storage path begins with two slashes: one of them belongs to the key. */
const slashed: EmulatorOptions = { storageFolder: "/spring/" };

const denied = "<Error><Code>AccessDenied</Code></Error>";
const refusedPart = once(
  "UploadPart",
  {
    kind: "answer",
    status: 403,
    headers: { "x-cos-request-id": "NjU=" },
    body: denied,
  },
  { partNumber: 3 },
);

const isWhole = { verified: "crc64" };

test("an object that goes by PUT lies at the key with its own slash", async () => {
  const { emulator, vod } = await bench(slashed);
  const bytes = random(70_000);
  const { result } = await attempt(vod, bytes);
  expect(emulator.media()[0]?.key).toMatch(/^\/spring\//);
  expect(result?.transfer).toMatchObject(isWhole);
  await expectCommittedOnce(emulator, bytes, result);
});

test("so does one in parts whose Complete is lost, which is looked for by HEAD, and whose commit is lost", async () => {
  const lost = { kind: "reset-after-effect" } as const;
  const { emulator, vod } = await bench({
    ...slashed,
    secondCommit: "unknown-session",
    faults: [once("CompleteMultipartUpload", lost), once("CommitUpload", lost)],
  });
  const bytes = random(2 * mib + 5);
  const { result } = await attempt(vod, bytes, { partSize: mib });
  expect(result?.transfer).toMatchObject(isWhole);
  await expectCommittedOnce(emulator, bytes, result);
  expect(emulator.requests().some(({ operation }) => operation === "HeadObject")).toBe(true);
});

test("what failed there is aborted there, and what was kept is resumed from its list of parts", async () => {
  const { emulator, vod } = await bench({
    ...slashed,
    faults: [refusedPart],
  });
  const bytes = random(3 * mib + 5);
  const options = { partSize: mib, concurrency: 1 };
  const { error } = await attempt(vod, bytes, options);
  expect(error).toMatchObject({ status: 403 });
  expectNothingCommitted(emulator);

  emulator.setFaults([refusedPart]);
  const seen = collect();
  await attempt(vod, bytes, { ...options, onCheckpoint: seen.write });
  expect(emulator.uploads()).toMatchObject([{ parts: [{ partNumber: 1 }, { partNumber: 2 }] }]);
  const { result } = await attempt(vod, bytes, { ...options, checkpoint: seen.last() });
  expect(result?.transfer).toMatchObject({ ...isWhole, resumedParts: 2 });
  await expectCommittedOnce(emulator, bytes, result);
});
