import { expect, test } from "vitest";
import { scenariosOf } from "../../src/conformance/scenarios/all.ts";
import { readPage } from "../support/markdown.ts";

const { text } = await readPage("docs/porting.md");
const between = (from: string, to: string): string => text.slice(text.indexOf(from), text.indexOf(to));

test("each scenario belongs to one hour", () => {
  const named = [...between("## Hour by hour", "## When a vector differs").matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)*)`/g)]
    .map(([, name]) => name)
    .filter((name) => name !== "enc");
  expect(named.toSorted()).toEqual(
    scenariosOf("full")
      .map(({ name }) => name)
      .toSorted(),
  );
});

test("each section that it cites is one of wire.md", async () => {
  const wire = (await readPage("docs/wire.md")).text;
  const cited = new Set([...text.matchAll(/§(\d+(?:\.\d+)*)/g)].map(([, number = ""]) => number));
  expect(cited.size).toBeGreaterThan(40);
  for (const number of cited) {
    const heading = number.includes(".") ? `\n${number} ` : `\n## ${number} `;
    expect(wire, number).toContain(heading);
  }
});
