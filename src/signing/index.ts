/** The signatures of the service as pure functions; every intermediate value is returned or has a function. */
export { InvalidArgumentError } from "./argument.ts";

export { deriveTc3Keys, signTc3, TC3_ALGORITHM, tc3Authorization, tc3CanonicalRequest } from "./tc3.ts";
export { tc3CredentialScope, tc3SignatureHex, tc3StringToSign } from "./tc3.ts";
export type { Tc3CanonicalPieces, Tc3Credentials, Tc3Keys, Tc3Request, Tc3Signature } from "./tc3.ts";

export { signCos } from "./cos-v5.ts";
export type { CosCredentials, CosRequest, CosSignature } from "./cos-v5.ts";

export { presignCosUrl } from "./cos-presign.ts";
export type { CosPresignCredentials, CosPresignRequest } from "./cos-presign.ts";

export { signClientUpload } from "./client-upload.ts";
export type { ClientUploadParams, ClientUploadSignature } from "./client-upload.ts";

export { verifyCallback } from "./callback.ts";
export type { CallbackRejection, CallbackVerdict, VerifyCallbackOptions } from "./callback.ts";

export { encodeKeyPath, encodeQuery, hasDotSegment, percentEncode } from "./percent-encode.ts";
export { hmacSha1, hmacSha256, md5Hex, sha1Hex, sha256Hex } from "./hash.ts";
