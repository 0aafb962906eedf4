import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeForeignClient, root } from "./foreign-client.ts";

const folder = join(root, "examples/php");
const modules = spawnSync("php", ["-m"], { encoding: "utf8" }).stdout ?? "";
const missing = !["curl", "xml"].every((name) => modules.split("\n").includes(name));

describe.skipIf(missing)("PHP", () => {
  test.each(readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".php")))(
    "%s has no error of syntax",
    (name) => {
      expect(execFileSync("php", ["-l", join(folder, name)], { encoding: "utf8" })).toContain("No syntax errors");
    },
  );
});

if (!missing) {
  await describeForeignClient({
    name: "php",
    verifier: ["php", join(folder, "verify.php")],
    uploader: ["php", join(folder, "upload.php")],
  });
}
