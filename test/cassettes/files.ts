/** All cassettes, as they must be in fixtures/cassettes. */
import { actionCassettes } from "./vod-actions.ts";
import type { CassetteFile } from "./author.ts";
import { refusedCassettes } from "./cos-answers.ts";
import { operationCassettes } from "./cos-operations.ts";
import { uploadsCassettes } from "./cos-uploads.ts";
import { publishedCassettes } from "./published.ts";
import { uploadCassettes } from "./uploads.ts";
import { answerCassettes } from "./vod-answers.ts";

export const cassetteFolder: URL = new URL("../../fixtures/cassettes/", import.meta.url);

export async function cassetteFiles(): Promise<CassetteFile[]> {
  return [
    ...actionCassettes(),
    ...answerCassettes(),
    ...(await operationCassettes()),
    ...uploadsCassettes,
    ...refusedCassettes(),
    ...(await uploadCassettes()),
    ...(await publishedCassettes()),
  ];
}
