import type { TaskApi, TaskCallOptions } from "./options.ts";
import type { DeleteMediaRequest, MediaInfo } from "../vod-api/types-media-actions.ts";
import { entriesOf } from "../json.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { requireName } from "./arguments.ts";
import { checkNames } from "./option-names.ts";

export interface DescribeMediaOptions extends TaskCallOptions {
  /** Sections to ask for, such as `basicInfo`, `metaData`, `transcodeInfo`. @defaultValue all */
  readonly filters?: readonly string[] | undefined;
}

/**
 * Looks a media up.
 * @returns undefined when the application has no such media
 * @throws VodApiError, NetworkError
 * @see https://www.tencentcloud.com/document/product/266/31763
 */
export async function describeMedia(
  api: TaskApi,
  fileId: string,
  options: DescribeMediaOptions = {},
): Promise<MediaInfo | undefined> {
  checkNames(options);
  requireName("fileId", fileId, "a media's FileId");
  const { MediaInfoSet } = await api.call(
    "DescribeMediaInfos",
    { FileIds: [fileId], Filters: options.filters, SubAppId: parseSubAppId("subAppId", options.subAppId) },
    { signal: options.signal },
  );
  return entriesOf(MediaInfoSet).find(({ FileId }) => FileId === fileId);
}

export interface DeleteMediaOptions extends TaskCallOptions {
  /** What to delete of it. @defaultValue everything, the original included; that cannot be undone */
  readonly parts?: DeleteMediaRequest["DeleteParts"];
}

/**
 * Deletes a media, or parts of what was derived from it.
 * @throws VodApiError (`ResourceNotFound*` or `InvalidParameterValue.FileId` when there is none), NetworkError
 * @see https://www.tencentcloud.com/document/product/266/31764
 */
export async function deleteMedia(api: TaskApi, fileId: string, options: DeleteMediaOptions = {}): Promise<void> {
  checkNames(options);
  requireName("fileId", fileId, "a media's FileId");
  const SubAppId = parseSubAppId("subAppId", options.subAppId);
  await api.call("DeleteMedia", { FileId: fileId, DeleteParts: options.parts, SubAppId }, { signal: options.signal });
}
