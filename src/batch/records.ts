import { dirname } from "node:path";
import { placeProblem } from "../state/place-problem.ts";
import type { UploadResult } from "../upload/state/result.ts";

/** What is said of a result beside its source. */
export interface ResultFields {
  readonly fileId: string;
  readonly mediaUrl: string;
  readonly coverUrl: string | null;
  /** As of the library's `transfer`. */
  readonly bytes: number;
  readonly parts: number;
  readonly retries: number;
  readonly crc64: string;
  readonly verified: "crc64" | "size";
  readonly resumedParts: number;
}

/** What is said of a failure beside its source. */
export interface ErrorFields {
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
  readonly retryable: boolean;
}

export interface ResultLine extends ResultFields {
  readonly type: "result";
  readonly source: string;
}

export interface ErrorLine extends ErrorFields {
  readonly type: "error";
  readonly source: string;
}

/** The last line of a source, as `vodup upload --json` prints it: what report and journal hold. */
export type OutcomeLine = ResultLine | ErrorLine;

export function resultFields({ fileId, mediaUrl, coverUrl, transfer }: UploadResult): ResultFields {
  const { bytes, parts, retries, crc64, verified, resumedParts } = transfer;
  return {
    fileId,
    mediaUrl,
    coverUrl: coverUrl ?? null,
    bytes,
    parts,
    retries,
    crc64,
    verified,
    resumedParts,
  };
}

/** To send such an entry again may make a second media: a person looks first, and then removes the journal's line. */
export function isUncertain(line: OutcomeLine): boolean {
  return line.type === "error" && line.code === "COMMIT_UNCERTAIN";
}

/**
 * The journal or the report cannot be written: nothing more may be sent, and what was begun is kept for the next run.
 */
export class RecordError extends Error {
  constructor(path: string, cause: unknown) {
    const why = placeProblem(dirname(path), cause, "choose another place with --journal or --report");
    super(`${path} cannot be written, so the batch was stopped: ${why}; then run again`, { cause });
  }
}
