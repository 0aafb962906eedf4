import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { startEmulator, type Emulator, type EmulatorOptions } from "../../../src/emulator/index.ts";
import { VodClient, type VodClientOptions } from "../../../src/index.ts";
import { atEnd, atEndOfFile } from "../../support/at-end.ts";

/** A folder that goes when the file's tests have ended; without symbolic links in its path. */
export async function newFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "vodup-tree-")));
  atEndOfFile(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files by their paths; answers the folder. */
export async function tree(
  files: Readonly<Record<string, string | Uint8Array>>,
  folder: string | Promise<string> = newFolder(),
): Promise<string> {
  const root = await folder;
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

export const playlist = (...lines: string[]): string => ["#EXTM3U", "#EXT-X-TARGETDURATION:2", ...lines, ""].join("\n");
/** A media playlist of these segments. */
export const media = (...segments: string[]): string =>
  playlist(...segments.flatMap((uri) => ["#EXTINF:2.0,", uri]), "#EXT-X-ENDLIST");

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export interface Service {
  readonly emulator: Emulator;
  readonly vod: VodClient;
}

/** An emulator and a client of it, until the end of the test. */
export async function service(options: EmulatorOptions = {}, client: Partial<VodClientOptions> = {}): Promise<Service> {
  const emulator = await startEmulator({ strictSignature: true, ...options });
  const { vodEndpoint, cosEndpoint, secretId, secretKey } = emulator;
  const vod = new VodClient({
    credentials: { secretId, secretKey },
    vodEndpoint,
    cosEndpoint,
    retry: { baseDelayMs: 2, throttleDelayMs: 2, maxDelayMs: 20 },
    ...client,
  });
  atEnd(async () => {
    await vod.close();
    await emulator.close();
  });
  return { emulator, vod };
}

/** SHA-256 of every stored object beside or below the media, by its path relative to the media's folder. */
export async function stored(emulator: Emulator, fileId: string): Promise<Record<string, string>> {
  const key = emulator.media().find((entry) => entry.fileId === fileId)?.key ?? "";
  const folder = posix.dirname(key);
  const found = [...(await emulator.objects())]
    .filter(([name]) => name.startsWith(`${folder}/`))
    .map(([name, { sha256: hash }]) => [name === key ? "(manifest)" : name.slice(folder.length + 1), hash ?? ""]);
  return Object.fromEntries(found) as Record<string, string>;
}

/** What {@link stored} must be for these files of a folder, `manifest` being the one that was uploaded. */
export async function expected(
  root: string,
  manifest: string,
  files: readonly string[],
): Promise<Record<string, string>> {
  const hash = async (path: string): Promise<string> => sha256(await readFile(join(root, path)));
  const entries = await Promise.all(files.map(async (path): Promise<[string, string]> => [path, await hash(path)]));
  return Object.fromEntries([["(manifest)", await hash(manifest)] as [string, string], ...entries]);
}

/** Operations of the requests that were received, in order; of COS with the last part of the key. */
export function operations(emulator: Emulator): string[] {
  return emulator.requests().map(({ operation, key }) => {
    const name = key === undefined ? "" : ` ${posix.basename(key)}`;
    return `${operation ?? ""}${name}`;
  });
}
