import type { DonePart, Expected, Verified } from "./job.ts";
import type { Requesting } from "./request.ts";
import type { CosClient, ObjectInfo } from "../../cos/client.ts";
import type { CosCallOptions } from "../../cos/request.ts";
import type { StoredBytes } from "../../cos/stored-bytes.ts";
import type { RetryClass } from "../../http/retry.ts";
import { CosError, IntegrityError, NetworkError } from "../../errors.ts";
import { classifyCosFailure } from "../../cos/error-codes.ts";
import { objectPath } from "../../cos/key.ts";

interface Completion {
  readonly cos: CosClient;
  readonly uploadId: string;
  readonly parts: readonly DonePart[];
  readonly expected: Expected;
  readonly requireCrc64: boolean;
  /** Whether an earlier run may have completed it. */
  readonly repeated: boolean;
  readonly requesting: Requesting;
}

/**
 * Joins the parts to an object and makes sure that it is the right one (wire §11.2).
 *
 * An answer may be lost, cut short or say `<Error>` although the object was made. So whenever the outcome is unclear,
 * the object itself is asked: there with the right size and CRC is a success, absent means that completing may be tried
 * again. A CRC64 that disagrees is final.
 *
 * @throws IntegrityError the object is not what was sent
 * @throws CosError, NetworkError it could not be completed
 */
export async function completeUpload({
  cos,
  uploadId,
  parts,
  expected,
  requireCrc64,
  repeated,
  requesting,
}: Completion): Promise<Verified> {
  let sentBefore = repeated;
  let etags: readonly { partNumber: number; etag: string }[] = parts.map((part) => ({
    partNumber: part.number,
    etag: part.etag,
  }));
  let relisted = false;
  const completeOnce = async (options: CosCallOptions): Promise<Verified> => {
    const again = sentBefore;
    let stored: StoredBytes;
    try {
      sentBefore = true;
      stored = await cos.completeMultipartUpload(objectPath(expected.key), uploadId, etags, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isAmbiguous(error, again)) {
        const found = await findObject(cos, expected.key, requesting);
        if (found === undefined) throw error;
        return verifyObject(found, expected, requireCrc64);
      }
      sentBefore = again;
      if (!isInvalidPart(error) || relisted) throw error;
      relisted = true;
      etags = await relist({ cos, uploadId, parts, expected, requesting });
      throw new WrongEtags(error);
    }
    if (stored.crc64 !== undefined) return verifyCrc64(stored.crc64, expected);
    return verifyStored(cos, expected, requireCrc64, requesting);
  };
  return requesting("CompleteMultipartUpload", completeOnce, classifyComplete).catch((error: unknown) => {
    throw error instanceof WrongEtags ? error.cause : error;
  });
}

/** The parts were right but their ETags were reported wrongly: the service's own list has been read, try at once. */
class WrongEtags extends Error {
  constructor(cause: unknown) {
    super("ETags were read again", { cause });
  }
}

function classifyComplete(error: unknown): RetryClass {
  return error instanceof WrongEtags ? "now" : classifyCosFailure(error);
}

function isInvalidPart(error: unknown): boolean {
  return error instanceof CosError && error.cosCode === "InvalidPart";
}

/** Whether the object may exist although Complete failed. */
function isAmbiguous(error: unknown, sentBefore: boolean): boolean {
  if (error instanceof NetworkError) return error.phase !== "connect" || sentBefore;
  if (!(error instanceof CosError)) return false;
  if (error.cosCode === "NoSuchUpload") return sentBefore;
  return error.status >= 500 || error.status === 409 || (error.status >= 200 && error.status < 300);
}

/** HEAD, retried; undefined when there is no such object. */
export async function findObject(cos: CosClient, key: string, requesting: Requesting): Promise<ObjectInfo | undefined> {
  try {
    return await requesting("HeadObject", (options) => cos.headObject(objectPath(key), options));
  } catch (error) {
    if (error instanceof CosError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * Looks at an object that was accepted without a CRC64 (wire §11.2).
 * @throws IntegrityError it is not what was sent, or not there
 */
export async function verifyStored(
  cos: CosClient,
  expected: Expected,
  requireCrc64: boolean,
  requesting: Requesting,
): Promise<Verified> {
  const found = await findObject(cos, expected.key, requesting).catch(refusedHead);
  // A certificate that may write but not look: then the accepted Content-Length of every request stands for the size.
  if (found === "refused") return sizeOnly(requireCrc64, expected);
  if (found !== undefined) return verifyObject(found, expected, requireCrc64);
  throw new IntegrityError(
    "the service accepted the object, and does not have it; it was not committed",
    { algorithm: "size", expected: String(expected.size), actual: undefined },
    { stage: "transfer" },
  );
}

function refusedHead(error: unknown): "refused" {
  if (error instanceof CosError && error.status === 403) return "refused";
  throw error;
}

/** Compares a stored object with what was sent: by CRC64, and by size where the service names none. */
function verifyObject(found: ObjectInfo, expected: Expected, requireCrc64: boolean): Verified {
  if (found.size !== expected.size) {
    throw new IntegrityError(
      `the stored object has ${found.size} bytes instead of ${expected.size}; it was not committed`,
      { algorithm: "size", expected: String(expected.size), actual: String(found.size) },
      { stage: "transfer" },
    );
  }
  return found.crc64 === undefined ? sizeOnly(requireCrc64, expected) : verifyCrc64(found.crc64, expected);
}

export function verifyCrc64(actual: string, expected: { readonly crc64: string }): "crc64" {
  if (actual === expected.crc64) return "crc64";
  throw new IntegrityError(
    `the stored object's CRC64 is ${actual} instead of ${expected.crc64}; it was not committed`,
    { algorithm: "crc64", expected: expected.crc64, actual },
    { stage: "transfer" },
  );
}

function sizeOnly(requireCrc64: boolean, expected: { readonly crc64: string }): "size" {
  if (!requireCrc64) return "size";
  throw new IntegrityError(
    "the service named no CRC64, and requireCrc64 demands one; nothing was committed",
    { algorithm: "crc64", expected: expected.crc64, actual: undefined },
    { stage: "transfer" },
  );
}

async function relist({
  cos,
  uploadId,
  parts,
  expected,
  requesting,
}: Omit<Completion, "requireCrc64" | "repeated">): Promise<{ partNumber: number; etag: string }[]> {
  const listed = await requesting("ListParts", (options) => cos.listParts(objectPath(expected.key), uploadId, options));
  const byNumber = new Map(listed.map((part) => [part.partNumber, part]));
  return parts.map((part) => {
    const there = byNumber.get(part.number);
    if (there?.size === part.size) return { partNumber: part.number, etag: there.etag };
    throw new IntegrityError(
      `part ${part.number} is stored with ${there?.size ?? 0} bytes instead of ${part.size}`,
      { algorithm: "size", expected: String(part.size), actual: there === undefined ? undefined : String(there.size) },
      { stage: "transfer" },
    );
  });
}
