import type { CredentialSource } from "../credentials/source.ts";
import type { Wire } from "../http/wire.ts";
import type { VodApi } from "../vod-api/client.ts";
import type { LanePool } from "./buffers/lane-pool.ts";
import type { MemoryBudget } from "./buffers/budget.ts";

/** What a client gives to each of its uploads. */
export interface UploadEnvironment {
  readonly api: VodApi;
  readonly wire: Wire;
  readonly credentials: CredentialSource;
  readonly budget: MemoryBudget;
  readonly lanes: LanePool;
  /** The template, as given. */
  readonly cosEndpoint: string;
  /** What a checkpoint remembers, so that it only goes on where it began. */
  readonly endpoint: { readonly vod: string; readonly cos: string };
  /** For uploads that say nothing of them. */
  readonly defaults: {
    readonly concurrency: number | "auto";
    readonly partSize: number | "auto";
    readonly subAppId: number | bigint | string | undefined;
  };
}
