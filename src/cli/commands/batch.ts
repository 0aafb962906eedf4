import type { Arguments, FlagSpec } from "../args.ts";
import type { BatchFlag } from "../batch/batch-run.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../args.ts";
import { runBatch } from "../batch/run.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { parseInteger } from "../numbers.ts";
import { errorFields, reportError } from "../report-error.ts";
import { parseSize } from "../sizes.ts";
import { uploadFlags } from "../upload/flags.ts";
import { withConnection } from "../with-connection.ts";

const {
  "media-name": _name,
  cover: _cover,
  "media-storage-path": _path,
  checkpoint: _checkpoint,
  "no-resume": _noResume,
  ...shared
} = uploadFlags;

const flags: Readonly<Record<BatchFlag, FlagSpec>> = {
  files: {
    value: "N",
    summary: "uploads at the same time, 1 to 100 (default 8, and up to 24 more of files up to 8 MiB)",
  },
  journal: { value: "FILE", summary: "the result of each entry, kept for the next run (default MANIFEST.journal)" },
  report: { value: "FILE", summary: "the result or error of each source as NDJSON, earlier runs' results first" },
  include: { value: "GLOB", summary: "only files that match, such as '*.mp4' or 'course/**'; repeat it for several" },
  exclude: { value: "GLOB", summary: "no files that match, and nothing in folders that do; repeat it for several" },
  changed: {
    value: "HOW",
    summary: "files that changed since they were uploaded: fail (default), upload (as new medias) or ignore",
  },
  "min-age": {
    value: "T",
    summary: "leave files written to less than T ago for a later run, such as 60s or 10m (default 0)",
  },
  watch: {
    summary: "keep running: upload each file of DIR once it has not changed for --min-age (then 10s), until SIGTERM",
  },
  "api-rate": { value: "N", summary: "ApplyUpload requests a second, and CommitUpload requests (default 100)" },
  ...shared,
  json: { summary: "results, errors and warnings as JSON, one object a line, and a summary last" },
  "dry-run": { summary: "check every entry and print what would be sent, but send and write nothing" },
};

/** `vodup batch`: one client for all entries, of which some go at a time. */
export const batchCommand: Command<BatchFlag> = {
  spec: {
    name: "batch",
    operands: "MANIFEST|DIR|-",
    summary: "upload what a manifest or a folder lists; print the FileId and the source of each, with a tab between",
    count: { least: 1, most: 1 },
    flags,
    notes: [
      'A manifest is NDJSON, {"source": PATH|URL, ...} a line, or CSV with the same names as columns: source, mediaType, ' +
        "mediaName, cover, coverType, procedure, expireTime, storageRegion, classId, sourceContext, sessionContext, extInfo, " +
        "mediaStoragePath, subAppId, partSize, concurrency, sessionRefresh, requireCrc64, offlineManifest. Paths are " +
        "relative to it. Flags are the default of what an entry does not say. Of a folder every file with the extension " +
        "of a media is taken, also below it, but nothing hidden. All entries are checked before the first is sent.",
      "Run again, the same command resumes where it stopped, however it was stopped: what the journal has as uploaded is " +
        "left out, what was begun is resumed, what failed is tried again. Unfinished uploads are kept in a folder beside " +
        "the journal, FILE.state, with their short-lived keys.",
    ],
  },
  run: async (args, terminal) => {
    try {
      checkTogether(args);
      const rate = args.text("limit-rate");
      return await withConnection(args, terminal, (connection, run) => runBatch(args, terminal, connection, run), {
        limitRate: rate === undefined ? undefined : parseSize("limit-rate", rate),
        apiRate: parseInteger("api-rate", args.text("api-rate") ?? "100", 1, 10_000),
      });
    } catch (error) {
      if (!args.has("json")) throw error;
      await terminal.print(JSON.stringify({ type: "error", source: args.operands[0], ...errorFields(error) }));
      reportError(terminal, error, { debug: false });
      return exitCodeOf(error);
    }
  },
};

/** What one flag excludes in another. @throws UsageError */
function checkTogether(args: Arguments<BatchFlag>): void {
  const pairs = [
    ["json", "quiet"],
    ["emulator", "journal"],
    ["dry-run", "report"],
    ["dry-run", "watch"],
  ] as const;
  const pair = pairs.find(([one, other]) => args.has(one) && args.has(other));
  if (pair !== undefined) throw new UsageError(`--${pair[0]} and --${pair[1]} exclude each other; leave one out`);
}
