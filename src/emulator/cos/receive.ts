import { createHash } from "node:crypto";
import { Crc64 } from "../../cos/crc64.ts";
import type { Exchange } from "../exchange.ts";
import type { ObjectStore } from "../store/store.ts";
import type { ReceivedBody } from "./bucket.ts";
import { CosFailure } from "./respond.ts";

/** 5 GiB: the most one PUT or one part may carry (436/7750). */
const maxBody = 5 * 2 ** 30;

/** The MD5 the client announced, as hexadecimal. @throws {CosFailure} InvalidDigest when it is none. */
export function announcedMd5(exchange: Exchange): string | undefined {
  const header = exchange.headers.get("content-md5");
  if (header === undefined) return undefined;
  if (!/^[0-9A-Za-z+/]{22}==$/.test(header)) {
    throw new CosFailure(400, "InvalidDigest", "The Content-MD5 you specified is invalid.");
  }
  return Buffer.from(header, "base64").toString("hex");
}

/** wire §6.15. @throws {CosFailure} BadDigest when an MD5 was announced and the body has another */
export function checkMd5(expected: string | undefined, actual: string | undefined): void {
  if (expected !== undefined && actual !== expected) {
    throw new CosFailure(400, "BadDigest", "The Content-MD5 you specified did not match what we received.");
  }
}

/**
 * Takes the request body into the store and computes what COS answers of it. MD5 is left out where bytes are thrown
 * away and nobody asked for it: it would cost more than everything else.
 *
 * @throws {CosFailure} when the body is too large, or not what its headers say.
 */
export async function receiveBody(exchange: Exchange, store: ObjectStore): Promise<ReceivedBody> {
  const expected = announcedMd5(exchange);
  const announcedLength = Number(exchange.headers.get("content-length") ?? "0");
  const tooLarge = new CosFailure(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.");
  if (announcedLength > maxBody) throw tooLarge;

  const md5 = store.readable || expected !== undefined ? createHash("md5") : undefined;
  const crc = new Crc64();
  const writer = await store.writer();
  let size = 0;
  try {
    for await (const chunk of exchange.body()) {
      size += chunk.length;
      if (size > maxBody) throw tooLarge;
      md5?.update(chunk);
      crc.update(chunk);
      const written = writer.write(chunk);
      if (written !== undefined) await written;
    }
    const crc64 = crc.digest();
    const digest = md5?.digest("hex");
    checkMd5(expected, digest);
    const etag = digest ?? crc64.toString(16).padStart(16, "0") + size.toString(16).padStart(16, "0");
    return { blob: await writer.finish(), size, crc64, etag };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Puts bytes into the store that came no client's way: a pulled file, a cover given by the API. */
export async function storeBytes(store: ObjectStore, bytes: Uint8Array): Promise<ReceivedBody> {
  const writer = await store.writer();
  await writer.write(bytes);
  const crc64 = new Crc64().update(bytes).digest();
  return {
    blob: await writer.finish(),
    size: bytes.length,
    crc64,
    etag: createHash("md5").update(bytes).digest("hex"),
  };
}
