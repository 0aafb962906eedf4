import type { RetryEvent } from "../../http/retry.ts";
import type { VodApi } from "../../vod-api/client.ts";
import type { ListSegments } from "./tree.ts";
import { givenText } from "../../json.ts";
import { VodApiError, VodupError } from "../../errors.ts";

/** Bytes of a request signed with TC3 (vod 266/34103), less what is not the manifest. */
const maxContentBytes = 10_000_000 - 1_000;

/**
 * Has the service list the files of a manifest (ParseStreamingManifest, vod 266/34801): one call for each manifest,
 * nested ones are not opened by it (wire §9.2.1).
 */
export function serviceSegments(api: VodApi, signal: AbortSignal, onRetry: (event: RetryEvent) => void): ListSegments {
  return async (content, type) => {
    if (Buffer.byteLength(JSON.stringify(content)) > maxContentBytes) {
      return { refused: "is larger than the service takes (10 MB); offlineManifest does without it" };
    }
    try {
      const params = { MediaManifestContent: content, ManifestType: type };
      const { MediaSegmentSet: set } = await api.call("ParseStreamingManifest", params, { signal, onRetry });
      const segments: readonly unknown[] = Array.isArray(set) ? set : [];
      return { segments: segments.map(givenText).filter((segment) => segment !== undefined) };
    } catch (error) {
      if (error instanceof VodApiError && error.apiCode.startsWith("InvalidParameterValue")) {
        return { refused: `the service refuses it: ${error.message}` };
      }
      if (error instanceof VodupError) error.stage ??= "apply";
      throw error;
    }
  };
}
