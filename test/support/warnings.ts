import { expect } from "vitest";

/**
 * Warnings that are meant to be given: vodup's own, by which it says what nobody listens for, and Node's of what a test
 * uses on purpose. Any other (a leak of listeners, a deprecation) is a fault of vodup's or of the test.
 */
const expected = /^(?:Vodup\w*|ExperimentalWarning)$/;

/** What Node has written to a program's stderr, if that is a warning nobody expects. */
export function unexpectedWarning(stderr: string): string | undefined {
  for (const [line, name = ""] of stderr.matchAll(/^\(node:\d+\) (?:\[\w+\] )?(\w*Warning): .*$/gm)) {
    if (!expected.test(name)) return line;
  }
  return undefined;
}

/** Fails the run by an unhandled error that names the test, however late the warning comes. */
export function failOnWarning(warning: Error): void {
  if (expected.test(warning.name)) return;
  const { testPath = "no file", currentTestName = "no test" } = expect.getState();
  const message = `an unexpected process warning during ${testPath} > ${currentTestName}: ${warning.name}: ${warning.message}`;
  void Promise.reject(new Error(message, { cause: warning }));
}
