import type { Emulator, OpenUpload } from "../emulator/index.ts";
import { judgeHeader } from "./judge-requests.ts";
import type { CommandRun } from "./run-command.ts";
import type { Evidence, Scenario, StoredObject } from "./scenario.ts";
import type { Watch } from "./watch.ts";

/** Extension of every file that is uploaded. */
export const givenMediaType = "mp4";
const defaultPartSize = 2 ** 20;

/** Of VODUP_PART_SIZE, bytes. */
export const partSizeOf = (scenario: Scenario): number => scenario.partSize ?? defaultPartSize;

/** What one or two runs of the command have left to look at. */
export interface Seen {
  readonly bytes: Buffer;
  readonly runs: readonly CommandRun[];
  readonly killed: Evidence["killed"];
  readonly watch: Watch;
}

const ownRequests = (emulator: Emulator) =>
  emulator.requests().filter(({ headers }) => headers[judgeHeader] === undefined);

/** How far a killed run had come, once everything it had sent was dealt with. */
export async function soFar(emulator: Emulator): Promise<{ requests: number; uploads: readonly OpenUpload[] }> {
  const isSettled = (): boolean => emulator.requests().every(({ durationMs }) => durationMs !== undefined);
  for (let waited = 0; waited < mostSettlingMs && !isSettled(); waited += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { requests: ownRequests(emulator).length, uploads: emulator.uploads() };
}

const mostSettlingMs = 5_000;

/** Everything that is known when the command has ended. */
export async function gather(scenario: Scenario, emulator: Emulator, seen: Seen): Promise<Evidence> {
  const objects = new Map<string, StoredObject>();
  for (const [key, { size }] of await emulator.objects()) {
    objects.set(key, { size, bytes: await emulator.readObject(key) });
  }
  return {
    scenario,
    file: { bytes: seen.bytes },
    mediaType: givenMediaType,
    partSize: partSizeOf(scenario),
    secretId: emulator.secretId,
    secrets: emulator.secrets(),
    runs: seen.runs,
    killed: seen.killed,
    stateFiles: seen.watch.files,
    arguments: seen.watch.arguments,
    requests: ownRequests(emulator),
    sessions: emulator.sessions(),
    media: emulator.media(),
    objects,
    uploads: emulator.uploads(),
  };
}
