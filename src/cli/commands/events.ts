import type { VodClient, VodEvent } from "../../index.ts";
import type { Command } from "../command.ts";
import type { ApiFlag } from "../with-connection.ts";
import { eventLine } from "../event-line.ts";
import { parseInteger } from "../numbers.ts";
import { describeError } from "../report-error.ts";
import { apiFlags, withConnection } from "../with-connection.ts";

/** `vodup events`: the application's queue of reliable notifications, one event a line. */
export const eventsCommand: Command<ApiFlag | "confirm" | "max" | "type" | "file-id"> = {
  spec: {
    name: "events",
    operands: "",
    summary: "print reliable notifications as they come, one JSON object a line",
    count: { least: 0, most: 0 },
    flags: {
      confirm: { summary: "take each event off the queue once it is printed (default: it comes again after 30 s)" },
      max: { value: "N", summary: "end after N events (default: run until SIGINT or SIGTERM)" },
      type: { value: "TYPE", summary: "print only events of this type, such as NewFileUpload; repeat it for several" },
      "file-id": { value: "ID", summary: "print only events of this media; repeat it for several" },
      ...apiFlags,
    },
    notes: [
      "A line has type, format and raw, the event without its signature; and handle, fileId, sourceType, isServerUpload, sourceContext,\n" +
        "procedureTaskId, taskId, status and mediaUrl as far as the event says them.",
      'The delivery mode of the application must be PULL: "vodup events config --pull". Events nobody pulls are lost\n' +
        "after 4 days. An event may come more than once. With --type or --file-id all others stay in the queue.",
    ],
  },
  run: (args, terminal) => {
    const max = args.text("max");
    const most = max === undefined ? Infinity : parseInteger("max", max, 1, Number.MAX_SAFE_INTEGER);
    const [types, fileIds] = [args.texts("type"), args.texts("file-id")];
    const isWanted = ({ type, fileId, raw }: VodEvent): boolean =>
      // A type that is not known is "Other", and its own name stands in the event.
      (types.length === 0 || types.includes(type) || types.includes(String(raw["EventType"] ?? raw["eventType"]))) &&
      (fileIds.length === 0 || (fileId !== undefined && fileIds.includes(fileId)));
    return withConnection(args, terminal, async ({ client }, { signal }) => {
      const note = (text: string): void => terminal.note(`vodup: note: ${text}`);
      await warnOfPush(client, signal, note);
      const events = client.pullEvents({ signal, onError: (error) => note(describeError(error).message) });
      let printed = 0;
      for await (const event of events) {
        if (!isWanted(event)) continue;
        await terminal.deliver(eventLine(event));
        printed += 1;
        if (args.has("confirm") && !(await event.confirm())) {
          note(`event ${event.handle} was confirmed too late and may come again`);
        }
        if (printed >= most) break;
      }
      return 0;
    });
  },
};

/** In mode PUSH the queue stays empty, and nothing says why. */
async function warnOfPush(client: VodClient, signal: AbortSignal, note: (text: string) => void): Promise<void> {
  try {
    const { Mode } = await client.call("DescribeEventConfig", {}, { signal });
    if (Mode === "PUSH") note('events are pushed, not queued: "vodup events config --pull" changes that');
  } catch {
    // A key may be allowed to pull and not to look at the configuration.
    signal.throwIfAborted();
  }
}
