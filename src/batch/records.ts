/** The last line of a source, as `vodup upload --json` prints it: what report and journal hold. */
export type OutcomeLine =
  | { readonly type: "result"; readonly source: string; readonly fileId: string; readonly [field: string]: unknown }
  | { readonly type: "error"; readonly source: string; readonly code: string; readonly [field: string]: unknown };

/** To send such an entry again may make a second media: a person looks first, and then removes the journal's line. */
export function isUncertain(line: OutcomeLine): boolean {
  return line.type === "error" && line["code"] === "COMMIT_UNCERTAIN";
}

/**
 * The journal or the report cannot be written: nothing more may be sent, and what was begun is kept for the next run.
 */
export class RecordError extends Error {
  constructor(path: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${path} cannot be written, so the batch was stopped: ${why}; fix that and run again`, { cause });
  }
}
