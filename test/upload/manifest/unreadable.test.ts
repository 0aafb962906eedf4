import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { VodApi } from "../../../src/vod-api/client.ts";
import { VodClient } from "../../../src/index.ts";
import { serviceSegments } from "../../../src/upload/manifest/service-segments.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "vodup-tree-"))));
afterEach(() => rm(folder, { recursive: true }));

test("a tree's files that cannot be read are told all at once, each with why", async () => {
  const long = `${"a".repeat(300)}.ts`;
  await writeFile(join(folder, "file.ts"), "x");
  await symlink("loop.ts", join(folder, "loop.ts"));
  const names = ["file.ts/inside.ts", "loop.ts", long, "absent.ts"];
  await writeFile(join(folder, "index.m3u8"), `#EXTM3U\n${names.map((name) => `#EXTINF:1,\n${name}\n`).join("")}`);
  const vod = new VodClient({ credentials: { secretId: "a", secretKey: "b" } });
  const error: unknown = await vod.plan(join(folder, "index.m3u8")).catch((why: unknown) => why);
  expect(error).toMatchObject({ code: "MANIFEST_INVALID" });
  const { problems } = error as { problems: string[] };
  const whyOf = (name: string): string | undefined => problems.find((problem) => problem.includes(name));
  expect(whyOf("inside.ts")).toContain("does not exist");
  expect(whyOf("absent.ts")).toContain("does not exist");
  expect(whyOf("loop.ts")).toContain("a symbolic link that leads to itself");
  expect(whyOf("aaaa")).toContain("a longer name than the file system takes");
  await vod.close();
});

test("a manifest that is too large for the service is not sent to it, and an empty list is a list", async () => {
  const sent: object[] = [];
  const call = async (_: string, params: object) => {
    sent.push(params);
    return { MediaSegmentSet: null };
  };
  const list = serviceSegments({ call } as unknown as VodApi, new AbortController().signal, () => undefined);
  expect(await list("a".repeat(11 * 2 ** 20), "m3u8")).toMatchObject({ refused: expect.stringContaining("10 MB") });
  expect(sent).toEqual([]);
  expect(await list("#EXTM3U\n", "m3u8")).toEqual({ segments: [] });
});
