import { expect, test } from "vitest";
import { shellCommands } from "./support/shell-words.ts";

/** What the checks of the pages rely on: a command that is not seen is not checked. */
test.each<[string, string[][]]>([
  ["a b  c", [["a", "b", "c"]]],
  ["a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]],
  ["A=1 B='2 3' a b=c", [["a", "b=c"]]],
  ["export A=1 # and why\n# nothing\na", [["export", "A=1"], ["a"]]],
  ["a \\\n  --b c\nd", [["a", "--b", "c"], ["d"]]],
  ["a | b && c || d; e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]],
  ["a > b 2>/dev/null c 2>&1 < d", [["a", "c"]]],
  ['id=$(a b | c) && d "$id"', [["a", "b"], ["c"], ["d", "$id"]]],
  [
    'd "$(a --b)" e',
    [
      ["a", "--b"],
      ["d", "$(a --b)", "e"],
    ],
  ],
  ["if a; then b; else c; fi", [["a"], ["b"], ["c"]]],
  ["until a; do b; done", [["a"], ["b"]]],
  ['a --b="c # d" e#f', [["a", "--b=c # d", "e#f"]]],
])("%j", (script, commands) => {
  expect(shellCommands(script).map(({ words }) => words)).toEqual(commands);
});

test("knows the line a command begins at", () => {
  expect(shellCommands("# one\na \\\n b\n\nc 'x\ny'\nd").map(({ line }) => line)).toEqual([2, 5, 7]);
});
