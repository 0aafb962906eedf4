import type { PullOptions, VodClient } from "../../index.ts";
import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import type { MediaFlag } from "../upload/flags.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { parseInteger } from "../numbers.ts";
import { errorFields, reportError } from "../report-error.ts";
import { shownSource } from "../../shown-source.ts";
import { visibleLine } from "../terminal.ts";
import { uploadFlags } from "../upload/flags.ts";
import { apiFlags, withConnection, type ApiFlag } from "../with-connection.ts";

type PullFlag = ApiFlag | MediaFlag | "session-id" | "tasks-priority" | "wait" | "json";

const { procedure, "storage-region": storageRegion, "class-id": classId } = uploadFlags;
const { "source-context": sourceContext, "session-context": sessionContext, "expire-time": expireTime } = uploadFlags;

/** `vodup pull`: the service downloads a media by itself. */
export const pullCommand: Command<PullFlag> = {
  spec: {
    name: "pull",
    operands: "URL",
    summary: "have the service download a media by itself; print the id of the task, or the FileId with --wait",
    count: { least: 1, most: 1 },
    flags: {
      wait: { summary: "end when the media is stored and its task flow, if any, has succeeded" },
      "media-type": { value: "TYPE", summary: "container, such as mp4 (default: the URL's extension)" },
      "media-name": { value: "NAME", summary: "name of the media" },
      cover: { value: "URL", summary: "picture to download with it: gif, jpeg or png" },
      procedure,
      "storage-region": storageRegion,
      "class-id": classId,
      "source-context": sourceContext,
      "session-context": sessionContext,
      "expire-time": expireTime,
      "media-storage-path": uploadFlags["media-storage-path"],
      "session-id": {
        value: "TEXT",
        summary: "up to 50 characters: within 3 days a second pull of the same name is the first one",
      },
      "tasks-priority": { value: "N", summary: "-10 to 10, larger goes first (default 0)" },
      ...apiFlags,
      json: { summary: "print JSON, one object a line; the last is the result or the error" },
    },
    notes: [
      'The URL must be reachable from the internet. --json: {"type":"result","source","taskId","sessionId","duplicate",\n' +
        '"fileId","mediaUrl"}; the source is shown without user name, password and query.',
    ],
  },
  run: async (args, terminal) => {
    const [url = ""] = args.operands;
    try {
      const options = readOptions(args);
      return await withConnection(args, terminal, async ({ client }, { signal }) => {
        await pull(client, url, { ...options, signal }, args, terminal);
        return 0;
      });
    } catch (error) {
      if (!args.has("json")) throw error;
      await terminal.print(JSON.stringify({ type: "error", source: shownSource(url), ...errorFields(error) }));
      reportError(terminal, error, { debug: args.has("debug") });
      return exitCodeOf(error);
    }
  },
};

async function pull(
  client: VodClient,
  url: string,
  options: PullOptions,
  args: Arguments<PullFlag>,
  terminal: Terminal,
): Promise<void> {
  const { signal } = options;
  const { taskId, sessionId, duplicate } = await client.pull(url, options);
  const started = { source: shownSource(url), taskId, sessionId, duplicate };
  if (!args.has("wait")) {
    const json = args.has("json");
    const isTold = await terminal.print(
      json ? JSON.stringify({ type: "result", ...started, fileId: null, mediaUrl: null }) : visibleLine(taskId),
    );
    // Run again, the command would start another.
    if (!isTold) terminal.note(`vodup: task ${taskId}`);
    return;
  }
  // Should the waiting end early, this is what to ask about.
  if (args.has("json")) await terminal.print(JSON.stringify({ type: "started", ...started }));
  else terminal.note(`vodup: task ${taskId}`);
  const { fileId, mediaUrl, procedureTaskId } = await client.waitForTask(taskId, { signal });
  const media = { fileId: fileId ?? null, mediaUrl: mediaUrl ?? null };
  if (!args.has("json") && fileId !== undefined) await terminal.print(visibleLine(fileId));
  if (args.has("json") && procedureTaskId !== undefined) {
    await terminal.print(JSON.stringify({ type: "stored", ...started, ...media }));
  }
  if (procedureTaskId !== undefined) await client.waitForTask(procedureTaskId, { signal });
  if (args.has("json")) await terminal.print(JSON.stringify({ type: "result", ...started, ...media }));
}

/** @throws UsageError */
function readOptions(args: Arguments<PullFlag>): PullOptions {
  const integer = (flag: "class-id" | "tasks-priority"): number | undefined => {
    const text = args.text(flag);
    return text === undefined ? undefined : parseInteger(flag, text, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  };
  return {
    mediaType: args.text("media-type"),
    mediaName: args.text("media-name"),
    coverUrl: args.text("cover"),
    procedure: args.text("procedure"),
    storageRegion: args.text("storage-region"),
    classId: integer("class-id"),
    sourceContext: args.text("source-context"),
    sessionContext: args.text("session-context"),
    expireTime: args.text("expire-time"),
    mediaStoragePath: args.text("media-storage-path"),
    sessionId: args.text("session-id"),
    tasksPriority: integer("tasks-priority"),
  };
}
