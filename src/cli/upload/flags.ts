import { resolve } from "node:path";
import type { SessionRefresh, UploadOptions } from "../../index.ts";
import type { Arguments, FlagSpec } from "../args.ts";
import type { ConnectionFlag } from "../connection.ts";
import { UsageError } from "../args.ts";
import { sourceOf } from "../../shown-source.ts";
import { connectionFlags } from "../connection.ts";
import { parseAuto, parseInteger } from "../numbers.ts";
import { parseSize } from "../sizes.ts";

/** What is said of one media, and of no other. */
type OwnFlag = "media-name" | "cover" | "media-storage-path";

/** What is said of the media. */
export type MediaFlag =
  | OwnFlag
  | "media-type"
  | "procedure"
  | "storage-region"
  | "class-id"
  | "source-context"
  | "session-context"
  | "expire-time";

/** Flags that one upload and many of them may have. */
export type SharedUploadFlag =
  | ConnectionFlag
  | Exclude<MediaFlag, OwnFlag>
  | "part-size"
  | "concurrency"
  | "limit-rate"
  | "keep-parts"
  | "session-refresh"
  | "require-crc64"
  | "allow-empty"
  | "offline-manifest"
  | "timeout"
  | "json"
  | "quiet"
  | "no-progress"
  | "dry-run";

export type UploadFlag = SharedUploadFlag | OwnFlag | "checkpoint" | "no-resume" | "wait";

export const uploadFlags: Readonly<Record<UploadFlag, FlagSpec>> = {
  "media-type": { value: "TYPE", summary: "container, such as mp4 (default: the file name's extension)" },
  "media-name": { value: "NAME", summary: "name of the media (default: the file name up to its last dot)" },
  cover: { value: "FILE|URL", summary: "picture to upload with the media" },
  procedure: { value: "NAME", summary: "task flow template to start when the upload is done" },
  "storage-region": { value: "NAME", summary: "opened storage region, such as ap-singapore (default: the nearest)" },
  "class-id": { value: "N", summary: "category (default 0, other)" },
  "source-context": { value: "TEXT", summary: "up to 250 characters, returned in the NewFileUpload event" },
  "session-context": { value: "TEXT", summary: "up to 1000 characters, returned in the procedure's event" },
  "expire-time": { value: "TIME", summary: "when VOD deletes the media: ISO 8601, such as 2030-01-31T00:00:00Z" },
  "media-storage-path": { value: "/PATH", summary: 'where the media is kept, in applications of "FileID + Path" mode' },
  "part-size": { value: "SIZE", summary: "bytes of a part, 1 MiB to 5 GiB (default auto)" },
  concurrency: { value: "N", summary: "parts sent at the same time, 1 to 100 (default auto)" },
  "limit-rate": { value: "SIZE", summary: "bytes a second that may be sent, 1 KiB and up (default unlimited)" },
  checkpoint: { value: "FILE", summary: "keep the upload's state in FILE, and resume from it if it exists" },
  "no-resume": { summary: "keep no state: neither resume an earlier run nor leave parts for a later one" },
  "keep-parts": { summary: "never remove parts that were sent, whatever happens" },
  "session-refresh": {
    value: "HOW",
    summary: "renewal of an expired certificate: vod-session-key (default), restart or none",
  },
  "require-crc64": { summary: "fail when the service names no CRC64 to compare with" },
  "allow-empty": { summary: "upload a source without a single byte; otherwise that is an error" },
  "offline-manifest": {
    summary: "find the files of a HLS or DASH tree by its manifests alone, without asking the service",
  },
  wait: { summary: "end when the media can be found and the task flow of --procedure, if any, has succeeded" },
  timeout: { value: "T", summary: "deadline of the whole run, such as 90s or 2h (default none); then exit code 5" },
  ...connectionFlags,
  json: { summary: "print NDJSON; the last line for each source is its result or error" },
  quiet: { summary: "only errors on stderr, differing manifests, and what --debug says" },
  "no-progress": { summary: "show no progress; without --json it is shown on a terminal only" },
  "dry-run": { summary: "check everything and print what would be sent, but send nothing" },
};

/**
 * The library's options from the flags. What the library checks itself is left to it.
 * @throws UsageError
 */
export function readUploadOptions(args: Arguments<UploadFlag>): UploadOptions {
  const cover = args.text("cover");
  return {
    ...readSharedOptions(args),
    mediaName: args.text("media-name"),
    cover: cover === undefined ? undefined : sourceOf(cover),
    mediaStoragePath: args.text("media-storage-path"),
  };
}

/** Those of them that may be meant for many uploads. @throws UsageError */
export function readSharedOptions(args: Arguments<SharedUploadFlag>): UploadOptions {
  const classId = args.text("class-id");
  return {
    mediaType: args.text("media-type"),
    procedure: args.text("procedure"),
    storageRegion: args.text("storage-region"),
    classId:
      classId === undefined
        ? undefined
        : parseInteger("class-id", classId, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    sourceContext: args.text("source-context"),
    sessionContext: args.text("session-context"),
    expireTime: args.text("expire-time"),
    partSize: parseAuto(args.text("part-size"), (text) => parseSize("part-size", text)),
    concurrency: parseAuto(args.text("concurrency"), (text) => parseInteger("concurrency", text, 1, 100)),
    sessionRefresh: readRefresh(args.text("session-refresh")),
    offlineManifest: args.has("offline-manifest"),
    requireCrc64: args.has("require-crc64"),
    refuseEmpty: !args.has("allow-empty"),
  };
}

function readRefresh(text: string | undefined): SessionRefresh | undefined {
  if (text === undefined || text === "vod-session-key" || text === "restart" || text === "none") return text;
  throw new UsageError("--session-refresh must be vod-session-key, restart or none");
}

/** The flags of a command with relative paths made absolute, so that it means the same from anywhere. */
export function withAbsolutePaths(typed: readonly string[]): readonly string[] {
  return typed.map((flag) => {
    const [, name = "", path = ""] = /^(--(?:cover|checkpoint))=(.*)$/s.exec(flag) ?? [];
    return name === "" || sourceOf(path) instanceof URL ? flag : `${name}=${resolve(path)}`;
  });
}
