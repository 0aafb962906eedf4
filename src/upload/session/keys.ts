import type { CredentialSource, Credentials } from "../../credentials/source.ts";
import type { Wire } from "../../http/wire.ts";
import type { VodApi } from "../../vod-api/client.ts";
import type { Certificate, KeySource } from "./certificate.ts";
import type { ApplyFields, SessionRefresh, UploadSession } from "./apply.ts";
import { VodupError } from "../../errors.ts";
import { CertificateKeeper } from "./certificate.ts";
import { checkRefreshed, renewBySessionKey } from "./apply.ts";

/** What keys are got with. */
interface KeyAccess {
  readonly api: VodApi;
  readonly wire: Wire;
  readonly credentials: CredentialSource;
}

/**
 * Where a transfer's keys come from: the session's certificate, renewed by the chosen strategy, or the caller's own key
 * when ApplyUpload gave no certificate.
 * @param renewed told of every new certificate, before it is used
 */
export function sessionKeys(
  access: KeyAccess,
  session: UploadSession,
  fields: ApplyFields,
  strategy: SessionRefresh,
  signal: AbortSignal,
  renewed: (certificate: Certificate, receivedAt: number) => Promise<void>,
): KeySource {
  const { wire, credentials } = access;
  const clock = { now: () => wire.clock.now(), told: () => wire.clock.told() };
  if (session.certificate === undefined) {
    return {
      get: () => credentials.get(),
      refused: async (used: Credentials) => credentials.invalidate(used),
      isOld: () => false,
    };
  }
  return new CertificateKeeper(session.certificate, session.receivedAt, clock, async () => {
    const certificate = await renew(access, session, fields, strategy, signal);
    await renewed(certificate, clock.told() ?? clock.now());
    return certificate;
  });
}

async function renew(
  { api, wire }: KeyAccess,
  session: UploadSession,
  fields: ApplyFields,
  strategy: SessionRefresh,
  signal: AbortSignal,
): Promise<Certificate> {
  if (typeof strategy === "function") {
    const { bucket, region, mediaStoragePath, coverStoragePath, vodSessionKey } = session;
    return checkRefreshed(await strategy({ bucket, region, mediaStoragePath, coverStoragePath, vodSessionKey }));
  }
  if (strategy === "vod-session-key") return renewBySessionKey(api, fields, session, () => wire.clock.now(), signal);
  throw new VodupError("CERTIFICATE_EXPIRED", `sessionRefresh is "${strategy}"`);
}
