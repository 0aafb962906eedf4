import type { UploadOptions } from "../upload/options.ts";
import { invalidArgument } from "../errors.ts";
import { likelyName } from "../unknown-options.ts";

export type EntryField =
  | "mediaType"
  | "mediaName"
  | "cover"
  | "coverType"
  | "procedure"
  | "expireTime"
  | "storageRegion"
  | "classId"
  | "sourceContext"
  | "sessionContext"
  | "extInfo"
  | "mediaStoragePath"
  | "subAppId"
  | "partSize"
  | "concurrency"
  | "sessionRefresh"
  | "requireCrc64"
  | "offlineManifest";

/** Options of an upload that can be written down. */
export type EntryOptions = Omit<Pick<UploadOptions, EntryField>, "cover"> & {
  /** An absolute path, or a URL. */
  readonly cover?: string | undefined;
};

type Reader = (field: string, value: unknown) => string | number | boolean;

const text: Reader = (field, value) => {
  if (typeof value === "string") return value;
  throw invalidArgument(field, "must be text", value);
};

const integer: Reader = (field, value) => {
  const number = typeof value === "string" && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number;
  throw invalidArgument(field, "must be an integer", value);
};

const integerOrAuto: Reader = (field, value) => (value === "auto" ? value : integer(field, value));

/** Beyond 2⁵³ JSON's numbers are not what was written. */
const decimal: Reader = (field, value) => {
  if (typeof value === "string" || (typeof value === "number" && Number.isSafeInteger(value))) return value;
  throw invalidArgument(field, "must be a number, or the same in quotes when it is beyond 2^53", value);
};

const boolean: Reader = (field, value) => {
  if (typeof value === "boolean") return value;
  const lower = typeof value === "string" ? value.toLowerCase() : "";
  if (lower === "true" || lower === "false") return lower === "true";
  throw invalidArgument(field, "must be true or false", value);
};

const readers: Readonly<Record<EntryField, Reader>> = {
  mediaType: text,
  mediaName: text,
  cover: text,
  coverType: text,
  procedure: text,
  expireTime: text,
  storageRegion: text,
  classId: integer,
  sourceContext: text,
  sessionContext: text,
  extInfo: text,
  mediaStoragePath: text,
  subAppId: decimal,
  partSize: integerOrAuto,
  concurrency: integerOrAuto,
  sessionRefresh: text,
  requireCrc64: boolean,
  offlineManifest: boolean,
};

/** In a fixed order. */
export const fieldNames = Object.keys(readers) as readonly EntryField[];

/** Everything that may stand in a manifest. */
export const columnNames: readonly string[] = ["source", ...fieldNames];

/** @throws TypeError `ERR_INVALID_ARG_VALUE` naming the field */
export function readField(field: string, value: unknown): string | number | boolean {
  const read = Object.hasOwn(readers, field) ? readers[field as EntryField] : undefined;
  if (read === undefined) throw unknownField(field);
  return read(field, value);
}

/** A field that is none, with the one that was probably meant: `media_name` and `Media-Name` are `mediaName`. */
export function unknownField(field: string): Error {
  const likely = likelyName(field, columnNames);
  const remedy = likely === undefined ? `known are ${columnNames.join(", ")}` : `did you mean ${likely}?`;
  return invalidArgument(field, `is not a field of a manifest; ${remedy}`);
}
