import { encodeKeyPath } from "../../signing/index.ts";
import type { Settings } from "../options.ts";
import type { Identifiers } from "../random.ts";
import { storageName } from "../sessions.ts";

/** Where a new media goes. */
export interface Placement {
  readonly fileId: string;
  /** Object keys, without leading slash. */
  readonly mediaKey: string;
  readonly coverKey: string | undefined;
}

export interface PlacementRequest {
  readonly region: string;
  readonly mediaType: string;
  readonly coverType?: string | undefined;
  /** A path asked for (FileID + Path mode); it then says nothing about the FileId. */
  readonly path?: string | undefined;
}

/**
 * Chooses FileId and keys. A path we choose begins as the bucket's name does; its folder is 8 hexadecimal digits and
 * the FileId, as in every published pair of both: `/6c0f1c00vodgzp251000333/dee2125c24820810452266399/f0.mp4`.
 * The cover has an id of its own there, the next one.
 */
export function place(ids: Identifiers, settings: Settings, request: PlacementRequest): Placement {
  const fileId = ids.digits(19);
  const own = `${settings.storageFolder}${storageName(request.region, settings)}/${ids.hex(8)}${fileId}`;
  const folder = request.path?.slice(1, request.path.lastIndexOf("/")) ?? own;
  const coverName = `${BigInt(fileId) + 1n}.${request.coverType}`;
  return {
    fileId,
    mediaKey: request.path?.slice(1) ?? `${own}/${ids.word(12)}.${request.mediaType}`,
    coverKey: request.coverType === undefined ? undefined : [folder, coverName].filter((part) => part !== "").join("/"),
  };
}

/** The address media are played from; its path is the object's. */
export function mediaUrl(key: string, settings: Settings): string {
  return `http://${settings.appId}.vod2.myqcloud.com${encodeKeyPath(`/${key}`)}`;
}
