import type { RetryEvent } from "../../http/retry.ts";
import type { Wire } from "../../http/wire.ts";
import type { LanePool } from "../buffers/lane-pool.ts";

/** What sources are read with. */
export interface SourceAccess {
  readonly lanes: LanePool;
  readonly wire: Pick<Wire, "download" | "policy" | "peer">;
  readonly signal: AbortSignal;
  /** Container that the caller says it has. */
  readonly mediaType?: string | undefined;
  /** Told of every repetition of a request that opens a source. */
  readonly onRetry: (event: RetryEvent) => void;
}
