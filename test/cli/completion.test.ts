import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { runCli } from "./support/run-cli.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-completion-"));
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout, stderr } = await runCli(["completion", shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await writeFile(join(folder, shell), stdout);
  }
  await writeFile(join(folder, "film.mp4"), "");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What bash offers for words typed so far, of which the last one is being typed. */
function offered(...words: readonly string[]): string[] {
  const list = ["vodup", ...words].map((word) => `'${word}'`).join(" ");
  const script = `source ./bash; COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _vodup; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync("bash", ["--norc", "-c", script], { cwd: folder, encoding: "utf8" });
  return out.split("\n").filter((word) => word !== "");
}

describe("bash", () => {
  test("completes commands", () => {
    const first = commands.map(({ name }) => name.split(" ")[0]);
    expect(offered("")).toEqual(expect.arrayContaining(first));
    expect(offered("uploa")).toEqual(["upload", "uploads"]);
    expect(offered("uploads", "")).toEqual(["list", "resume", "abort"]);
  });

  test("completes the flags of the command at hand", () => {
    expect(offered("upload", "--media-")).toEqual(["--media-type", "--media-name", "--media-storage-path"]);
    expect(offered("events", "--co")).toContain("--confirm");
    expect(offered("events", "config", "--p")).toEqual(expect.arrayContaining(["--push", "--pull"]));
    expect(offered("batch", "--wa")).toEqual(["--watch", "--wait"]);
  });

  test("completes values where there are only so many, and else files", () => {
    expect(offered("upload", "--site", "")).toEqual(["intl", "cn"]);
    expect(offered("completion", "z")).toEqual(["zsh"]);
    expect(offered("upload", "fi")).toEqual(expect.arrayContaining(["film.mp4", "fish"]));
  });
});

/** Without that shell there is nothing to ask; what it would be told is checked below. */
test.runIf(existsSync("/usr/bin/fish"))("fish completes the same", () => {
  const ask = (line: string): string[] =>
    execFileSync("fish", ["--no-config", "-c", `source ./fish; complete -C '${line}'`], {
      cwd: folder,
      encoding: "utf8",
    })
      .split("\n")
      .map((row) => row.split("\t")[0] ?? "");
  expect(ask("vodup uploa")).toEqual(expect.arrayContaining(["upload", "uploads"]));
  expect(ask("vodup uploads ")).toEqual(expect.arrayContaining(["list", "resume", "abort"]));
  expect(ask("vodup upload --media-")).toEqual(expect.arrayContaining(["--media-type", "--media-name"]));
  expect(ask("vodup upload --site ")).toEqual(expect.arrayContaining(["intl", "cn"]));
});

test.runIf(existsSync("/usr/bin/zsh"))("zsh can read its script", () => {
  execFileSync("zsh", ["-f", "-c", "autoload -U compinit && compinit -u -d ./dump && source ./zsh && which _vodup"], {
    cwd: folder,
  });
});

test.each(["zsh", "fish"])("every command and flag stands in the script of %s", async (shell) => {
  const { stdout } = await runCli(["completion", shell]);
  for (const { name, load } of commands) {
    const { spec } = await load();
    for (const word of name.split(" ")) expect(stdout).toContain(word);
    for (const flag of Object.keys(spec.flags)) expect(stdout).toContain(shell === "fish" ? `-l ${flag}` : `--${flag}`);
  }
});

test("another shell is wrong usage", async () => {
  const { code, stderr } = await runCli(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(stderr).toContain("bash, zsh or fish");
});
