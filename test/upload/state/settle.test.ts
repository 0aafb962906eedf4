import { describe, expect, test } from "vitest";
import type { Checkpoint } from "../../../src/index.ts";
import { bench, random } from "../support.ts";

/** An upload's checkpoints, in order. */
async function checkpointsOf(vod: Awaited<ReturnType<typeof bench>>["vod"]): Promise<Checkpoint[]> {
  const seen: Checkpoint[] = [];
  await vod.upload(random(1000), {
    mediaType: "mp4",
    onCheckpoint: (checkpoint) => void seen.push(structuredClone(checkpoint)),
  });
  return seen;
}

describe("client.settle", () => {
  test("repeats the commit of a session that may have been committed, without the source", async () => {
    const { vod, emulator } = await bench();
    const committing = (await checkpointsOf(vod)).find(({ state }) => state === "committing") as Checkpoint;
    const result = await vod.settle(committing);
    expect(result.fileId).toBe(emulator.media()[0]?.fileId);
    expect(emulator.media()).toHaveLength(1);
    expect(result.transfer).toMatchObject({ bytes: 1000, parts: 1, resumedParts: 1 });
  });

  test("asks nobody when the checkpoint knows the result", async () => {
    const { vod, emulator } = await bench();
    const committed = (await checkpointsOf(vod)).find(({ state }) => state === "committed") as Checkpoint;
    emulator.clearRequests();
    expect((await vod.settle(committed, {})).fileId).toBe(emulator.media()[0]?.fileId);
    expect(emulator.requests()).toEqual([]);
  });

  test("refuses what cannot have been committed, another endpoint, and what is no checkpoint", async () => {
    const { vod, client, emulator } = await bench();
    const all = await checkpointsOf(vod);
    const find = (wanted: string) => all.find(({ state }) => state === wanted) as Checkpoint;
    emulator.clearRequests();
    for (const state of ["uploading", "transferred"]) {
      await expect(vod.settle(find(state))).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    }
    const elsewhere = client({ vodEndpoint: "http://127.0.0.1:9" });
    await expect(elsewhere.settle(find("committing"))).rejects.toMatchObject({ code: "CHECKPOINT_MISMATCH" });
    await expect(vod.settle({} as Checkpoint)).rejects.toMatchObject({ code: "CHECKPOINT_INVALID" });
    await expect(vod.settle(find("committed"), { signall: 1 } as object)).rejects.toThrow(/signal/);
    expect(emulator.requests()).toEqual([]);
  });

  test("an aborted signal sends nothing", async () => {
    const { vod, emulator } = await bench();
    const committing = (await checkpointsOf(vod)).find(({ state }) => state === "committing") as Checkpoint;
    emulator.clearRequests();
    const reason = new Error("enough");
    await expect(vod.settle(committing, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(emulator.requests()).toEqual([]);
  });
});
