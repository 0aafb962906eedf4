/* CRC-64/XZ, wire §8.1, byte by byte with BigInt: slow and plain. */

const polynomial = 0xc96c5795d7870f42n;
const ones = 0xffffffffffffffffn;
const table = Array.from({ length: 256 }, (_, byte) => {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
  return crc;
});

export function crc64(bytes) {
  let crc = ones;
  for (const byte of bytes) crc = table[Number((crc ^ BigInt(byte)) & 255n)] ^ (crc >> 8n);
  return String(crc ^ ones);
}
