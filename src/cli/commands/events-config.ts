import type { VodActions } from "../../vod-api/index.ts";
import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import type { ApiFlag } from "../with-connection.ts";
import { UsageError } from "../args.ts";
import { textMember } from "../../json.ts";
import { apiFlags, withConnection } from "../with-connection.ts";

type ConfigFlag = ApiFlag | "push" | "pull" | "upload-events" | "delete-events" | "sign-key-env";
type Change = VodActions["ModifyEventConfig"]["request"];

/** `vodup events config`: how the application's events are delivered. */
export const eventsConfigCommand: Command<ConfigFlag> = {
  spec: {
    name: "events config",
    operands: "",
    summary: "print how events are delivered, or change it first",
    count: { least: 0, most: 0 },
    flags: {
      push: { value: "URL", summary: "post events to this address from now on" },
      pull: { summary: "queue events from now on, for vodup events" },
      "upload-events": { value: "on|off", summary: "send NewFileUpload; off until it is switched on" },
      "delete-events": { value: "on|off", summary: "send FileDeleted; off until it is switched on" },
      "sign-key-env": {
        value: "NAME",
        summary: "sign posted events with the key in this variable, up to 32 letters and digits; empty: no more",
      },
      ...apiFlags,
    },
    notes: [
      'Prints {"mode","notificationUrl","uploadEvents","deleteEvents","persistenceEvents"}. It applies to the whole\n' +
        "application. The service never shows the key again.",
    ],
  },
  run: (args, terminal) => {
    const change = readChange(args, process.env);
    return withConnection(args, terminal, async ({ client }, { signal }) => {
      if (Object.keys(change).length > 0) await client.call("ModifyEventConfig", change, { signal });
      const config = await client.call("DescribeEventConfig", {}, { signal });
      const told = (name: string): string => textMember(config, name) ?? "";
      await terminal.print(
        JSON.stringify({
          mode: told("Mode"),
          notificationUrl: told("NotificationUrl"),
          uploadEvents: told("UploadMediaCompleteEventSwitch"),
          deleteEvents: told("DeleteMediaCompleteEventSwitch"),
          persistenceEvents: told("PersistenceCompleteEventSwitch"),
        }),
      );
      if (config.UploadMediaCompleteEventSwitch !== "ON") {
        terminal.note("vodup: note: uploads make no event (NewFileUpload): --upload-events on changes that");
      }
      return 0;
    });
  },
};

/** @throws UsageError */
function readChange(args: Arguments<ConfigFlag>, env: NodeJS.ProcessEnv): Change {
  const url = args.text("push");
  if (url !== undefined && args.has("pull"))
    throw new UsageError("--push and --pull exclude each other; leave one out");
  if (url !== undefined && !/^https?:\/\/[^/]/i.test(url)) throw new UsageError("--push must be an http or https URL");
  const change: Change = {
    Mode: url !== undefined ? "PUSH" : args.has("pull") ? "PULL" : undefined,
    NotificationUrl: url,
    UploadMediaCompleteEventSwitch: readSwitch(args, "upload-events"),
    DeleteMediaCompleteEventSwitch: readSwitch(args, "delete-events"),
    SignKey: readKey(args.text("sign-key-env"), env),
  };
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function readSwitch(args: Arguments<ConfigFlag>, flag: "upload-events" | "delete-events"): "ON" | "OFF" | undefined {
  const text = args.text(flag);
  if (text === undefined) return undefined;
  if (text === "on" || text === "off") return text === "on" ? "ON" : "OFF";
  throw new UsageError(`--${flag} must be on or off`);
}

function readKey(name: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (name === undefined) return undefined;
  const key = env[name];
  if (key === undefined) throw new UsageError(`--sign-key-env: the variable ${name} is not set`);
  if (/^[A-Za-z0-9]{0,32}$/.test(key)) return key;
  throw new UsageError(`--sign-key-env: the key in ${name} must be up to 32 letters and digits`);
}
