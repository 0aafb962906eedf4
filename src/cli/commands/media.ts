import type { Command } from "../command.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { VodClient } from "../../index.ts";
import type { Terminal } from "../terminal.ts";
import { givenNumber, givenText } from "../../json.ts";
import { exitCodeOf, exitCodeOfAll } from "../exit-codes.ts";
import { formatDuration } from "../render.ts";
import { errorFields, reportError } from "../report-error.ts";
import { formatSize } from "../sizes.ts";
import { visibleLine } from "../terminal.ts";
import { apiFlags, withConnection, type ApiFlag } from "../with-connection.ts";

type Media = NonNullable<Awaited<ReturnType<VodClient["describeMedia"]>>>;

/** `vodup media`: looks media up, or deletes them. */
export const mediaCommand: Command<ApiFlag | "delete" | "json"> = {
  spec: {
    name: "media",
    operands: "FILEID...",
    summary: "print what the service knows of media, or delete them",
    count: { least: 1, most: Infinity },
    flags: {
      delete: { summary: "delete each media with all that was made of it; that cannot be undone" },
      json: {
        summary: 'NDJSON: {"type":"media","fileId","media"}, {"type":"deleted","fileId"} or {"type":"error",...}',
      },
      ...apiFlags,
    },
    notes: [
      '"media" is an element of MediaInfoSet as the API has it. A media that is not there ends with exit code 1.',
    ],
  },
  run: (args, terminal) =>
    withConnection(args, terminal, async ({ client }, { signal }) => {
      const codes: ExitCode[] = [];
      for (const fileId of args.operands) {
        signal.throwIfAborted();
        try {
          if (args.has("delete")) {
            await client.deleteMedia(fileId, { signal });
            await terminal.print(args.has("json") ? JSON.stringify({ type: "deleted", fileId }) : visibleLine(fileId));
            codes.push(0);
          } else codes.push(await show(client, fileId, { signal, json: args.has("json"), terminal }));
        } catch (error) {
          if (signal.aborted) throw error;
          if (args.has("json")) await terminal.print(JSON.stringify({ type: "error", fileId, ...errorFields(error) }));
          reportError(terminal, error, { source: fileId, debug: args.has("debug") });
          codes.push(exitCodeOf(error));
        }
      }
      return exitCodeOfAll(codes, undefined);
    }),
};

async function show(
  client: VodClient,
  fileId: string,
  { signal, json, terminal }: { readonly signal: AbortSignal; readonly json: boolean; readonly terminal: Terminal },
): Promise<ExitCode> {
  const media = await client.describeMedia(fileId, { signal });
  if (media === undefined) {
    const message = "the application has no such media; check the FileId and --sub-app-id";
    const fields = { code: "NOT_FOUND", message, requestId: null, retryable: false };
    if (json) await terminal.print(JSON.stringify({ type: "error", fileId, ...fields }));
    terminal.note(`vodup: ${visibleLine(fileId)}: ${message}`);
    return 1;
  }
  await terminal.print(json ? JSON.stringify({ type: "media", fileId, media }) : textOf(media));
  return 0;
}

function textOf({ FileId, BasicInfo: basic, MetaData: meta }: Media): string {
  const [size, duration] = [givenNumber(meta?.Size), givenNumber(meta?.Duration)];
  const rows: readonly (readonly [string, unknown])[] = [
    ["name", basic?.Name],
    ["type", basic?.Type],
    ["size", size === undefined ? undefined : formatSize(size)],
    ["length", duration === undefined ? undefined : formatDuration(duration * 1000)],
    ["picture", givenNumber(meta?.Width) ? `${meta?.Width}x${meta?.Height}` : undefined],
    ["status", basic?.Status],
    ["created", basic?.CreateTime],
    ["region", basic?.StorageRegion],
    ["address", basic?.MediaUrl],
    ["cover", basic?.CoverUrl],
  ];
  const shown = rows.flatMap(([name, value]) => {
    const text = givenText(value);
    return text === undefined ? [] : [`  ${name.padEnd(8)} ${visibleLine(text)}`];
  });
  return [visibleLine(FileId), ...shown].join("\n");
}
