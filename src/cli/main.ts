#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Terminal } from "./terminal.ts";

const argv = process.argv.slice(2);

// Answered before anything is loaded: `vodup --version` is what scripts call to see whether vodup is there.
if (argv.length === 1 && ["--version", "-v", "-V", "version"].includes(argv[0] ?? "")) {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const terminal = new Terminal(process.stdout, process.stderr);
  void terminal
    .print((JSON.parse(manifest) as { version: string }).version)
    .then(() => (process.exitCode = terminal.exitCode(0)));
} else {
  // Until a command has said how it ended it has not ended well, also where Node finds nothing left to wait for.
  process.exitCode = 13;
  void runCommand();
}

async function runCommand(): Promise<void> {
  const { keepCompiled } = await import("./compile-cache.ts");
  keepCompiled(process.env);
  const { runCommandLine } = await import("./run.ts");
  // Set, never process.exit(): what is written to a pipe may still be on its way.
  const code = await runCommandLine(argv);
  process.exitCode = code;
  const { leaveHanging } = await import("./leave.ts");
  await leaveHanging(code);
}
