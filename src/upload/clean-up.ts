import type { Credentials } from "../credentials/source.ts";
import type { UploadEnvironment } from "./environment.ts";
import type { CosCredentials } from "./request.ts";
import type { UploadSession } from "./session.ts";
import { CosClient } from "../cos/client.ts";
import { CosError } from "../errors.ts";
import { requestingWith } from "./request.ts";

/** Milliseconds that removing unfinished multipart uploads may take: somebody waits for the failure to be reported. */
const cleanUpLimitMs = 5_000;

/**
 * Removes what was sent of unfinished multipart uploads: it would be stored, and billed, for ever. Goes on for a while
 * after the upload itself was aborted, and never fails.
 * @returns why an upload could not be removed; undefined when all are gone
 */
export async function abortUploads(
  environment: UploadEnvironment,
  session: Pick<UploadSession, "bucket" | "region" | "certificate">,
  uploads: readonly { readonly key: string; readonly uploadId: string }[],
): Promise<string | undefined> {
  if (uploads.length === 0) return undefined;
  const { cosEndpoint, wire, credentials } = environment;
  const get = async (): Promise<Credentials> => session.certificate ?? credentials.get();
  const keys: CosCredentials = { get, refused: async () => false, isOld: () => false };
  const { bucket, region } = session;
  const cos = new CosClient({ bucket, region, credentials: get, cosEndpoint }, wire);
  const requesting = requestingWith(wire, keys, AbortSignal.timeout(cleanUpLimitMs), () => undefined);
  let failed: string | undefined;
  for (const { key, uploadId } of uploads) {
    await requesting("AbortMultipartUpload", (options) => cos.abortMultipartUpload(key, uploadId, options)).catch(
      (error: unknown) =>
        (failed = error instanceof CosError ? `${error.status} ${error.cosCode}` : "no answer in time"),
    );
  }
  return failed;
}
