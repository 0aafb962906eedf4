import type * as Files from "node:fs/promises";
import { mkdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ManifestFolder } from "../../../src/upload/manifest/folder.ts";
import { newFolder, tree } from "../support/trees.ts";

/** Whether the system tells where an open file lies, as Linux does. */
let told = true;

vi.mock("node:fs/promises", async (load) => {
  const real = await load<typeof Files>();
  const readlink = async (path: string): Promise<string> => {
    if (!told) throw Object.assign(new Error("no /proc"), { code: "ENOENT" });
    return real.readlink(path);
  };
  return { ...real, readlink };
});

describe.each([true, false])("with /proc: %s", (proc) => {
  beforeEach(() => {
    told = proc;
  });

  async function located(root: string) {
    const { folder } = await ManifestFolder.around(join(root, "a.m3u8"));
    const file = await folder.locate("s/1.ts");
    if ("why" in file) throw new Error(file.why);
    return () => folder.open(file);
  }

  test("what is inside and unchanged is opened", async () => {
    const root = await tree({ "s/1.ts": "0123456789" });
    const { handle, stats } = await (await located(root))();
    expect(stats.size).toBe(10n);
    expect(await handle.readFile("utf8")).toBe("0123456789");
    await handle.close();
  });

  test("the same file is not, once a link has to be followed out to it", async () => {
    const root = await tree({ "s/1.ts": "0123456789" });
    const open = await located(root);
    const outside = await newFolder();
    await rename(join(root, "s"), join(outside, "s"));
    await symlink(join(outside, "s"), join(root, "s"));
    await expect(open()).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
  });

  test("another file of the same size and time is not, in a folder whose name only begins alike", async () => {
    const root = await tree({ "t/s/1.ts": "0123456789", "t-other/s/1.ts": "0123456789" });
    for (const name of ["t", "t-other"]) await utimes(join(root, name, "s/1.ts"), 1_000, 1_000);
    const open = await located(join(root, "t"));
    await rename(join(root, "t/s"), join(root, "t/was"));
    await symlink("../t-other/s", join(root, "t/s"));
    await expect(open()).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
  });
});

test("a folder at the top of the file system holds what is below it", async () => {
  const folder = await newFolder();
  await mkdir(join(folder, "s"));
  await writeFile(join(folder, "s/1.ts"), "");
  const { folder: top } = await ManifestFolder.around("/a.m3u8");
  expect(await top.locate(join(folder, "s/1.ts").slice(1))).toMatchObject({ real: join(folder, "s/1.ts") });
});
