import type { UploadEnvironment } from "./environment.ts";
import type { UploadOptions } from "./options.ts";
import type { ReadyUpload } from "./ready.ts";
import { plainFields } from "./state/checkpoint.ts";
import { planTransfer, streamPartSize } from "./transfer/part-plan.ts";

/** How one object would be sent. */
export interface PlannedObject {
  readonly file: string;
  /** Bytes; undefined for a stream whose size is not given. */
  readonly size: number | undefined;
  /** `"stream"`: one PUT if it ends within a part, multipart otherwise. */
  readonly transfer: "put" | "multipart" | "stream";
  /** Bytes; of the first parts where the size is unknown. */
  readonly partSize: number;
  readonly partCount: number | undefined;
}

/** What an upload would send, without its sending anything. */
export interface UploadPlan {
  readonly endpoint: { readonly vod: string; readonly cos: string };
  /** ApplyUpload's parameters by their wire names; integers beyond 2⁵³ as decimal text. */
  readonly fields: Readonly<Record<string, string | number>>;
  /** In the order of sending. */
  readonly objects: readonly PlannedObject[];
}

/** Describes what would be done with sources that are open. */
export function planUpload(
  { endpoint, defaults }: UploadEnvironment,
  { media, cover, tree, fields }: ReadyUpload,
  options: UploadOptions,
): UploadPlan {
  const wanted = options.partSize ?? defaults.partSize;
  const besides = [...(tree?.segments ?? []), ...(tree?.manifests ?? [])];
  const files = [
    ...besides.map(({ label, identity }) => ({ label, size: identity.size })),
    media,
    ...(cover === undefined ? [] : [cover]),
  ];
  const objects = files.map(({ label, size }): PlannedObject => {
    if (size === undefined) {
      return { file: label, size, transfer: "stream", partSize: streamPartSize(wanted), partCount: undefined };
    }
    const { kind, partSize, partCount } = planTransfer(size, wanted);
    return { file: label, size, transfer: kind, partSize, partCount };
  });
  return { endpoint, fields: plainFields(fields), objects };
}
