/** A thing worth knowing that is no failure, such as a checkpoint that could not be used. */
export interface Warning {
  readonly code:
    | "FRESH_START"
    | "RESTARTED"
    | "CHECKPOINT_FAILED"
    | "CLEAN_UP_FAILED"
    | "HANDLER_FAILED"
    | "MANIFEST_DIFFERENCE"
    | "MANIFEST_LOOP";
  readonly message: string;
}
