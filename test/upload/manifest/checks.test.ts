import { expect, test } from "vitest";
import { circleOf, differenceOf } from "../../../src/upload/manifest/checks.ts";

const graph = (edges: Readonly<Record<string, readonly string[]>>): Map<string, Set<string>> =>
  new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));

test.each<[string, Readonly<Record<string, readonly string[]>>, string[]]>([
  ["a tree", { a: ["b", "c"], b: ["d"], c: ["d"], d: [] }, []],
  ["one that names itself", { a: ["a"] }, ["a"]],
  ["two that name each other, and what hangs on them", { a: ["b"], b: ["c"], c: ["b", "d"], d: [] }, ["b", "c"]],
  ["names of no manifest", { a: ["x.ts", "b"], b: ["y.ts"] }, []],
])("%s has this circle", (_, edges, circle) => {
  expect(circleOf(graph(edges)).toSorted()).toEqual(circle);
});

const local = (needs: readonly string[], optional: readonly string[] = []) => ({
  needs: new Set(needs),
  mentions: new Set([...needs, ...optional]),
});

test("lists that are alike need no word, nor do those that differ in what is optional", () => {
  expect(differenceOf(local(["a.ts", "b.ts"]), new Set(["b.ts", "a.ts"]))).toBeUndefined();
  expect(differenceOf(local(["a.ts"], ["i.ts"]), new Set(["a.ts", "i.ts"]))).toBeUndefined();
  expect(differenceOf(local(["a.ts"], ["i.ts"]), new Set(["a.ts"]))).toBeUndefined();
});

test("lists that differ are told from both sides, five names of each at most", () => {
  const many = Array.from({ length: 8 }, (_, index) => `${index}.ts`);
  const both = differenceOf(local(["a.ts"]), new Set(["b.ts"]));
  expect(both).toBe('only the service names "b.ts", only the local reader names "a.ts"; all of them are uploaded');
  expect(differenceOf(local(many), new Set())).toContain('"4.ts" and 3 more');
  expect(differenceOf(local([]), new Set(many))).toContain('"4.ts" and 3 more');
});
