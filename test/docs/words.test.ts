import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { commandHelp, overview } from "../../src/cli/help.ts";
import { readPage, root } from "../support/markdown.ts";

/** Words that only a dialect has, with what a stranger would say. */
const avoided: readonly (readonly [RegExp, string])[] = [
  [/\bmend(?:s|ed|ing)?\b/i, "fix"],
  [/\b(?:afresh|anew)\b/i, "again, from scratch"],
  [/(?<!there )\b(?:is|are|be) no [a-z]/i, "is not a"],
  [/\bfor ever\b/i, "forever, or the consequence"],
  [/\bgo(?:es)? on\b/i, "resume, continue"],
  [/\b(?:tells?|told|telling)\b/i, "report, show"],
  [/\b(?:whoever|whence|thereof)\b/i, "anybody who, from where, of it"],
  [/\b(?:so|as) many\b(?! (?:as|at|of)\b)/i, "the number"],
  [/\b(?:keeps?|kept) back\b/i, "discard, withhold"],
  [/\bwhat became of\b/i, "the result"],
];

/** In comments these are everyday words. */
const fineInComments = /no \[a-z\]|go\(|tells/;

function complaints(text: string, words = avoided): string[] {
  return words.flatMap(([word, better]) => {
    const found = word.exec(text)?.[0];
    return found === undefined ? [] : [`"${found}" in "${text.slice(0, 100)}": ${better}`];
  });
}

/** The texts of a source file with words in them; code inside of templates and comments are none. */
function textsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
  return [...code.matchAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g)]
    .map(([text]) => text.replaceAll(/\$\{[^}]*\}/g, "…").slice(1, -1))
    .filter((text) => /[a-z] [a-z]/i.test(text));
}

describe("plain English", () => {
  test("in every help text", async () => {
    const texts = await Promise.all(commands.map(async ({ load }) => commandHelp((await load()).spec)));
    expect(
      [overview(commands), ...texts].flatMap((text) => text.split("\n")).flatMap((text) => complaints(text)),
    ).toEqual([]);
  });

  test("in every message of the sources", async () => {
    const src = join(root, "src");
    const names = (await readdir(src, { recursive: true })).filter((name) => name.endsWith(".ts"));
    const wrong: string[] = [];
    let count = 0;
    for (const name of names) {
      const texts = textsOf(await readFile(join(src, name), "utf8"));
      count += texts.length;
      wrong.push(...texts.flatMap((text) => complaints(text)).map((why) => `${name}: ${why}`));
    }
    expect(count).toBeGreaterThan(1000);
    expect(wrong).toEqual([]);
  });

  test("in every page", async () => {
    const docs = (await readdir(join(root, "docs"), { recursive: true })).map((name) => `docs/${name}`);
    const others = [
      "README.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      "integrations/bullmq/README.md",
      "examples/README.md",
    ];
    const names = [...docs.filter((name) => /^docs\/(?:decisions\/)?[\w.-]+\.md$/.test(name)), ...others];
    expect(names.length).toBeGreaterThan(50);
    const pages = await Promise.all(names.map((name) => readPage(name)));
    const wrong = pages.flatMap(({ path, prose }) => {
      const sentences = prose.split(/(?<=[.:;|])\s/);
      return sentences.flatMap((text) => complaints(text)).map((why) => `${path}: ${why}`);
    });
    expect(wrong).toEqual([]);
  });

  test("in every comment of the sources", async () => {
    const src = join(root, "src");
    const names = (await readdir(src, { recursive: true })).filter((name) => name.endsWith(".ts"));
    const words = avoided.filter(([word]) => !fineInComments.test(word.source));
    const wrong: string[] = [];
    for (const name of names) {
      const source = await readFile(join(src, name), "utf8");
      const comments = [...source.matchAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm)].map(([text]) => text);
      wrong.push(...comments.flatMap((text) => complaints(text, words)).map((why) => `${name}: ${why}`));
    }
    expect(wrong).toEqual([]);
  });

  test("is what the test looks for", () => {
    const source = `/* mend it */ // go on\nconst a = "run again to go on"; const b = \`\${told.length} is no file\`;`;
    expect(textsOf(source)).toEqual(["run again to go on", "… is no file"]);
    expect(textsOf(source).flatMap((text) => complaints(text))).toHaveLength(2);
  });
});
