import { createHash } from "node:crypto";
import { crc64Combine } from "../../cos/crc64.ts";
import type { Blob, ObjectStore } from "../store/store.ts";

/** A body that was received: where it is, and what was computed while it passed. */
export interface ReceivedBody {
  readonly blob: Blob;
  readonly size: number;
  readonly crc64: bigint;
  /** Without quotes. */
  readonly etag: string;
}

export interface StoredObject extends ReceivedBody {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** Headers kept with the object: Content-Type, x-cos-meta-* … */
  readonly headers: Readonly<Record<string, string>>;
}

export interface UploadedPart extends ReceivedBody {
  readonly partNumber: number;
  readonly lastModified: number;
}

export interface MultipartUpload {
  readonly uploadId: string;
  readonly key: string;
  readonly initiated: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, UploadedPart>;
  /** Set while Complete puts the parts together: nobody else may take the upload then. */
  completing: boolean;
}

/** All objects and open multipart uploads. Keys of different buckets never meet: each begins with its own folder. */
export class Bucket {
  readonly store: ObjectStore;
  readonly #objects = new Map<string, StoredObject>();
  readonly #uploads = new Map<string, MultipartUpload>();
  readonly #sha256 = new WeakMap<StoredObject, string>();

  constructor(store: ObjectStore) {
    this.store = store;
  }

  object(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  objects(): StoredObject[] {
    return [...this.#objects.values()];
  }

  upload(uploadId: string): MultipartUpload | undefined {
    return this.#uploads.get(uploadId);
  }

  uploads(): MultipartUpload[] {
    return [...this.#uploads.values()];
  }

  begin(upload: MultipartUpload): void {
    this.#uploads.set(upload.uploadId, upload);
  }

  /** Forgets an upload and its parts. */
  async abort(upload: MultipartUpload): Promise<void> {
    this.#uploads.delete(upload.uploadId);
    for (const part of upload.parts.values()) await part.blob.remove();
  }

  /** Makes an object of the bodies, replacing an earlier one of that key. */
  async put(
    object: Pick<StoredObject, "key" | "lastModified" | "headers" | "etag">,
    bodies: readonly ReceivedBody[],
  ): Promise<StoredObject> {
    const blob = await this.store.publish(
      object.key,
      bodies.map((body) => body.blob),
      this.#objects.get(object.key)?.blob,
    );
    const crc64 = bodies.reduce(
      (sum, body, index) => (index === 0 ? body.crc64 : crc64Combine(sum, body.crc64, body.size)),
      0n,
    );
    const stored: StoredObject = { ...object, blob, size: blob.size, crc64 };
    this.#objects.set(object.key, stored);
    return stored;
  }

  /** Turns parts into the object of their upload; parts that were not named are dropped. */
  async complete(
    upload: MultipartUpload,
    parts: readonly UploadedPart[],
    etag: string,
    now: number,
  ): Promise<StoredObject> {
    upload.completing = true;
    const { key, headers } = upload;
    const object = await this.put({ key, headers, etag, lastModified: now }, parts);
    for (const part of parts) upload.parts.delete(part.partNumber);
    await this.abort(upload);
    return object;
  }

  async remove(key: string): Promise<void> {
    const object = this.#objects.get(key);
    this.#objects.delete(key);
    await object?.blob.remove();
  }

  /** Lower-case hexadecimal; undefined when the store keeps no bytes. */
  async sha256(object: StoredObject): Promise<string | undefined> {
    if (!this.store.readable) return undefined;
    const known = this.#sha256.get(object);
    if (known !== undefined) return known;
    const hash = createHash("sha256");
    for await (const chunk of object.blob.read(0, object.size)) hash.update(chunk);
    const digest = hash.digest("hex");
    this.#sha256.set(object, digest);
    return digest;
  }
}
