import { fstatSync } from "node:fs";
import { appendFile, mkdtemp, open, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import type { UploadSource } from "../../src/index.ts";
import type { Trial } from "./support/trial.ts";
import { VodupError } from "../../src/index.ts";
import { bytes, ending, mib, onTrial, rule, violations } from "./support/trial.ts";

const content = bytes(4 * mib + 5);

/** What happens to a file while its third part is on its way. */
const disturbances: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "is cut to nothing": (path) => truncate(path, 0),
  "loses its last byte": (path) => truncate(path, content.length - 1),
  "loses its half": (path) => truncate(path, 2 * mib),
  grows: (path) => appendFile(path, "more"),
  "is written anew, as long as before": (path) => writeFile(path, bytes(content.length, 99)),
};

async function duringThirdPart(trial: Trial, disturb: () => Promise<void>): Promise<void> {
  while (!trial.emulator.requests().some(({ partNumber }) => partNumber === 3)) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await disturb();
}

async function withFile(run: (path: string) => Promise<string[]>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "vodup-source-"));
  try {
    const path = join(folder, "film.mp4");
    await writeFile(path, content);
    return await run(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const slowThird = rule("UploadPart", { kind: "delay", ms: 200 }, { partNumber: 3 });

describe.concurrent("a file that changes while it is read", () => {
  test.each(Object.entries(disturbances))("and %s", async (_, disturb) => {
    const problems = await withFile((path) =>
      onTrial({ emulator: { faults: [slowThird] }, client: { concurrency: 1 } }, async (trial) => {
        const uploading = trial.upload(path);
        await duringThirdPart(trial, () => disturb(path));
        const outcome = await uploading;
        expect(outcome.error, ending(outcome)).toMatchObject({ code: "SOURCE_CHANGED", retryable: false });
        expect(trial.emulator.media()).toEqual([]);
        return violations(trial, outcome, { media: content });
      }),
    );
    expect(problems).toEqual([]);
  });

  test("and is replaced by another of the same name: the one that was opened is uploaded, or neither", async () => {
    const problems = await withFile((path) =>
      onTrial({ emulator: { faults: [slowThird] }, client: { concurrency: 1 } }, async (trial) => {
        const uploading = trial.upload(path);
        await duringThirdPart(trial, async () => {
          await writeFile(`${path}.new`, bytes(content.length, 5));
          await rename(`${path}.new`, path);
        });
        return violations(trial, await uploading, { media: content });
      }),
    );
    expect(problems).toEqual([]);
  });
});

describe("a disk that cannot read", () => {
  const damaged = 3 * mib + 77;

  test.each([
    ["at its first byte", 0],
    ["where a part in the middle begins", mib],
    ["where the last part begins", 3 * mib],
  ])("%s", async (_, at) => {
    const folder = await mkdtemp(join(tmpdir(), "vodup-disk-"));
    const path = join(folder, "damaged.mp4");
    await writeFile(path, content.subarray(0, damaged));
    const handle = await open(path);
    const type: typeof handle = Object.getPrototypeOf(handle);
    await handle.close();
    const { read } = type;
    // Every file of this process reads through the one prototype: this file is known by its size.
    const broken = vi.spyOn(type, "read").mockImplementation(function (this: typeof handle, ...given: unknown[]) {
      if (given[3] === at && fstatSync(this.fd).size === damaged) {
        return Promise.reject(Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" }));
      }
      return Reflect.apply(read, this, given);
    });
    try {
      const problems = await onTrial({}, async (trial) => {
        const outcome = await trial.upload(path);
        // A network drive says EIO while its server is away: another run may read it.
        expect(outcome.error, ending(outcome)).toMatchObject({ code: "SOURCE_FAILED", retryable: true });
        return violations(trial, outcome, { media: content.subarray(0, damaged) });
      });
      expect(problems).toEqual([]);
    } finally {
      broken.mockRestore();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** Gives so many bytes and then fails. */
async function* failing(after: number, failure: Error): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < after; from += 64_000) yield content.subarray(from, Math.min(after, from + 64_000));
  throw failure;
}

describe.concurrent("a source that cannot be read to its end", () => {
  const diskError = (): Error => Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
  const sources: Readonly<Record<string, () => UploadSource>> = {
    "an iterable that fails at once": () => failing(0, diskError()),
    "an iterable that fails within the first part": () => failing(500_000, diskError()),
    "an iterable that fails between two parts": () => failing(2 * mib, diskError()),
    "an iterable that fails within the last part": () => failing(4 * mib + 2, diskError()),
    "a Readable that is destroyed": () => Readable.from(failing(3 * mib, diskError())),
    "a web stream that errs": () =>
      Readable.toWeb(Readable.from(failing(mib + 7, diskError()))) as ReadableStream<Uint8Array>,
  };
  test.each(Object.entries(sources))("%s", async (_, source) => {
    const problems = await onTrial({}, async (trial) => {
      const outcome = await trial.upload(source());
      expect(outcome.error, ending(outcome)).toMatchObject({ code: "SOURCE_FAILED" });
      return violations(trial, outcome, { media: content });
    });
    expect(problems).toEqual([]);
  });

  test.each([content.length - 1, content.length + 1])("a stream that was said to have %i bytes", async (size) => {
    const problems = await onTrial({}, async (trial) => {
      const outcome = await trial.upload(Readable.from([content], { objectMode: false }), { size });
      expect(outcome.error, ending(outcome)).toMatchObject({ code: "SOURCE_CHANGED" });
      return violations(trial, outcome, { media: content });
    });
    expect(problems).toEqual([]);
  });
});

describe.concurrent("a commit that nothing can settle", () => {
  const lost = (kind: "reset-after-effect" | "reset-before") => rule("CommitUpload", { kind }, { nth: 1 });
  const unanswered = rule("DescribeMediaInfos", { kind: "reset-before" });
  test("is reported as uncertain, with the FileId that it would have", async () => {
    const emulator = { secondCommit: "unknown-session" as const, faults: [lost("reset-after-effect"), unanswered] };
    const problems = await onTrial({ emulator }, async (trial) => {
      const outcome = await trial.upload(content);
      const [media] = trial.emulator.media();
      expect(outcome.error).toMatchObject({ code: "COMMIT_UNCERTAIN", candidateFileId: media?.fileId });
      expect(outcome.error).toBeInstanceOf(VodupError);
      return violations(trial, outcome, { media: content, mayBeUncertain: true });
    });
    expect(problems).toEqual([]);
  });

  test("is not called uncertain when it is only late", async () => {
    const emulator = { secondCommit: "unknown-session" as const, faults: [lost("reset-before"), unanswered] };
    const problems = await onTrial({ emulator }, async (trial) => {
      const outcome = await trial.upload(content);
      expect(outcome.result, ending(outcome)).toBeDefined();
      return violations(trial, outcome, { media: content });
    });
    expect(problems).toEqual([]);
  });
});
