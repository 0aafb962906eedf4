import type { Settings } from "../options.ts";
import type { Identifiers } from "../random.ts";
import type { Sessions } from "../sessions.ts";
import type { Bucket } from "./bucket.ts";

/** What the COS operations work on. */
export interface CosContext {
  readonly settings: Settings;
  readonly ids: Identifiers;
  readonly sessions: Sessions;
  readonly bucket: Bucket;
  readonly account: { readonly secretId: string; readonly secretKey: string };
}
