import type { CommandEntry } from "./command.ts";

/** Every command, in the order of help. */
export const commands: readonly CommandEntry[] = [
  {
    name: "upload",
    summary: "upload files and print their FileIds",
    load: async () => (await import("./commands/upload.ts")).uploadCommand,
  },
  {
    name: "uploads list",
    summary: "list the unfinished uploads of this machine",
    load: async () => (await import("./commands/uploads-list.ts")).uploadsListCommand,
  },
  {
    name: "uploads resume",
    summary: "resume unfinished uploads",
    load: async () => (await import("./commands/uploads-resume.ts")).uploadsResumeCommand,
  },
  {
    name: "uploads abort",
    summary: "give up unfinished uploads and remove what was sent",
    load: async () => (await import("./commands/uploads-abort.ts")).uploadsAbortCommand,
  },
  {
    name: "batch",
    summary: "upload everything in a manifest or folder; resumes an interrupted run",
    load: async () => (await import("./commands/batch.ts")).batchCommand,
  },
  {
    name: "pull",
    summary: "have the service download a media from a URL",
    load: async () => (await import("./commands/pull.ts")).pullCommand,
  },
  {
    name: "media",
    summary: "print what the service knows of media, or delete them",
    load: async () => (await import("./commands/media.ts")).mediaCommand,
  },
  {
    name: "sub-apps",
    summary: "list the account's VOD applications",
    load: async () => (await import("./commands/sub-apps.ts")).subAppsCommand,
  },
  {
    name: "call",
    summary: "call any action of the API",
    load: async () => (await import("./commands/call.ts")).callCommand,
  },
  {
    name: "config",
    summary: "print the settings in force and where each comes from",
    load: async () => (await import("./commands/config.ts")).configCommand,
  },
  {
    name: "events",
    summary: "print reliable notifications as they come",
    load: async () => (await import("./commands/events.ts")).eventsCommand,
  },
  {
    name: "events config",
    summary: "print how events are delivered, or change it",
    load: async () => (await import("./commands/events-config.ts")).eventsConfigCommand,
  },
  {
    name: "listen",
    summary: "receive pushed events and print them",
    load: async () => (await import("./commands/listen.ts")).listenCommand,
  },
  {
    name: "emulator",
    summary: "run a strict local stand-in of VOD and COS",
    load: async () => (await import("./commands/emulator.ts")).emulatorCommand,
  },
  {
    name: "doctor",
    summary: "look for what would stop uploads from this machine",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand,
  },
  {
    name: "sign tc3",
    summary: "sign an API request and print every stage",
    load: async () => (await import("./commands/sign-tc3.ts")).signTc3Command,
  },
  {
    name: "sign cos",
    summary: "sign an object storage request and print every stage",
    load: async () => (await import("./commands/sign-cos.ts")).signCosCommand,
  },
  {
    name: "sign client",
    summary: "create a signature that lets a browser or app upload directly",
    load: async () => (await import("./commands/sign-client.ts")).signClientCommand,
  },
  {
    name: "conformance",
    summary: "judge an uploader written in any language",
    load: async () => (await import("./commands/conformance.ts")).conformanceCommand,
  },
  {
    name: "replay",
    summary: "play a recorded conversation to a client, and judge it",
    load: async () => (await import("./commands/replay.ts")).replayCommand,
  },
  {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    load: async () => (await import("./commands/completion.ts")).completionCommand(commands),
  },
];
