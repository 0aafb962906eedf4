import type { CredentialProvider, Credentials } from "../credentials/source.ts";
import { wireOptionNames, type WireOptions } from "../http/wire.ts";

/** Where a bucket is. */
export interface CosPlace {
  /** With its APPID, as ApplyUpload gives it: `name-1250000000`. */
  readonly bucket: string;
  readonly region: string;
  /** @defaultValue "https://{bucket}.cos.{region}.myqcloud.com" */
  readonly cosEndpoint?: string | undefined;
}

export interface CosOptions extends CosPlace, WireOptions {
  /** The certificate or keys, or a function that is asked for them. */
  readonly credentials: Credentials | CredentialProvider;
}

/** Options of the other clients, which mean nothing here: one set may serve them all. */
const othersNames = {
  site: true,
  subAppId: true,
  vodEndpoint: true,
  signedHeaders: true,
  apiRate: true,
  concurrency: true,
  partSize: true,
  memoryBudget: true,
};

/** By name, see refuseUnknown. */
export const cosOptionNames: Readonly<Record<keyof CosOptions, true>> = {
  ...othersNames,
  ...wireOptionNames,
  credentials: true,
  bucket: true,
  region: true,
  cosEndpoint: true,
};
