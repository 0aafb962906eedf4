/**
 * What went wrong, as a closed set: match on `code`, never on `message`. `docs/errors.md` has one row for each
 * (class, when, retryable, exit code), and a test keeps the two equal.
 *
 * - `VOD_API` the VOD API answered with an error (VodApiError)
 * - `COS_API` the object storage answered with an error (CosError)
 * - `NETWORK` no connection, or it broke before a usable answer (NetworkError)
 * - `TIMEOUT` nothing moved for longer than an idle limit (NetworkError), or what was waited for took too long
 * - `BAD_ANSWER` an answer arrived that no VOD or COS server sends: a gateway's HTML, an empty 200 (NetworkError)
 * - `PROXY` the proxy refused the tunnel (NetworkError)
 * - `SOURCE_NOT_FOUND` / `SOURCE_UNREADABLE` the source cannot be opened (SourceError)
 * - `SOURCE_CHANGED` the source changed, shrank or grew while it was read (SourceError)
 * - `SOURCE_FAILED` reading it failed (SourceError)
 * - `SOURCE_TOO_LARGE` it does not fit into 10,000 parts, or into 48.82 TB (SourceError)
 * - `INTEGRITY` the stored bytes are not the sent ones (IntegrityError)
 * - `CHECKPOINT_INVALID` / `CHECKPOINT_MISMATCH` / `CHECKPOINT_EXPIRED` / `CHECKPOINT_LOCKED` the checkpoint cannot be
 *   used (CheckpointError)
 * - `CREDENTIALS` there are no credentials, or their provider failed
 * - `SESSION_INVALID` ApplyUpload answered with a session that must not be used (a key with dot segments, fields
 *   missing)
 * - `CERTIFICATE_EXPIRED` the upload's temporary certificate ran out and could not be renewed
 * - `COMMIT_UNCERTAIN` CommitUpload may or may not have taken effect; the error says how to find out
 * - `MANIFEST_INVALID` a HLS or DASH manifest cannot be uploaded as it is (ManifestError)
 * - `EVENT_INVALID` a body is not a VOD event notification
 * - `TASK_FAILED` a processing task was aborted, or some of its steps failed (TaskFailedError)
 * - `CLIENT_CLOSED` the client was closed before the call
 */
export type ErrorCode =
  | "VOD_API"
  | "COS_API"
  | "NETWORK"
  | "TIMEOUT"
  | "BAD_ANSWER"
  | "PROXY"
  | "SOURCE_NOT_FOUND"
  | "SOURCE_UNREADABLE"
  | "SOURCE_CHANGED"
  | "SOURCE_FAILED"
  | "SOURCE_TOO_LARGE"
  | "INTEGRITY"
  | "CHECKPOINT_INVALID"
  | "CHECKPOINT_MISMATCH"
  | "CHECKPOINT_EXPIRED"
  | "CHECKPOINT_LOCKED"
  | "CREDENTIALS"
  | "SESSION_INVALID"
  | "CERTIFICATE_EXPIRED"
  | "COMMIT_UNCERTAIN"
  | "MANIFEST_INVALID"
  | "EVENT_INVALID"
  | "TASK_FAILED"
  | "CLIENT_CLOSED";

/** The part of an upload in which an error arose; undefined outside an upload. */
export type Stage = "apply" | "transfer" | "commit";
