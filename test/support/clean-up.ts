import { afterAll, afterEach } from "vitest";
import { endFile, endTest } from "./at-end.ts";

// A setup file, run for every test file: hooks of a module that several files of a worker share would hang on the first.
afterEach(endTest);
afterAll(endFile);
