import type { CosClient } from "../../cos/client.ts";
import type { OpenUpload } from "./job.ts";
import type { Requesting } from "./request.ts";
import { CosError, NetworkError } from "../../errors.ts";
import { objectPath } from "../../cos/key.ts";

/** Objects that are sent at a time at most: of no more an upload can have been opened and not noted. */
const mostKeys = 32;

/**
 * The multipart uploads that are open at these keys, by the service's own list. It is wanted where an id is lost; so
 * it is asked once for each key, and for the first alone: where that is refused, so are the others.
 * @returns undefined where the list is refused, is none or does not come: then nobody can find out
 */
export async function findUploads(
  cos: CosClient,
  requesting: Requesting,
  keys: readonly string[],
): Promise<OpenUpload[] | undefined> {
  const ask = async (key: string): Promise<OpenUpload[] | undefined> =>
    requesting(
      "ListMultipartUploads",
      (options) => cos.listMultipartUploads(objectPath(key), options),
      () => "never",
    ).then(
      (uploads) => uploads.map(({ uploadId }) => ({ key, uploadId })),
      () => undefined,
    );
  const [first, ...others] = keys.slice(0, mostKeys);
  const found = first === undefined ? [] : await ask(first);
  if (found === undefined) return undefined;
  const more = await Promise.all(others.map(ask));
  return [...found, ...more.flatMap((uploads) => uploads ?? [])];
}

/** Aborts uploads. @returns why one could not be; undefined when all are gone */
export async function removeUploads(
  cos: CosClient,
  requesting: Requesting,
  uploads: readonly OpenUpload[],
): Promise<string | undefined> {
  const reasons = await Promise.all(
    uploads.map(({ key, uploadId }) =>
      requesting("AbortMultipartUpload", (options) =>
        cos.abortMultipartUpload(objectPath(key), uploadId, options),
      ).then(() => undefined, reasonOf),
    ),
  );
  return reasons.find((reason) => reason !== undefined);
}

function reasonOf(error: unknown): string {
  if (error instanceof CosError) return `${error.status} ${error.cosCode}`;
  return error instanceof NetworkError ? error.message : "no answer in time";
}
