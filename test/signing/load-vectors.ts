import { readFileSync } from "node:fs";

const folder = new URL("../../fixtures/vectors/", import.meta.url);

export interface Vector {
  readonly tcId: number;
  readonly name: string;
  readonly comment?: string;
  readonly flags: readonly string[];
  readonly source: { readonly kind: string; readonly text: string };
}

interface RequestVector extends Vector {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Tc3Vector extends RequestVector {
  readonly host: string;
  readonly query: string;
  readonly signedHeaders: readonly string[];
  readonly payload?: string;
  readonly payloadEncoding?: "utf8" | "base64";
  readonly payloadGenerator?: {
    readonly prefix: string;
    readonly unit: string;
    readonly count: number;
    readonly suffix: string;
  };
  readonly payloadLength: number;
  readonly payloadHashInput?: string;
  readonly service: string;
  readonly timestamp: number;
  readonly expected: Readonly<
    Record<
      | "hashedPayload"
      | "canonicalRequest"
      | "hashedCanonicalRequest"
      | "credentialScope"
      | "stringToSign"
      | "secretDate"
      | "secretService"
      | "secretSigning"
      | "signature"
      | "authorization",
      string
    >
  >;
}

interface CosInputs {
  readonly query: Readonly<Record<string, string | null>>;
  readonly startTime: number;
  readonly endTime: number;
}

export interface CosVector extends RequestVector, CosInputs {
  readonly signedHeaders: readonly string[];
  readonly rawUrl?: string;
  readonly expected: Readonly<Record<string, string>>;
  readonly disagreeing?: Readonly<Record<string, string>>;
}

export interface PresignVector extends RequestVector, CosInputs {
  readonly url: string;
  readonly expected: Readonly<Record<string, string>> & { readonly url: string; readonly signature: string };
  readonly vendorUrls?: { readonly sync: string; readonly async?: string };
}

export interface EchoVector extends Vector, CosInputs {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expected: Readonly<Record<string, string>> & { readonly httpStringSha1: string };
}

export interface ClientUploadVector extends Vector {
  readonly secretKey: string;
  readonly params: readonly (readonly [string, string | number])[];
  readonly expected: { readonly original: string; readonly macHex: string; readonly signature: string };
}

export interface CallbackVector extends Vector {
  readonly signKey: string;
  readonly now: number;
  readonly toleranceSeconds?: number;
  readonly body: unknown;
  readonly expected: {
    readonly md5Input: string;
    readonly md5: string;
    readonly valid: boolean;
    readonly reason?: string;
  };
}

export interface EncodingVector extends Vector {
  readonly input: string;
  readonly expected: { readonly value: string; readonly name: string; readonly keyPath: string };
}

interface VectorFiles {
  "tc3-sign": Tc3Vector;
  "cos-sign-v5": CosVector;
  "cos-presign": PresignVector;
  "cos-server-echo": EchoVector;
  "client-upload-sign": ClientUploadVector;
  "callback-sign": CallbackVector;
  "percent-encoding": EncodingVector;
}

/** The tests of one vector file. Its form is what the schema test proves, hence the one cast here. */
export function loadVectors<Name extends keyof VectorFiles>(name: Name): readonly VectorFiles[Name][] {
  const file = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as {
    readonly tests: readonly VectorFiles[Name][];
  };
  return file.tests;
}
