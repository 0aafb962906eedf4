import type { Warning } from "../../../src/index.ts";
import { execFile, spawnSync } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { planManifest } from "../../../src/index.ts";
import { expected, newFolder, service, stored } from "../support/trees.ts";

const run = promisify(execFile);
const sample = join(import.meta.dirname, "../../../fixtures/media/sample.mp4");
const ffmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;

const words = (...texts: readonly (string | readonly string[])[]): string[] =>
  texts.flatMap((text) => (typeof text === "string" ? text.split(" ") : text));

/** What ffmpeg is asked for, and the manifest it makes of it. */
const trees: Record<string, { readonly args: readonly string[]; readonly manifest: string }> = {
  "HLS with a master, two variants in folders and numbered segments": {
    args: words(
      "-map 0:v -map 0:a -map 0:v -map 0:a -c copy -f hls -hls_time 2 -hls_playlist_type vod",
      ["-var_stream_map", "v:0,a:0,name:low v:1,a:1,name:영상", "-hls_segment_filename", "v_%v/seg %03d.ts"],
      "-master_pl_name master.m3u8 v_%v/index.m3u8",
    ),
    manifest: "master.m3u8",
  },
  "HLS in fragments with initialization sections and audio of its own": {
    args: words(
      "-map 0:v -map 0:a -c copy -f hls -hls_time 2 -hls_playlist_type vod -hls_segment_type fmp4",
      ["-var_stream_map", "a:0,agroup:aud,default:yes v:0,agroup:aud"],
      "-master_pl_name master.m3u8 stream_%v.m3u8",
    ),
    manifest: "master.m3u8",
  },
  "HLS in one file by byte ranges": {
    args: words("-c copy -f hls -hls_time 2 -hls_playlist_type vod -hls_flags single_file a.m3u8"),
    manifest: "a.m3u8",
  },
  "HLS encrypted": {
    args: words("-c copy -f hls -hls_time 2 -hls_playlist_type vod -hls_key_info_file key-info a.m3u8"),
    manifest: "a.m3u8",
  },
  "DASH with timelines": {
    args: words("-c copy -f dash -seg_duration 2 -use_timeline 1 a.mpd"),
    manifest: "a.mpd",
  },
  "DASH with templates by duration": {
    args: words("-c copy -f dash -seg_duration 2 -use_timeline 0 -use_template 1 a.mpd"),
    manifest: "a.mpd",
  },
  "DASH with lists": {
    args: words("-c copy -f dash -seg_duration 2 -use_timeline 0 -use_template 0 a.mpd"),
    manifest: "a.mpd",
  },
  "DASH in one file for each stream": {
    args: words("-c copy -f dash -seg_duration 2 -single_file 1 a.mpd"),
    manifest: "a.mpd",
  },
  "DASH and HLS for the same segments": {
    args: words("-c copy -f dash -seg_duration 2 -hls_playlist 1 a.mpd"),
    manifest: "master.m3u8",
  },
};

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

describe.skipIf(!ffmpeg)("trees of a real encoder", () => {
  test.each(Object.keys(trees))("%s", async (name) => {
    const { args, manifest } = trees[name] ?? { args: [], manifest: "" };
    const folder = await newFolder();
    // The key's URI in the playlist, and the file that ffmpeg reads it from.
    await writeFile(join(folder, "enc.key"), "0123456789abcdef");
    await writeFile(join(folder, "key-info"), "enc.key\nenc.key\n");
    await run("ffmpeg", ["-v", "error", "-nostdin", "-i", sample, ...args], { cwd: folder });

    // Everything that the encoder wrote belongs to it, but for what we gave, and the manifest of the other kind.
    const given = name === "HLS encrypted" ? ["key-info"] : ["key-info", "enc.key"];
    const other = manifest === "a.mpd" ? [] : ["a.mpd"];
    const written = (await files(folder)).filter((path) => ![manifest, ...given, ...other].includes(path));
    const plan = await planManifest(join(folder, manifest));
    expect(plan.files.map(({ path }) => path).sort()).toEqual([...written, manifest].sort());
    expect(written.length).toBeGreaterThan(0);

    const { emulator, vod } = await service();
    const warnings: Warning[] = [];
    for (const offlineManifest of [false, true]) {
      const onWarning = (warning: Warning): number => warnings.push(warning);
      const { fileId } = await vod.upload(join(folder, manifest), { offlineManifest, onWarning });
      expect(await stored(emulator, fileId)).toEqual(await expected(folder, manifest, written));
    }
    // The emulator reads manifests with code of its own: the two agree.
    expect(warnings).toEqual([]);
  });
});
