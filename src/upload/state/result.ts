import type { CommitResult } from "../session/commit.ts";

/** The result of an upload. */
export interface UploadResult extends CommitResult {
  /** How it was sent. */
  readonly transfer: {
    /** Of the media; for HLS and DASH of the manifest and all segments. */
    readonly bytes: number;
    /** Of the media object; 1 when it went in one PUT. */
    readonly parts: number;
    /** Repeated requests of the whole upload. */
    readonly retries: number;
    /** CRC-64/XZ of the media object, as unsigned decimal. */
    readonly crc64: string;
    /** What the stored object was compared by. */
    readonly verified: "crc64" | "size";
    /** Milliseconds of this run, from the call to the end. */
    readonly durationMs: number;
    /** Parts that an earlier run had sent. */
    readonly resumedParts: number;
  };
}
