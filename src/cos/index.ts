/** `vodup/cos`: the COS XML API, one bucket at a time: PUT, HEAD and multipart uploads, and its CRC64. */
export { CosClient } from "./client.ts";
export type { ObjectInfo } from "./client.ts";
export type { CosOptions } from "./options.ts";
export type { CosCallOptions } from "./request.ts";
export type { StoredBytes } from "./stored-bytes.ts";
export { Crc64, crc64, crc64Combine } from "./crc64.ts";
export { defaultCosEndpoint } from "./endpoint.ts";
export { cosLimits } from "./limits.ts";
export type { CosLimits } from "./limits.ts";
export { CosError, NetworkError } from "../errors.ts";
