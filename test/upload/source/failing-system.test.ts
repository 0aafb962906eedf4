import crypto from "node:crypto";
import { open, readdir, readlink, rm } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { startMd5 } from "../../../src/upload/source/bytes.ts";
import { atEnd } from "../../support/at-end.ts";
import { attempt, bench, random, tempFile } from "../support.ts";

test.runIf(process.platform === "linux")("a file that cannot be looked at once it is open is closed", async () => {
  const { vod, emulator } = await bench();
  const path = await tempFile(random(1024));
  const handle = await open(path);
  const look = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, "stat");
  await handle.close();
  look.mockRejectedValueOnce(Object.assign(new Error("EIO: i/o error, fstat"), { code: "EIO", syscall: "fstat" }));
  atEnd(() => look.mockRestore());
  const { error } = await attempt(vod, path, {});
  expect(error).toMatchObject({ name: "SourceError" });
  const links = (await readdir("/proc/self/fd")).map((fd) => readlink(join("/proc/self/fd", fd)).catch(() => ""));
  expect(await Promise.all(links)).not.toContain(path);
  expect(emulator.requests()).toEqual([]);
  await rm(path);
});

test("where MD5 is forbidden (FIPS) an upload does without it", async () => {
  const { createHash } = crypto;
  const restore = (): void => {
    crypto.createHash = createHash;
    syncBuiltinESMExports();
  };
  atEnd(restore);
  crypto.createHash = (name, options) => {
    if (name.toLowerCase() === "md5") throw new Error("error:0308010C:digital envelope routines::unsupported");
    return createHash(name, options);
  };
  syncBuiltinESMExports();
  expect(startMd5()).toBeUndefined();
  restore();
  expect(startMd5()?.update("abc").digest("hex")).toBe("900150983cd24fb0d6963f7d28e17f72");
});
