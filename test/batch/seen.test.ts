import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isYoung } from "../../src/batch/seen.ts";
import { temporary } from "./support.ts";

test("a file with a time of writing that is still to come is as old as its entry in the file system", async () => {
  const source = join(await temporary(), "a.mp4");
  await writeFile(source, "");
  const future = new Date(Date.now() + 86_400_000);
  await utimes(source, future, future);
  const entry = { name: "a.mp4", source, options: {}, key: "0" };
  expect(isYoung(entry, 60_000)).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(isYoung(entry, 20)).toBe(false);
});

test("a folder, which stands for one that cannot be read, is never young: that is said at once", async () => {
  const source = await temporary();
  expect(isYoung({ name: "private/", source, options: {}, key: "0" }, 60_000)).toBe(false);
});
