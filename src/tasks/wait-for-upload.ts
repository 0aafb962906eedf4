import type { TaskApi, WaitOptions } from "./options.ts";
import type { MediaInfo } from "../vod-api/types-media-actions.ts";
import { givenText } from "../json.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { requireName } from "./arguments.ts";
import { describeMedia } from "./media.ts";
import { Waiting } from "./polling.ts";
import { checkNames } from "./option-names.ts";

export interface WaitForUploadOptions extends WaitOptions {
  /** @defaultValue 600000 (10 min) */
  readonly timeoutMs?: number | undefined;
}

/** A media that is there. */
export interface UploadedMedia {
  readonly fileId: string;
  readonly mediaUrl: string;
  readonly coverUrl?: string | undefined;
  readonly sourceType?: string | undefined;
  readonly sourceContext?: string | undefined;
  /** Its entry in the library, with all sections. */
  readonly media: MediaInfo;
}

const presetTimeoutMs = 600_000;

/**
 * Waits until a media can be found in the library. Asks DescribeMediaInfos: it takes no event from anybody who waits
 * for NewFileUpload. Its task flow is another matter: {@link waitForProcedure}.
 *
 * @throws VodupError `TIMEOUT`; VodApiError; the signal's reason
 */
export async function waitForUpload(
  api: TaskApi,
  fileId: string,
  options: WaitForUploadOptions = {},
): Promise<UploadedMedia> {
  checkNames(options);
  requireName("fileId", fileId, "a media's FileId");
  const subAppId = parseSubAppId("subAppId", options.subAppId);
  const waiting = new Waiting(`media ${fileId}`, options, presetTimeoutMs);
  return waiting.until(async () => {
    const media = await describeMedia(api, fileId, { subAppId, signal: waiting.signal });
    const basic = media?.BasicInfo;
    const mediaUrl = givenText(basic?.MediaUrl);
    if (media === undefined || mediaUrl === undefined) return undefined;
    return {
      fileId,
      mediaUrl,
      coverUrl: givenText(basic?.CoverUrl),
      sourceType: givenText(basic?.SourceInfo?.SourceType),
      sourceContext: givenText(basic?.SourceInfo?.SourceContext),
      media,
    };
  });
}
