import type { Checkpoint } from "../../src/index.ts";

type Fields = Record<string, unknown>;
const set = (path: string, value: unknown) => (checkpoint: Fields) => {
  const names = path.split(".");
  let at = checkpoint;
  for (const name of names.slice(0, -1)) at = at[name] as Fields;
  at[names.at(-1) ?? ""] = value;
  return checkpoint;
};
const is = (value: unknown) => () => value;
/** One object of the checkpoint, changed. */
const object = (change: (one: Fields) => Fields) => (checkpoint: Fields) => {
  const objects = Object.entries(checkpoint["objects"] as Record<string, Fields>);
  return { ...checkpoint, objects: Object.fromEntries(objects.map(([key, one]) => [key, change({ ...one })])) };
};
const part = { number: 1, size: 1, etag: "e", crc64: "1" };
const big = "x".repeat(2 ** 20);

/** What somebody, or a broken disk, may have made of the checkpoint of an upload that is under way. */
export const malformed: readonly [name: string, change: (checkpoint: Fields) => unknown][] = [
  ["null", is(null)],
  ["an array", is([])],
  ["an array of a checkpoint", (checkpoint) => [checkpoint]],
  ["a text", is("checkpoint")],
  ["a number", is(5)],
  ["true", is(true)],
  ["no fields", is({})],
  ["a state alone", is({ state: "committed" })],
  ["a state and a version", is({ version: 1, state: "committing" })],
  ["another version", set("version", 2)],
  ["a version of 1 MiB", set("version", big)],
  ["a nested version", set("version", JSON.parse("[".repeat(1_000) + "]".repeat(1_000)))],
  ["a list for a state", set("state", ["committed"])],
  ["committed, without a result", set("state", "committed")],
  ["committing, without the object", set("state", "committing")],
  ["a text for endpoints", set("endpoint", "https://vod.example")],
  ["null for an endpoint", set("endpoint.cos", null)],
  ["no source", set("source", null)],
  ["a source of another kind", set("source.kind", "directory")],
  ["a source that is too large", set("source.size", 1e308)],
  ["a text for a size", set("source.size", "5")],
  ["a list for fields", set("fields", [])],
  ["an object for a field", set("fields.MediaType", {})],
  ["an empty session", set("session", {})],
  ["a bucket that is a host", set("session.bucket", "evil.example/")],
  ["a region with a line feed", set("session.region", "r\r\nhost: evil.example")],
  ["a path out of the bucket", set("session.mediaStoragePath", "/../../x")],
  ["a list for a certificate", set("session.certificate", [])],
  ["a key with a line feed", set("session.certificate.token", "a\r\nx-injected: 1")],
  ["a key with a letter beyond ASCII", set("session.certificate.secretId", "\u202ekey")],
  ["a certificate for ever", set("session.certificate.expiredTime", "forever")],
  ["a list for objects", set("objects", [])],
  ["null for an object", (checkpoint) => ({ ...checkpoint, objects: { a: null } })],
  ["an object whose name is 1 MiB", (checkpoint) => ({ ...checkpoint, objects: { [big]: null } })],
  ["an object called like a method", (checkpoint) => ({ ...checkpoint, objects: { constructor: 1 } })],
  ["null for parts", object((one) => ({ ...one, parts: null }))],
  ["a part without a number", object((one) => ({ ...one, parts: [{ ...part, number: undefined }] }))],
  ["a part of no size", object((one) => ({ ...one, parts: [{ ...part, size: -1 }] }))],
  ["a part twice", object((one) => ({ ...one, parts: [part, part] }))],
  ["a CRC64 beyond 64 bits", object((one) => ({ ...one, parts: [{ ...part, crc64: "9".repeat(20) }] }))],
  [
    "100,000 parts",
    object((one) => ({ ...one, parts: Array.from({ length: 100_000 }, (_, at) => ({ ...part, number: at + 1 })) })),
  ],
  ["parts of a byte", object((one) => ({ ...one, partSize: 1 }))],
  ["no part size", object((one) => ({ ...one, partSize: undefined }))],
  ["an upload without a name", object((one) => ({ ...one, uploadId: "" }))],
  ["an object that is done, in words", object((one) => ({ ...one, done: "yes" }))],
];

export function changedCheckpoint(checkpoint: Checkpoint, change: (checkpoint: Fields) => unknown): unknown {
  return change(structuredClone(checkpoint) as unknown as Fields);
}
