import type { Credentials } from "../credentials/source.ts";
import type { UploadEnvironment } from "./environment.ts";
import type { CosCredentials } from "./request.ts";
import type { UploadSession } from "./session.ts";
import { CosClient } from "../cos/client.ts";
import { CosError, NetworkError } from "../errors.ts";
import { requestingWith } from "./request.ts";
import { withLimit } from "./with-limit.ts";

/** Milliseconds that removing unfinished multipart uploads may take after a failure, which waits to be reported. */
const cleanUpLimitMs = 5_000;

/**
 * Removes what was sent of unfinished multipart uploads: it would be stored, and billed, for ever. Never fails:
 * wire §9.3.
 * @param ending ends it early, some time after the upload itself was aborted
 * @returns why an upload could not be removed; undefined when all are gone
 */
export async function abortUploads(
  environment: UploadEnvironment,
  session: Pick<UploadSession, "bucket" | "region" | "certificate">,
  uploads: readonly { readonly key: string; readonly uploadId: string }[],
  ending: AbortSignal,
): Promise<string | undefined> {
  if (uploads.length === 0) return undefined;
  const { cosEndpoint, wire, credentials } = environment;
  const get = async (): Promise<Credentials> => session.certificate ?? credentials.get();
  const keys: CosCredentials = { get, refused: async () => false, isOld: () => false };
  const { bucket, region } = session;
  const cos = new CosClient({ bucket, region, credentials: get, cosEndpoint }, wire);
  const reasons = await withLimit(cleanUpLimitMs, ending, (limit) => {
    const requesting = requestingWith(wire, keys, limit, () => undefined);
    return Promise.all(
      uploads.map(({ key, uploadId }) =>
        requesting("AbortMultipartUpload", (options) => cos.abortMultipartUpload(key, uploadId, options)).then(
          () => undefined,
          reasonOf,
        ),
      ),
    );
  });
  return reasons.find((reason) => reason !== undefined);
}

function reasonOf(error: unknown): string {
  if (error instanceof CosError) return `${error.status} ${error.cosCode}`;
  return error instanceof NetworkError ? error.message : "no answer in time";
}
