import { writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Checkpoint } from "../../../src/index.ts";
import type { FaultRule } from "../../../src/emulator/index.ts";
import { openState } from "../../../src/state/checkpoint-store.ts";
import { lockFile } from "../../../src/state/directory.ts";
import { RememberedUpload, type Memory, type RememberedTask } from "../../../src/state/remembered-upload.ts";
import { atEnd } from "../../support/at-end.ts";
import { attempt, bench, counts, expectCommittedOnce, mib, once, random } from "../support.ts";

/** An upload of a process that stands still while another one takes its checkpoint over, and goes on with it. */
const bytes = random(4 * mib + 3);
const parts = { partSize: mib, concurrency: 1 } as const;
const gone = "<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>";
const denied: FaultRule["fault"] = { kind: "answer", status: 403, headers: { "x-cos-request-id": "a" } };

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "vodup-taken-"));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe("the multipart upload that another process sends to by now", () => {
  test("is not aborted by who had it", async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: "UploadPart", partNumber: 3, fault: denied }] });
    const folder = await scratch();
    const state = join(folder, "state");
    const file = join(folder, "film.mp4");
    await writeFile(file, bytes);
    const memory: Memory = {
      kind: "default",
      id: "id",
      place: folder,
      store: await openState(state, "id", { source: file, flags: [] }),
    };
    const nothing = (): void => undefined;
    const task: RememberedTask = {
      client: vod,
      options: parts,
      signal: new AbortController().signal,
      keepParts: false,
      open: () => file,
      judge: () => "final",
      news: {
        progress: nothing,
        retry: nothing,
        warning: nothing,
        // After the last checkpoint before the failure: no save after it finds out.
        checkpoint: ({ objects }) => {
          if (Object.values(objects).some((object) => object.parts.length === 2))
            writeFileSync(lockFile(state, "id"), "of the other");
        },
      },
    };
    const upload = new RememberedUpload(task, file, memory);
    const failure = await upload.send().catch((error: unknown) => error);
    // Not "permission denied", exit code 4: it was refused since the other one has ended the session.
    expect(failure).toMatchObject({ code: "CHECKPOINT_LOCKED" });
    expect(await upload.leave(failure)).toBe(false);
    await upload.close();
    expect(counts(emulator)).not.toHaveProperty("AbortMultipartUpload");
  });

  test("is not aborted for a new session either", async () => {
    const { emulator, vod } = await bench({
      faults: [once("UploadPart", { kind: "expire-certificate" }, { partNumber: 4 })],
    });
    const lost = new Error("taken over");
    const { error } = await attempt(vod, bytes, {
      ...parts,
      sessionRefresh: "restart",
      onCheckpoint: ({ objects }) => {
        const isRefused = counts(emulator)["UploadPart"] === 4;
        if (isRefused && Object.values(objects).every((object) => object.parts.length === 3)) throw lost;
      },
    });
    expect(error).toBe(lost);
    expect(counts(emulator)).not.toHaveProperty("AbortMultipartUpload");
    expect(counts(emulator)["ApplyUpload"]).toBe(1);
  });

  test("is not joined by who had it", async () => {
    const { emulator, vod } = await bench();
    const lost = new Error("taken over");
    const { error } = await attempt(vod, bytes, {
      ...parts,
      onCheckpoint: ({ objects }) => {
        if (Object.values(objects).some((object) => object.parts.length === 5)) throw lost;
      },
    });
    expect(error).toBe(lost);
    expect(counts(emulator)).not.toHaveProperty("CompleteMultipartUpload");
  });

  test("and is completed by that one is not a final failure: the next run finds the object", async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: "UploadPart", partNumber: 3, fault: denied }] });
    const { error } = await attempt(vod, bytes, { ...parts, onFailure: "keep-parts" });
    const { checkpoint } = error as { checkpoint: Checkpoint };
    // A copy of the checkpoint, as of a cloned machine, is used at the same time.
    emulator.setFaults([]);
    const late = once("UploadPart", { kind: "answer", status: 404, body: gone, headers: { "x-cos-request-id": "a" } });
    emulator.setFaults([late]);
    const first = await attempt(vod, bytes, { ...parts, checkpoint });
    expect(first.error).toMatchObject({ code: "CHECKPOINT_LOCKED", retryable: false });
    expect(counts(emulator)).not.toHaveProperty("AbortMultipartUpload");
    const second = await attempt(vod, bytes, { ...parts, checkpoint });
    const third = await attempt(vod, bytes, { ...parts, checkpoint });
    expect(third.result?.fileId).toBe(second.result?.fileId);
    await expectCommittedOnce(emulator, bytes, second.result);
  });
});
