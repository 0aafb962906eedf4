import { expect, test } from "vitest";
import { reasonOf } from "../src/reason-of.ts";

const evil = new Proxy(new Error("x"), {
  get: () => {
    throw new Error("a getter's");
  },
});
const several = new AggregateError([
  new Error("connect ECONNREFUSED ::1:80"),
  new Error("connect ECONNREFUSED 127.0.0.1:80"),
]);

const inItself = new AggregateError([new Error("a")], "");
inItself.errors.push(inItself);

test.each<[string, unknown, string]>([
  ["one inside itself", inItself, "a; a; AggregateError"],
  ["an error", new Error("no"), "no"],
  ["one without a message", new TypeError(""), "TypeError"],
  ["several in one without a message", several, "connect ECONNREFUSED ::1:80; connect ECONNREFUSED 127.0.0.1:80"],
  ["none in one", new AggregateError([]), "AggregateError"],
  ["several in one that says so", new AggregateError([new Error("a")], "both failed"), "both failed"],
  ["a number", 7, "7"],
  ["nothing", undefined, "undefined"],
  ["an object that is no text", Object.create(null), "something was thrown that cannot be shown"],
  ["one that throws when it is asked", evil, "something was thrown that cannot be shown"],
  ["one inside another", new AggregateError([evil]), "something was thrown that cannot be shown"],
])("%s", (_, thrown, expected) => {
  expect(reasonOf(thrown)).toBe(expected);
});
