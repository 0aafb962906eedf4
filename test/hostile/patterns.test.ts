import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/*
 * Every pattern of the package, whatever it is given today: one that takes more than linear time over blanks, brackets
 * or the like stops the process for minutes once a server's text or a file reaches it.
 */

const folder = join(import.meta.dirname, "../../src");
const literal =
  /(?<=[(,=:?&|![{;>]\s{0,9}|\breturn )\/(?![*/])((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)/g;
const comment = /^\s*(?:\/\/|\*|\/\*).*$/gm;

function patterns(): [name: string, pattern: RegExp][] {
  const found = new Map<string, RegExp>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    for (const [shown, source = "", flags = ""] of readFileSync(join(folder, name), "utf8")
      .replaceAll(comment, "")
      .matchAll(literal)) {
      // A sticky one is only ever tried at one place.
      const wanted = flags.includes("y") ? flags : `${flags.replace("g", "")}g`;
      found.set(`${name} ${shown}`, new RegExp(source, wanted));
    }
  }
  return [...found];
}

const units = [" ", "<", "\r\n", "&", '"', "%", "a", "0", "/", ".", "=", "a=", "a ", "#", "\\", ";", ",", "-", ":"];
const heads = ["", "[", "a", "<a", '"', "a=", "bytes ", "//", "&#", "0"];

function time(pattern: RegExp, text: string): number {
  pattern.lastIndex = 0;
  const begun = performance.now();
  if (pattern.sticky) pattern.exec(text);
  else text.replaceAll(pattern, "");
  return performance.now() - begun;
}

/** Whether four times as much text takes much more than four times as long, where that can be measured at all. */
function growsFaster(pattern: RegExp, make: (length: number) => string, length: number): boolean {
  const [short, long] = [make(length), make(4 * length)];
  for (let tried = 0; tried < 4; tried += 1) {
    const took = time(pattern, long);
    if (took < 1 || took < 8 * Math.max(time(pattern, short), time(pattern, short))) return false;
  }
  return true;
}

function worst(pattern: RegExp): string | undefined {
  // From short to long: what is worse than quadratic would not come back from a long one.
  for (const length of [64, 1_024]) {
    for (const head of heads) {
      for (const unit of units) {
        for (const tail of ["", "\u0001"]) {
          const make = (size: number): string => head + unit.repeat(size / unit.length) + tail;
          if (growsFaster(pattern, make, length)) return JSON.stringify(`${head}${unit}…${tail}`);
        }
      }
    }
  }
  return undefined;
}

test("the search for patterns finds them, and the measure tells linear ones from others", () => {
  expect(patterns().length).toBeGreaterThan(300);
  expect([/(?:^|\s+)#/g, /\/\/.*@/gs, /^\[\s*([^\]]*?)\s*\]$/g].map(worst)).not.toContain(undefined);
  expect([/\s*$/y, /[^<]+/g, /^\d+$/g].map(worst)).toEqual([undefined, undefined, undefined]);
});

test("no pattern takes more than linear time", () => {
  expect(patterns().flatMap(([name, pattern]) => worst(pattern)?.concat(" ", name) ?? [])).toEqual([]);
});
