/** Stored bytes. The holder of a blob removes it when it is no longer wanted. */
export interface Blob {
  readonly size: number;
  /** The bytes from `start` up to, not including, `end`. @throws {Error} when the store keeps none */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
  remove(): Promise<void>;
}

/** Takes one request body. Exactly one of `finish` and `abandon` ends it. */
export interface BlobWriter {
  /** A promise when the store wants to be waited for. The chunk belongs to the store from then on. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  finish(): Promise<Blob>;
  abandon(): Promise<void>;
}

export interface ObjectStore {
  /** Whether bytes can be read again; without, ETags cannot be MD5 cheaply and objects have no SHA-256. */
  readonly readable: boolean;
  writer(): Promise<BlobWriter>;
  /**
   * Makes the object `key` of the blobs in their order. They are used up, and so is the object that it replaces.
   * Appears whole or not at all.
   */
  publish(key: string, blobs: readonly Blob[], replaced: Blob | undefined): Promise<Blob>;
  close(): Promise<void>;
}
