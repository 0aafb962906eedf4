import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CheckpointError, type Checkpoint } from "../../../src/index.ts";
import { checkSameUpload } from "../../../src/upload/state/checkpoint.ts";
import { checkCheckpoint } from "../../../src/upload/state/checkpoint-form.ts";
import { CheckpointWriter } from "../../../src/upload/state/checkpoint-writer.ts";
import { schemaErrors } from "../../support/schema-errors.ts";
import { pause } from "../../support/raw-servers.ts";
import { attempt, bench, collect, counts, expectCommittedOnce, mib, random, tempFile } from "../support.ts";
import { timing } from "../../support/timing.ts";

const key = "0123abcd5285890784273533167/f0.mp4";
const done = { size: 10, parts: 2, crc64: "18446744073709551615", verified: "crc64" };
const good = {
  version: 1,
  state: "uploading",
  endpoint: { vod: "https://vod.example", cos: "https://{bucket}.example" },
  source: { kind: "file", size: 10, modified: "1" },
  fields: { MediaType: "mp4", ClassId: 0, SubAppId: "1500000001" },
  session: {
    bucket: "b-1250000000",
    region: "ap-singapore",
    mediaStoragePath: `/${key}`,
    vodSessionKey: "k",
    certificate: { secretId: "a", secretKey: "b", token: "c", expiredTime: 4_000_000_000 },
    receivedAt: 1,
    requestId: "r",
  },
  objects: {
    [key]: { uploadId: "u", partSize: mib, parts: [{ number: 1, size: 10, etag: "e", crc64: "0" }] },
  },
  savedAt: "2026-01-01T00:00:00.000Z",
};

/** `good` with one field, named by its path, set to another value. */
function changed(path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(good) as unknown;
  let at = copy as Record<string, unknown>;
  for (const name of path.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>;
  const last = path.at(-1) ?? "";
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

function problem(value: unknown): CheckpointError | undefined {
  try {
    checkCheckpoint(value);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return error as CheckpointError;
  }
}

describe("the form of a checkpoint", () => {
  test("is that of the schema", () => {
    expect(problem(good)).toBeUndefined();
    expect(schemaErrors("checkpoint", good)).toEqual([]);
  });

  test.each([undefined, null, 5, "text", [], true])("is not that of %j", (value) => {
    expect(problem(value)).toMatchObject({ code: "CHECKPOINT_INVALID", field: "checkpoint" });
  });

  const object = ["objects", key];
  test.each<[string, readonly string[], unknown]>([
    ["version", ["version"], undefined],
    ["version", ["version"], 2],
    ["version", ["version"], "1"],
    ["state", ["state"], "done"],
    ["state", ["state"], undefined],
    ["endpoint", ["endpoint"], "https://vod.example"],
    ["endpoint.vod", ["endpoint", "vod"], ""],
    ["endpoint.cos", ["endpoint", "cos"], undefined],
    ["source", ["source"], null],
    ["source.kind", ["source", "kind"], "directory"],
    ["source.size", ["source", "size"], -1],
    ["source.size", ["source", "size"], "10"],
    ["source.modified", ["source", "modified"], undefined],
    ["cover", ["cover"], null],
    ["cover", ["cover"], "lesson.jpg"],
    ["cover.kind", ["cover"], {}],
    ["fields", ["fields"], []],
    ["fields.MediaType", ["fields", "MediaType"], null],
    ["fields.MediaType", ["fields", "MediaType"], ["mp4"]],
    ["session", ["session"], undefined],
    ["session.bucket", ["session", "bucket"], "evil.example"],
    ["session.bucket", ["session", "bucket"], ""],
    ["session.region", ["session", "region"], "r/x"],
    ["session.region", ["session", "region"], 5],
    ["session.vodSessionKey", ["session", "vodSessionKey"], ""],
    ["session.mediaStoragePath", ["session", "mediaStoragePath"], "/../x"],
    ["session.mediaStoragePath", ["session", "mediaStoragePath"], "/"],
    ["session.mediaStoragePath", ["session", "mediaStoragePath"], 5],
    ["session.coverStoragePath", ["session", "coverStoragePath"], 5],
    ["session.receivedAt", ["session", "receivedAt"], "yesterday"],
    ["session.receivedAt", ["session", "receivedAt"], -1],
    ["session.requestId", ["session", "requestId"], undefined],
    ["session.certificate", ["session", "certificate"], null],
    ["session.certificate.secretKey", ["session", "certificate", "secretKey"], ""],
    ["session.certificate.token", ["session", "certificate", "token"], undefined],
    ["session.certificate.expiredTime", ["session", "certificate", "expiredTime"], "soon"],
    ["objects", ["objects"], []],
    [`objects["${key}"]`, object, null],
    [`objects["${key}"].uploadId`, [...object, "uploadId"], ""],
    [`objects["${key}"].partSize`, [...object, "partSize"], undefined],
    [`objects["${key}"].partSize`, [...object, "partSize"], 1000],
    [`objects["${key}"].partSize`, [...object, "partSize"], 5 * 2 ** 30 + 1],
    [`objects["${key}"].parts`, [...object, "parts"], undefined],
    [`objects["${key}"].parts`, [...object, "parts"], {}],
    [`objects["${key}"].parts`, [...object, "parts"], [null]],
    [`objects["${key}"].parts.number`, [...object, "parts"], [{ number: 0, size: 1, etag: "e", crc64: "1" }]],
    [`objects["${key}"].parts.number`, [...object, "parts"], [{ number: 10_001, size: 1, etag: "e", crc64: "1" }]],
    [
      `objects["${key}"].parts.number`,
      [...object, "parts"],
      [1, 1].map((number) => ({ number, size: 1, etag: "e", crc64: "1" })),
    ],
    [`objects["${key}"].parts.size`, [...object, "parts"], [{ number: 1, size: -1, etag: "e", crc64: "1" }]],
    [`objects["${key}"].parts.etag`, [...object, "parts"], [{ number: 1, size: 1, etag: "", crc64: "1" }]],
    [`objects["${key}"].parts.crc64`, [...object, "parts"], [{ number: 1, size: 1, etag: "e", crc64: 1 }]],
    [
      `objects["${key}"].parts.crc64`,
      [...object, "parts"],
      [{ number: 1, size: 1, etag: "e", crc64: "18446744073709551616" }],
    ],
    [`objects["${key}"].source`, [...object, "source"], "x.ts"],
    [`objects["${key}"].done`, [...object, "done"], null],
    [`objects["${key}"].done.parts`, [...object, "done"], { ...done, parts: 0 }],
    [`objects["${key}"].done.verified`, [...object, "done"], { ...done, verified: "yes" }],
    [`objects["${key}"].done`, ["state"], "transferred"],
    [`objects["${key}"].done`, ["state"], "committing"],
    [`objects["${key}"].done`, ["state"], "committed"],
  ])("needs a right %s: %j = %j", (field, path, value) => {
    expect(problem(changed(path, value))).toMatchObject({
      code: "CHECKPOINT_INVALID",
      field,
      message: expect.stringContaining(field),
      retryable: false,
    });
  });

  test.each([undefined, null, {}, { fileId: "" }, { fileId: "1", mediaUrl: "u" }])(
    "needs a result when committed: %j",
    (result) => {
      const objects = { [key]: { parts: [], done } };
      const value = { ...good, state: "committed", objects, ...(result === undefined ? {} : { result }) };
      expect(problem(value)?.field).toMatch(/^result/);
      const right = { ...value, result: { fileId: "1", mediaUrl: "u", requestId: "r" } };
      expect(problem(right)).toBeUndefined();
      expect(schemaErrors("checkpoint", right)).toEqual([]);
    },
  );

  test("keeps what it does not know: a later release may add", () => {
    expect(problem({ ...good, comment: "mine" })).toBeUndefined();
  });

  test("is never broken by anything but a CheckpointError", () => {
    fc.assert(
      fc.property(fc.object({ key: fc.constantFrom(...Object.keys(good), "x"), maxDepth: 3 }), (value) => {
        problem({ ...good, ...value });
      }),
    );
  });

  test("is that of every checkpoint that an upload gives, whatever its state", async () => {
    const { vod } = await bench({}, { subAppId: 18_446_744_073_709_551_615n });
    const bytes = random(3 * mib);
    const seen = collect();
    const { result } = await attempt(vod, await tempFile(bytes), {
      partSize: mib,
      cover: Buffer.from("x"),
      coverType: "jpg",
      onCheckpoint: seen.write,
    }).catch(() => ({ result: undefined }));
    // The emulator refuses so large a SubAppId or not: each checkpoint up to there has the form.
    void result;
    for (const checkpoint of seen.all) {
      expect(problem(checkpoint)).toBeUndefined();
      expect(schemaErrors("checkpoint", checkpoint)).toEqual([]);
    }
  });
});

describe("a checkpoint of another upload", () => {
  const now = {
    endpoint: good.endpoint,
    source: { kind: "file", size: 10, modified: "1" },
    cover: undefined,
    fields: good.fields,
  } as const;
  const same = (checkpoint: unknown, changes: object = {}): unknown => {
    checkCheckpoint(checkpoint);
    try {
      checkSameUpload(checkpoint, { ...now, ...changes });
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(CheckpointError);
      return (error as CheckpointError).field;
    }
  };
  const cover = { kind: "file", size: 3, modified: "9" };

  test("is none if nothing differs", () => {
    expect(same(good)).toBeUndefined();
    expect(same({ ...good, cover }, { cover })).toBeUndefined();
  });

  test.each<[string, object, object]>([
    ["endpoint.vod", {}, { endpoint: { ...good.endpoint, vod: "https://other.example" } }],
    ["endpoint.cos", {}, { endpoint: { ...good.endpoint, cos: "https://other.example" } }],
    ["source.kind", {}, { source: { kind: "bytes", size: 10, modified: "1" } }],
    ["source.size", {}, { source: { kind: "file", size: 11, modified: "1" } }],
    ["source.modified", {}, { source: { kind: "file", size: 10, modified: "2" } }],
    ["cover", { cover }, {}],
    ["cover", {}, { cover }],
    ["cover.size", { cover }, { cover: { ...cover, size: 4 } }],
    ["cover.modified", { cover }, { cover: { ...cover, modified: "8" } }],
    ["fields.MediaType", {}, { fields: { ...good.fields, MediaType: "mkv" } }],
    ["fields.MediaName", {}, { fields: { ...good.fields, MediaName: "new" } }],
    ["fields.SubAppId", {}, { fields: { ...good.fields, SubAppId: "2" } }],
    ["fields.ClassId", {}, { fields: { MediaType: "mp4", SubAppId: "1500000001" } }],
  ])("differs in %s", (field, was, is) => {
    expect(same({ ...good, ...was }, is)).toBe(field);
  });

  test("may lack its cover once everything is stored: nothing of it is needed", () => {
    const objects = { [key]: { parts: [], done } };
    expect(same({ ...good, state: "committing", objects, cover }, {})).toBeUndefined();
  });

  test("is refused before anything is sent, by its field", async () => {
    const { emulator, vod, client } = await bench();
    const bytes = random(2 * mib);
    const path = await tempFile(bytes);
    const seen = collect();
    const options = { partSize: mib, onCheckpoint: seen.write };
    const { error } = await attempt(client({ subAppId: 1_500_000_002 }), path, {
      ...options,
      onFailure: "keep-parts",
      onProgress: ({ parts: { done: count } }) => {
        if (count > 0) throw new Error("stop here");
      },
    });
    expect(error).toMatchObject({ message: "stop here" });
    const checkpoint = seen.last();
    emulator.clearRequests();
    for (const [using, more, field] of [
      [vod, {}, "fields.SubAppId"],
      [client({ subAppId: 1_500_000_002 }), { mediaName: "other" }, "fields.MediaName"],
      [client({ subAppId: 1_500_000_002, cosEndpoint: "https://{bucket}.example" }), {}, "endpoint.cos"],
    ] as const) {
      const outcome = await attempt(using, path, { ...options, ...more, checkpoint });
      expect(outcome.error).toMatchObject({ code: "CHECKPOINT_MISMATCH", field, retryable: false });
    }
    const other = await attempt(client({ subAppId: 1_500_000_002 }), bytes, { ...options, checkpoint });
    expect(other.error).toMatchObject({ code: "CHECKPOINT_MISMATCH", field: "source.kind" });
    expect((await attempt(vod, path, { checkpoint: {} as Checkpoint })).error).toMatchObject({
      code: "CHECKPOINT_INVALID",
    });
    expect(counts(emulator)).toEqual({});
  });
});

describe("writing checkpoints", () => {
  test("is done one at a time, and what happens meanwhile is gathered into the next", async () => {
    let state = 0;
    const written: number[] = [];
    let writing = 0;
    const writer = new CheckpointWriter(
      async (checkpoint) => {
        writing += 1;
        expect(writing).toBe(1);
        await pause(5);
        written.push((checkpoint as unknown as { state: number }).state);
        writing -= 1;
      },
      () => ({ state }) as unknown as Checkpoint,
    );
    const saves: Promise<void>[] = [];
    for (state = 1; state <= 20; state += 1) saves.push(writer.save());
    state = 20;
    await Promise.all(saves);
    expect(written.at(-1)).toBe(20);
    expect(written.length).toBeLessThan(5);
  });

  test("settles only when a state at least as new is written", async () => {
    let state = "old";
    const written: string[] = [];
    let first = true;
    const writer = new CheckpointWriter(
      async (checkpoint) => {
        if (first) {
          first = false;
          await pause(20);
        }
        written.push((checkpoint as unknown as { state: string }).state);
      },
      () => ({ state }) as unknown as Checkpoint,
    );
    void writer.save();
    state = "new";
    await writer.save();
    expect(written).toEqual(["old", "new"]);
  });

  test("loses none that is saved in the very turn in which the writer ends", async () => {
    for (let ticks = 0; ticks < 8; ticks += 1) {
      let state = "old";
      const written: string[] = [];
      const writer = new CheckpointWriter(
        async (checkpoint) => {
          written.push((checkpoint as unknown as { state: string }).state);
        },
        () => ({ state }) as unknown as Checkpoint,
      );
      void writer.save();
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      state = "new";
      await writer.save();
      expect(written.at(-1)).toBe("new");
    }
  });

  test("that fails rejects with the caller's own error, and the next is tried again", async () => {
    let fail = true;
    const writer = new CheckpointWriter(
      () => {
        if (fail) throw new Error("disk full");
      },
      () => ({}) as Checkpoint,
    );
    await expect(writer.save()).rejects.toThrow("disk full");
    fail = false;
    await writer.save();
    await writer.settle(false, new AbortController().signal);
  });
});

describe("onCheckpoint", () => {
  test("is called after apply, after parts, and around the commit, in this order", async () => {
    const { vod } = await bench();
    const seen = collect();
    await attempt(vod, await tempFile(random(3 * mib)), { partSize: mib, concurrency: 1, onCheckpoint: seen.write });
    const states = seen.all.map(({ state, objects }) => {
      const [object] = Object.values(objects);
      return `${state} ${object?.uploadId === undefined ? "-" : "open"} ${object?.parts.length ?? 0}`;
    });
    expect(states[0]).toBe("uploading - 0");
    expect(states).toContain("uploading open 1");
    expect(states).toContain("transferred open 3");
    expect(states.slice(-2)).toEqual(["committing open 3", "committed open 3"]);
  });

  test.each(["uploading", "transferred", "committing"])(
    "that fails at %s fails the upload with its own error",
    async (state) => {
      const { emulator, vod } = await bench();
      const why = new Error("disk full");
      const { error } = await attempt(vod, random(2 * mib), {
        partSize: mib,
        onCheckpoint: (checkpoint) => {
          if (checkpoint.state === state) throw why;
        },
      });
      expect(error).toBe(why);
      // What cannot be remembered is not committed.
      expect(emulator.media()).toEqual([]);
    },
  );

  test("that fails once the media is committed is a warning: the media exists", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(2 * mib);
    const warnings: string[] = [];
    const { result } = await attempt(vod, bytes, {
      partSize: mib,
      onWarning: ({ code }) => warnings.push(code),
      onCheckpoint: ({ state }) => {
        if (state === "committed") throw new Error("disk full");
      },
    });
    await expectCommittedOnce(emulator, bytes, result);
    expect(warnings).toEqual(["CHECKPOINT_FAILED"]);
  });

  test("that fails while parts are under way fails the upload, and nothing goes unhandled", async () => {
    const { emulator, vod } = await bench();
    const why = new Error("disk full");
    const { error } = await attempt(vod, random(4 * mib), {
      partSize: mib,
      onFailure: "abort",
      onCheckpoint: async ({ objects }) => {
        if (Object.values(objects).some(({ parts }) => parts.length > 1)) throw why;
      },
    });
    expect(error).toBe(why);
    expect(emulator.media()).toEqual([]);
    expect(emulator.uploads()).toEqual([]);
  });

  test("that never settles does not keep an abort waiting", timing, async () => {
    const { vod } = await bench();
    const controller = new AbortController();
    setTimeout(() => controller.abort("enough"), 100);
    const started = performance.now();
    const { error } = await attempt(vod, random(2 * mib), {
      partSize: mib,
      signal: controller.signal,
      onCheckpoint: () => new Promise(() => undefined),
    });
    expect(error).toBe("enough");
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
