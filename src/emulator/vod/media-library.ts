import type { JsonObject } from "../json.ts";
import { neverExpires } from "./time.ts";

/** One media file as the emulator knows it. */
export interface Media {
  readonly fileId: string;
  readonly subAppId: number;
  /** Object key, without leading slash. */
  readonly key: string;
  readonly url: string;
  coverKey: string | undefined;
  coverUrl: string;
  readonly type: string;
  readonly storageRegion: string;
  /** Bytes; of HLS and DASH the sum of manifest and segments. */
  readonly size: number;
  readonly sourceContext: string;
  /** Set once, when the procedure of the upload has been started; "" without one. */
  procedureTaskId: string;
  /** The parameters of ApplyUpload (or PullUpload) as they came. */
  readonly fields: JsonObject;
  readonly createTime: number;
  updateTime: number;
  name: string;
  description: string;
  expireTime: string;
  classId: number;
  tags: readonly string[];
}

/** The media of all sub-apps. */
export class MediaLibrary {
  readonly #media = new Map<string, Media>();

  add(media: Media): void {
    this.#media.set(media.fileId, media);
  }

  /** A sub-app sees its own media only. */
  find(fileId: string, subAppId: number): Media | undefined {
    const media = this.#media.get(fileId);
    return media?.subAppId === subAppId ? media : undefined;
  }

  findByPath(path: string, subAppId: number): Media | undefined {
    return this.list().find((media) => `/${media.key}` === path && media.subAppId === subAppId);
  }

  remove(media: Media): void {
    this.#media.delete(media.fileId);
  }

  list(): Media[] {
    return [...this.#media.values()];
  }
}

/** Stands for a media in a test event when there is none yet. */
export function sampleMedia(subAppId: number, now: number): Media {
  const [fileId, key] = ["1000000000000000001", "sample/1000000000000000001/sample.mp4"];
  return {
    fileId,
    subAppId,
    key,
    url: `http://1250000000.vod2.myqcloud.com/${key}`,
    coverKey: undefined,
    coverUrl: "",
    type: "mp4",
    storageRegion: "ap-singapore",
    size: 0,
    sourceContext: "test",
    procedureTaskId: "",
    fields: {},
    createTime: now,
    updateTime: now,
    name: "sample",
    description: "",
    expireTime: neverExpires,
    classId: 0,
    tags: [],
  };
}
