/**
 * The bytes of one part, or of a whole object that goes in one PUT. They can be sent any number of times; each time is
 * an attempt of its own, with its own buffers.
 */
export interface PartBody {
  /** Bytes. */
  readonly size: number;
  /**
   * Prepares one attempt, waiting for buffers if need be.
   * @throws the signal's own reason
   */
  begin(signal: AbortSignal): Promise<PartAttempt>;
}

/** One pass over a part's bytes. */
export interface PartAttempt {
  readonly size: number;
  /** The bytes, in order; a chunk stays untouched until the next one is asked for. */
  open(): AsyncIterable<Uint8Array>;
  /** CRC-64/XZ of the bytes; known once `open()` was read to its end. */
  crc64(): bigint;
  /** MD5 in hex, where the bytes are in memory anyway. */
  md5(): string | undefined;
  /**
   * Gives the buffers back. Called once the request has settled and not before: the last chunk may still wait in the
   * socket when the iteration is over.
   */
  end(): Promise<void>;
}
