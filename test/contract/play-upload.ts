import { VodClient } from "../../src/client.ts";
import type { GeneratedBody } from "../../src/replay/body.ts";
import type { ReplayReport } from "../../src/replay/player.ts";
import { generateBody } from "../../src/replay/body.ts";
import { loadCassette } from "../../src/replay/load.ts";
import { startReplay } from "../../src/replay/player.ts";
import { connectTo } from "../support/replay-connection.ts";

const folder = new URL("../../fixtures/cassettes/upload/", import.meta.url);

interface UploadInput {
  readonly body: GeneratedBody;
  readonly mediaName: string;
  readonly mediaType: string;
  readonly partSize: number;
  readonly subAppId: number;
}

export interface PlayedUpload {
  /** What the client answered or threw. */
  readonly outcome: unknown;
  readonly expected: object;
  readonly report: ReplayReport;
}

/** Has our client make the upload of a cassette, under its real host names, fixed keys and fixed clock; `changed`: another one. */
export async function playUpload(name: string, changed: Partial<UploadInput> = {}): Promise<PlayedUpload> {
  const cassette = await loadCassette(new URL(`${name}.json`, folder));
  const { body, mediaName, mediaType, partSize, subAppId } = {
    ...(cassette.call.input as unknown as UploadInput),
    ...changed,
  };
  const replay = await startReplay(cassette);
  const dispatcher = connectTo(replay.origin);
  const client = new VodClient({
    credentials: cassette.credentials,
    subAppId,
    dispatcher,
    retry: { attempts: cassette.call.attempts, baseDelayMs: 1 },
    clock: () => cassette.clock.start * 1000,
  });
  try {
    const outcome: unknown = await client
      .upload(generateBody(body), { mediaName, mediaType, partSize, concurrency: 3 })
      .catch((error: unknown) => error);
    return { outcome, expected: cassette.expect.result ?? {}, report: replay.report() };
  } finally {
    await client.close();
    await dispatcher.destroy();
    await replay.close();
  }
}
