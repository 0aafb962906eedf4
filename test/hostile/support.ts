/** Bytes of which no two pages are alike. */
export function bytesOf(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4_096) bytes.writeUInt32LE(at, at);
  return bytes;
}
