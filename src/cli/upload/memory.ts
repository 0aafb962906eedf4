import { sourceOf } from "../../shown-source.ts";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Arguments } from "../args.ts";
import type { Target } from "../connection.ts";
import type { UploadFlag } from "./flags.ts";
import type { Memory } from "../../state/remembered-upload.ts";
import { CheckpointError } from "../../index.ts";
import { withAbsolutePaths } from "./flags.ts";
import { openCheckpointFile, openState } from "../../state/checkpoint-store.ts";
import { readEntry, stateDirectory, stateId } from "../../state/directory.ts";
import { otherState, placeProblem } from "../../state/place-problem.ts";

/** Flags that tell one upload of a file from another of the same file, beside where it goes. */
const identifying = ["media-type", "media-name", "media-storage-path", "storage-region", "procedure"] as const;

/** Flags that were meant for one run of the command. */
const passing = /^--(?:json|quiet|no-progress|debug|timeout)(?:=|$)/;

/**
 * Opens the checkpoint of a source, and locks it.
 * @returns undefined when nothing is to be remembered: `--no-resume`, the emulator, streams
 * @throws CheckpointError; other errors only for `--checkpoint`, since without the state directory uploads work too
 */
export async function openMemory(
  args: Arguments<UploadFlag>,
  target: Target,
  source: string,
  warn: (message: string) => void,
): Promise<Memory | undefined> {
  const file = args.text("checkpoint");
  if (file !== undefined) {
    const path = resolve(file);
    return { kind: "file", id: undefined, place: dirname(path), store: await openCheckpointFile(path) };
  }
  if (args.has("no-resume") || args.has("emulator") || source === "-") return undefined;
  const { env } = process;
  try {
    const directory = stateDirectory(env);
    const name = sourceName(source);
    const id = stateId([name, ...destination(target), ...identifying.map((flag) => args.text(flag))]);
    const worth = await isWorthRemembering(name);
    if (!worth && (await readEntry(directory, id)) === undefined) return undefined;
    const typed = withAbsolutePaths(args.typed).filter((flag) => !passing.test(flag));
    // What was set elsewhere then may be another thing for the command that resumes.
    const flags = [...typed, ...args.set];
    return { kind: "default", id, place: directory, store: await openState(directory, id, { source: name, flags }) };
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    const why = placeProblem(stateDirectory(env), error, otherState);
    warn(`no state can be kept, so this upload cannot be resumed: ${why}`);
    return undefined;
  }
}

/** An absolute path, or a URL as it is. */
function sourceName(source: string): string {
  const parsed = sourceOf(source);
  if (!(parsed instanceof URL)) return resolve(parsed);
  return parsed.protocol === "file:" ? fileURLToPath(parsed) : parsed.href;
}

function destination(target: Target): readonly (string | undefined)[] {
  return [target.site ?? "intl", target.vodEndpoint, target.cosEndpoint, target.subAppId];
}

/**
 * Pipes and devices can be read once: nothing of them can be resumed. What cannot be looked at, the upload will tell.
 */
async function isWorthRemembering(name: string): Promise<boolean> {
  return (
    /^https?:/i.test(name) ||
    stat(name).then(
      (found) => found.isFile(),
      () => false,
    )
  );
}
