import { afterAll, afterEach } from "vitest";
import { endFile, endTest } from "./at-end.ts";
import { failOnWarning } from "./warnings.ts";

// Once a process: several files may share it.
const watched = Symbol.for("vodup.test.warnings");
if (!Object.hasOwn(process, watched)) {
  Object.defineProperty(process, watched, { value: true });
  process.on("warning", failOnWarning);
}

// A setup file, run for every test file: hooks of a module that several files of a worker share would hang on the first.
afterEach(endTest);
afterAll(endFile);
