/** All sizes are bytes. */
export interface CosLimits {
  /** Every part but the last has at least this. */
  readonly minPartSize: number;
  /** Of any part, and of an object sent with one PUT. */
  readonly maxPartSize: number;
  readonly maxParts: number;
  readonly maxObjectSize: number;
  readonly maxKeyBytes: number;
  /** Of a CompleteMultipartUpload body. */
  readonly maxCompleteBytes: number;
}

/**
 * What COS accepts; 10,000 parts of 5 GiB are its 48.82 TB (wire §7.1).
 * @see https://www.tencentcloud.com/document/product/436/14112 (multipart), 436/7749 (PUT)
 */
export const cosLimits: CosLimits = {
  minPartSize: 2 ** 20,
  maxPartSize: 5 * 2 ** 30,
  maxParts: 10_000,
  maxObjectSize: 50_000 * 2 ** 30,
  maxKeyBytes: 850,
  maxCompleteBytes: 2 ** 20,
};
