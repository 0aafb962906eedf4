import { sourceOf } from "../../shown-source.ts";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { UploadResult } from "../../index.ts";
import type { Arguments } from "../args.ts";
import type { Target } from "../connection.ts";
import type { UploadFlag } from "./flags.ts";
import { member } from "../../json.ts";
import { stateDirectory } from "../../state/directory.ts";
import { openPrivateFolder } from "../../state/private-folder.ts";
import { readOwn, replaceFile } from "../../state/private-file.ts";
import { withAbsolutePaths } from "./flags.ts";

/** Flags that may differ when a command is run again: none of them makes another media. */
const passing =
  /^--(?:json|quiet|no-progress|debug|timeout|retries|retry-for|limit-rate|concurrency|part-size|keep-parts)(?:=|$)/;

/** A run that nobody has completed for so long is another one when it comes again. */
const keptMs = 7 * 86_400_000;

interface Finished {
  readonly version: 1;
  /** Of the source as it was sent; undefined for a URL. */
  readonly identity: string | undefined;
  readonly result: UploadResult;
}

/**
 * The sources that a command of several has finished, until it has finished them all: stopped in between, by a signal,
 * a deadline or kill -9, the same command uploads none of them a second time. One file a source, so that two processes
 * at the same command do not write over each other.
 */
export class FinishedSources {
  readonly #directory: string;
  /** Whether something was finished that could not be remembered: a pipe, or a full disk. */
  isIncomplete = false;

  constructor(args: Arguments<UploadFlag>, target: Target) {
    const sources = args.operands.map(nameOf);
    const flags = withAbsolutePaths([...args.typed, ...args.set]).filter((flag) => !passing.test(flag));
    this.#directory = join(stateDirectory(process.env), "runs", digest([sources, flags, Object.entries(target)]));
  }

  /** The result of a source that an earlier run of this command has finished, if it still is that source. */
  async recall(source: string, index: number): Promise<UploadResult | undefined> {
    const path = this.#fileOf(source, index);
    try {
      if (Date.now() - (await stat(path)).mtimeMs > keptMs) return undefined;
      const { version, identity, result } = JSON.parse((await readOwn(path)) ?? "") as Partial<Finished>;
      if (version !== 1 || typeof result?.fileId !== "string" || typeof result.mediaUrl !== "string") return undefined;
      if (typeof member(result.transfer, "bytes") !== "number") return undefined;
      if (isUrl(source) || identity === (await identityOf(source))) return result;
      return (await crc64Of(source)) === result.transfer.crc64 ? result : undefined;
    } catch {
      // Nothing is remembered, or nothing that can be read.
      return undefined;
    }
  }

  /** Looks at a source before it is sent. @returns what remembers it once it is */
  async watch(source: string, index: number): Promise<(result: UploadResult) => Promise<void>> {
    const identity = isUrl(source) ? undefined : await identityOf(source);
    return async (result) => {
      if (identity === undefined && !isUrl(source)) {
        this.isIncomplete = true;
        return;
      }
      const finished: Finished = { version: 1, identity, result };
      try {
        await openPrivateFolder(stateDirectory(process.env), true);
        await openPrivateFolder(join(this.#directory, ".."), false);
        await openPrivateFolder(this.#directory, false);
        await replaceFile(this.#fileOf(source, index), `${JSON.stringify(finished)}\n`);
      } catch {
        this.isIncomplete = true;
      }
    };
  }

  /** The run is complete: the same command means new medias from here on. */
  async forget(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    const all = join(this.#directory, "..");
    for (const name of await readdir(all).catch(() => [])) await removeOld(join(all, name));
    await rmdir(all).catch(() => undefined);
  }

  /** A command may name a source twice, and then means two medias. */
  #fileOf(source: string, index: number): string {
    return join(this.#directory, `${digest([index, nameOf(source)])}.json`);
  }
}

async function removeOld(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found !== undefined && Date.now() - found.mtimeMs > keptMs) await rm(directory, { recursive: true, force: true });
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

function nameOf(source: string): string {
  const parsed = sourceOf(source);
  return parsed instanceof URL ? parsed.href : resolve(parsed);
}

function isUrl(source: string): boolean {
  const parsed = sourceOf(source);
  return parsed instanceof URL && parsed.protocol !== "file:";
}

/** Undefined for what can be read only once. */
async function identityOf(source: string): Promise<string | undefined> {
  const found = await stat(sourceOf(source), { bigint: true }).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(":");
}

async function crc64Of(source: string): Promise<string> {
  const { Crc64 } = await import("../../cos/index.ts");
  const crc64 = new Crc64();
  for await (const chunk of createReadStream(sourceOf(source)) as AsyncIterable<Buffer>) crc64.update(chunk);
  return String(crc64.digest());
}
