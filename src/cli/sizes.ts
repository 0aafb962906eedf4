import { UsageError } from "./args.ts";

const units: Readonly<Record<string, number>> = {
  "": 1,
  K: 2 ** 10,
  KIB: 2 ** 10,
  M: 2 ** 20,
  MIB: 2 ** 20,
  G: 2 ** 30,
  GIB: 2 ** 30,
};

/**
 * Reads a size: bytes, or a number of `K`, `M` or `G`, also written `KiB`, `MiB` or `GiB`. Decimal units are refused:
 * `MB` means one thing to a disk's maker and another to an operating system.
 * @throws UsageError naming the flag
 */
export function parseSize(flag: string, text: string): number {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const factor = units[unit.toUpperCase()];
  const bytes = factor === undefined || digits === "" ? Number.NaN : Number(digits) * factor;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`--${flag} must be a number of bytes, or of KiB, MiB or GiB, such as 16M or 16MiB`);
}

/** Bytes for people: three or four digits and a binary unit, at most 9 characters up to 999 TiB. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = "B";
  for (const next of ["KiB", "MiB", "GiB", "TiB"]) {
    // Not at 1024: a rate of about 1 MiB a second would change between "1023.9 KiB" and "1.00 MiB".
    if (value < (unit === "B" ? 1024 : 999.95)) break;
    value /= 1024;
    unit = next;
  }
  return unit === "B" ? `${value} B` : `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`;
}
