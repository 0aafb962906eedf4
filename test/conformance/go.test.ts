import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { atEndOfFile } from "../support/at-end.ts";
import { describeForeignClient, root } from "./foreign-client.ts";

const folder = join(root, "examples/go");
const missing = spawnSync("go", ["version"]).status !== 0;

const built = mkdtempSync(join(tmpdir(), "vodup-go-"));
atEndOfFile(() => rm(built, { recursive: true, force: true }));

/** Nothing is fetched: the standard library is all there is. */
const go = (...args: readonly string[]): string =>
  execFileSync("go", args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, GOFLAGS: "-mod=mod", GOPROXY: "off" },
  });

if (!missing) go("build", "-o", `${built}/`, "./upload", "./verify");

describe.skipIf(missing)("Go", () => {
  test("is formatted, and vet has nothing to say", () => {
    expect(execFileSync("gofmt", ["-l", folder], { encoding: "utf8" })).toBe("");
    expect(go("vet", "./...")).toBe("");
  });
});

if (!missing) {
  await describeForeignClient({
    name: "go",
    verifier: [join(built, "verify")],
    uploader: [join(built, "upload")],
  });
}
