import type { CheckpointError } from "../errors.ts";

/** Why an upload does not go on from what an earlier run left, for who is not asked to do anything about it. */
export function reasonToStartOver({ code, field = "" }: CheckpointError): string {
  if (code === "CHECKPOINT_INVALID") return "the state that an earlier run left cannot be used";
  if (code === "CHECKPOINT_EXPIRED") return "the certificate of an earlier run has expired and could not be renewed";
  if (/^source\b|\.source\b/.test(field)) return "the source has changed since an earlier run";
  if (field.startsWith("cover")) return "the cover has changed since an earlier run";
  if (field.startsWith("objects")) return "the manifest names other files than in an earlier run";
  return `${field.replace(/^fields\./, "")} is not what it was in an earlier run`;
}
