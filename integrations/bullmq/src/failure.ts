import type { Checkpoint } from "vodup";
import { UnrecoverableError } from "bullmq";
import { CheckpointError, CosError, VodupError } from "vodup";

/**
 * What becomes of a job whose upload failed:
 * - `later` it goes on from its checkpoint after a while
 * - `start-over` its checkpoint leads nowhere: it is tried again without
 * - `final` it would fail again
 */
export type Fate = "later" | "start-over" | "final";

/**
 * What is final for one upload on its own, and passes for the next run of a job: a worker that did not know yet that it
 * had lost the job has completed the object, or a certificate ran out again just after it was renewed.
 */
const passing = new Set(["NoSuchUpload", "ExpiredToken"]);

export function fateOf(error: unknown, checkpoint: Checkpoint | undefined): Fate {
  if (error instanceof CheckpointError) return mayStartOver(checkpoint) ? "start-over" : "final";
  if (error instanceof CosError && passing.has(error.cosCode)) return "later";
  if (error instanceof VodupError) return error.retryable ? "later" : "final";
  // Of options, and of a source that is refused.
  const isMistake = error instanceof Error && "code" in error && error.code === "ERR_INVALID_ARG_VALUE";
  return isMistake || error instanceof UnrecoverableError ? "final" : "later";
}

/** Whether it is certain that no commit was sent: only then may an upload be given up and begun again. */
export function mayStartOver(checkpoint: Checkpoint | null | undefined): boolean {
  // Whatever Redis holds: of a value without a state nobody knows.
  return checkpoint == null || checkpoint.state === "uploading" || checkpoint.state === "transferred";
}
