/** A thing worth knowing that is no failure, such as a checkpoint that could not be used. */
export interface Warning {
  /**
   * `FRESH_START`: the checkpoint could not be used · `RESTARTED`: the session expired and all was sent again ·
   * `CHECKPOINT_FAILED`, `CLEAN_UP_FAILED`, `HANDLER_FAILED`: saving, removing parts, or a function of yours failed ·
   * `MANIFEST_DIFFERENCE`: the service reads other files from a manifest · `MANIFEST_LOOP`: manifests name each other
   */
  readonly code:
    | "FRESH_START"
    | "RESTARTED"
    | "CHECKPOINT_FAILED"
    | "CLEAN_UP_FAILED"
    | "HANDLER_FAILED"
    | "MANIFEST_DIFFERENCE"
    | "MANIFEST_LOOP";
  /** One line for people, without a secret. */
  readonly message: string;
}
