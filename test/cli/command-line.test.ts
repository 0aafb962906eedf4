import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CommandSpec } from "../../src/cli/args.ts";
import { UsageError, parseArguments } from "../../src/cli/args.ts";
import { commands } from "../../src/cli/commands.ts";
import { parseDeadline, parseDuration, parseInteger } from "../../src/cli/numbers.ts";
import { shellQuote } from "../../src/cli/shell-quote.ts";
import { formatSize, parseSize } from "../../src/cli/sizes.ts";
import { closest } from "../../src/suggest.ts";
import { shellCommands } from "../docs/support/shell-words.ts";
import { runCli } from "./support/run-cli.ts";

const root = join(import.meta.dirname, "../..");

const spec: CommandSpec<"name" | "add" | "switch"> = {
  name: "try",
  operands: "FILE...",
  summary: "try things",
  count: { least: 0, most: 2 },
  flags: { name: { value: "TEXT", summary: "" }, add: { value: "TEXT", summary: "" }, switch: { summary: "" } },
};

function parse(...argv: string[]) {
  const args = parseArguments(spec, argv);
  if (args === "help") throw new Error("help was asked for");
  return args;
}

describe("arguments", () => {
  test("values stand behind their flag or an equals sign, and may be anything there", () => {
    expect(parse("--name", "a b").text("name")).toBe("a b");
    expect(parse("--name=--x=y").text("name")).toBe("--x=y");
    expect(parse("--name", "-").text("name")).toBe("-");
    expect(parse("--name=a", "--name=b").text("name")).toBe("b");
    expect(parse("--add=a", "--add=b").texts("add")).toEqual(["a", "b"]);
    expect(parse("--switch").has("switch")).toBe(true);
    expect(parse().has("switch")).toBe(false);
  });

  test("operands stand anywhere, after -- whatever they look like", () => {
    expect(parse("a", "--switch", "b").operands).toEqual(["a", "b"]);
    expect(parse("--", "--name", "-").operands).toEqual(["--name", "-"]);
    expect(() => parse("a", "b", "c")).toThrow(UsageError);
  });

  test("the rest after -- can belong to somebody else", () => {
    const passing = { ...spec, passesRest: true };
    expect(parseArguments(passing, ["a", "--", "node", "--switch"])).toMatchObject({
      operands: ["a"],
      rest: ["node", "--switch"],
    });
  });

  test("typed repeats the flags so that they mean the same", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (value) => {
        const args = parse(`--name=${value}`, "--switch", "operand");
        const again = parse(...args.typed);
        expect(again.text("name")).toBe(value);
        expect(again.has("switch")).toBe(true);
        expect(again.operands).toEqual([]);
      }),
    );
  });

  test.each(["--help", "-h"])("%s asks for help, whatever else there is", (flag) => {
    expect(parseArguments(spec, ["a", "b", "c", "--switch", flag])).toBe("help");
  });

  test.each(["--secret-id", "--secretkey", "--token", "--session-token", "--ak", "--password"])(
    "%s is refused",
    (flag) => {
      expect(() => parse(flag, "hunter2")).toThrow(/environment/);
      expect(() => parse(`${flag}=hunter2`)).not.toThrow(/hunter2/);
    },
  );
});

test("a likely name is suggested, an unlikely one is not", () => {
  const known = ["upload", "uploads", "emulator", "sign"];
  expect(closest("uplaod", known)).toBe("upload");
  expect(closest("emu", known)).toBe("emulator");
  expect(closest("delete", known)).toBeUndefined();
});

describe("sizes", () => {
  test.each([
    ["0", 0],
    ["1048576", 2 ** 20],
    ["16MiB", 2 ** 24],
    ["1.5GiB", 1.5 * 2 ** 30],
    ["512 kib", 2 ** 19],
    ["512k", 2 ** 19],
    ["16M", 2 ** 24],
    ["2G", 2 ** 31],
  ])("%s is %i bytes", (text, size) => {
    expect(parseSize("part-size", text)).toBe(size);
  });

  test.each(["", "MiB", "16MB", "16T", "-1", "1e6", "0.3", "99999999999GiB", "1 6"])("%j is none", (text) => {
    expect(() => parseSize("part-size", text)).toThrow(/--part-size/);
  });

  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.00 KiB"],
    [87_504, "85.5 KiB"],
    [1.2 * 2 ** 30, "1.20 GiB"],
    [48 * 2 ** 40, "48.0 TiB"],
  ])("%i bytes are shown as %s", (size, text) => {
    expect(formatSize(size)).toBe(text);
  });
});

test("numbers are read strictly", () => {
  expect(parseInteger("n", "-3", -5, 5)).toBe(-3);
  for (const text of ["6", "1.0", "0x1", "", "1e1", " 1"]) expect(() => parseInteger("n", text, -5, 5)).toThrow(/--n/);
  expect(["0.5", "90s", "10M", "2h", "1d"].map((text) => parseDeadline("t", text))).toEqual([
    500, 90_000, 600_000, 7_200_000, 86_400_000,
  ]);
  for (const text of ["0", "-1", "1w", "2147484", "", "s"]) expect(() => parseDeadline("t", text)).toThrow(/--t/);
  expect(parseDuration("t", "30d", 0, 30 * 86_400_000)).toBe(30 * 86_400_000);
});

test("a quoted command line is taken apart into the same words", async () => {
  const words = ["a", "", "it's", "two words", "$HOME `id` \\", '"', "new\nline", "--flag=a b", "影片", "*", "!"];
  const { execFileSync } = await import("node:child_process");
  const out = execFileSync("sh", ["-c", `printf '%s\\0' ${shellQuote(words)}`], { encoding: "utf8" });
  expect(out.split("\0").slice(0, -1)).toEqual(words);
});

describe("help and version", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

  test.each(["--version", "-V", "-v", "version"])("%s prints the package's version", async (asked) => {
    expect(await runCli([asked])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.each([
    ["--version", "extra"],
    ["-V", "--json"],
    ["--help", "nonsense"],
    ["-h", "--version"],
    ["help", "upload", "nonsense"],
    ["help", "events", "nonsense"],
    ["help", "events", "config", "nonsense"],
    ["help", "nonsense"],
    ["uploads", "--help", "nonsense"],
  ])("what does not belong behind help and version is wrong usage: %s %s", async (...args) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^vodup: .*vodup/);
  });

  test.each([
    [
      ["help", "upload"],
      ["upload", "--help"],
    ],
    [
      ["--help", "upload"],
      ["upload", "--help"],
    ],
    [
      ["help", "events", "config"],
      ["events", "config", "--help"],
    ],
    [
      ["help", "uploads"],
      ["uploads", "--help"],
    ],
    [["help"], ["--help"]],
    [["help", "--help"], ["-h"]],
  ])("%j is %j", async (asked, same) => {
    const result = await runCli(asked);
    expect(result).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("Usage: vodup") });
    expect(await runCli(same)).toEqual(result);
  });

  test("--version loads nothing but Node's own file system, and what writes to it", () => {
    const importsOf = (file: string): (string | undefined)[] => {
      const text = readFileSync(join(root, "src/cli", file), "utf8");
      return [...text.matchAll(/^import (?!type).* from "(.*)";$/gm)].map(([, name]) => name);
    };
    expect(importsOf("main.ts")).toEqual(["node:fs", "./terminal.ts"]);
    expect(importsOf("terminal.ts")).toEqual(["./standard-output.ts"]);
    expect(importsOf("standard-output.ts")).toEqual(["node:fs", "../reason-of.ts"]);
    expect(importsOf("../reason-of.ts")).toEqual(["node:os"]);
  });

  test("--help names every command", async () => {
    const { code, stdout, stderr } = await runCli(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { name } of commands) expect(stdout).toContain(`\n  ${name} `);
  });

  test.each(commands.map(({ name }) => name))(
    "the help of %s fits the terminal, 80 columns if unknown",
    async (name) => {
      const { spec: own } = (await commands.find((entry) => entry.name === name)?.load()) ?? {};
      if (own === undefined) throw new Error(`no command ${name}`);
      expect(own.name).toBe(name);
      for (const flag of Object.keys(own.flags)) expect(flag).toMatch(/^[a-z][a-z0-9-]*$/);
      const { commandHelp } = await import("../../src/cli/help.ts");
      for (const columns of [undefined, 60, 200]) {
        const lines = (await commandHelp(own, columns)).split("\n");
        expect(lines[0]).toContain(`vodup ${name}`);
        // What is to be copied stays in one piece, and a word that is longer than the line cannot be broken.
        const breakable = lines.filter((line) => !/^  \S/.test(line) && /\S \S/.test(line));
        expect(breakable.filter((line) => line.length > Math.min(columns ?? 80, 100))).toEqual([]);
      }
      const lines = (await commandHelp(own)).split("\n");
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      for (const [flag, { summary }] of Object.entries<{ summary: string }>(own.flags)) {
        expect(lines.join("\n")).toMatch(new RegExp(`^  --${flag}(?: |$)`, "m"));
        expect(lines.join("").replaceAll(/\s+/g, "")).toContain(summary.replaceAll(/\s+/g, ""));
      }
    },
  );

  test.each(commands.map(({ name }) => name))("the help of %s has two to four examples that parse", async (name) => {
    const { spec: own } = (await commands.find((entry) => entry.name === name)?.load()) ?? {};
    const { examples } = await import("../../src/cli/examples.ts");
    const shown = examples[name] ?? [];
    expect(shown.length).toBeGreaterThanOrEqual(2);
    expect(shown.length).toBeLessThanOrEqual(4);
    for (const [, line] of shown) {
      const call = shellCommands(line)
        .map(({ words }) => words)
        .find(([program]) => program === "vodup");
      const words = name.split(" ");
      expect(call?.slice(1, 1 + words.length), line).toEqual(words);
      expect(() => own && parseArguments(own, call?.slice(1 + words.length) ?? [])).not.toThrow();
    }
  });

  test("the exit codes stand in one place", async () => {
    expect((await runCli(["--help"])).stdout).toContain("Exit codes:");
    expect((await runCli(["upload", "--help"])).stdout).toContain('Exit codes: "vodup --help".');
  });

  test("--help names every variable that is read, and the credentials file", async () => {
    const { stdout } = await runCli(["--help"]);
    const source = readFileSync(join(root, "src/cli/settings/settle.ts"), "utf8");
    const named = [...source.matchAll(/"((?:VODUP|TENCENTCLOUD)_[A-Z_]+)"/g)].map(([, name]) => name ?? "");
    expect(named.length).toBeGreaterThan(3);
    const others = ["SECRET_ID", "SECRET_KEY", "SESSION_TOKEN", "TOKEN"].map((name) => `TENCENTCLOUD_${name}`);
    const words = new Set(stdout.split(/[\s,;.()]+/));
    for (const name of [...named, ...others, "VODUP_DEBUG", "VODUP_PROFILE", "HTTPS_PROXY", "NO_PROXY"])
      expect(words).toContain(name);
    expect(stdout).toContain("~/.tencentcloud/credentials");
  });

  test("upload --help says what needs one source, what is kept, and how its JSON ends", async () => {
    const { stdout } = await runCli(["upload", "--help"]);
    expect(stdout).toContain("--checkpoint, --media-name, --cover and - need exactly one source.");
    expect(stdout.replaceAll("\n", " ")).toMatch(/after exit codes 5, 130 and 143, and removed after 1, 3, 4 and 6\./);
    const fields = "source fileId mediaUrl coverUrl bytes parts retries crc64 verified resumedParts";
    const shown = stdout.replaceAll(/\n/g, "");
    expect(shown).toContain(`{"type":"result",${fields.replaceAll(/\w+/g, '"$&"').replaceAll(" ", ",")}}`);
  });

  test("a command's help and a group's go to stdout", async () => {
    expect(await runCli(["upload", "--help"])).toMatchObject({ code: 0, stderr: "" });
    expect((await runCli(["help", "uploads"])).stdout).toContain("uploads resume");
  });
});
