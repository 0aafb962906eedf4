import { describe, expect, test } from "vitest";
import { AlternateOrigins } from "../../src/http/alternate-origins.ts";

const first = "https://first.example";
const second = "https://second.example";

function pair(): { next: () => ReturnType<AlternateOrigins["route"]>; pass: (ms: number) => void } {
  let now = 1_000;
  const origins = new AlternateOrigins(() => now);
  return { next: () => origins.route(first, second), pass: (ms) => (now += ms) };
}

describe("of two origins", () => {
  test("the first one is used, and one request without an answer changes nothing", () => {
    const { next } = pair();
    expect(next().origin).toBe(first);
    next().unanswered();
    expect(next().origin).toBe(first);
    next().answered();
    next().unanswered();
    expect(next().origin).toBe(first);
  });

  test("the second one is used after two requests in a row without an answer, and the first one again after two more", () => {
    const { next } = pair();
    next().unanswered();
    next().unanswered();
    expect(next().origin).toBe(second);
    next().unanswered();
    expect(next().origin).toBe(second);
    next().unanswered();
    expect(next().origin).toBe(first);
  });

  test("requests that were in flight together and fail together count as one", () => {
    const { next } = pair();
    const together = Array.from({ length: 8 }, next);
    for (const route of together) route.unanswered();
    expect(next().origin).toBe(first);
    const again = Array.from({ length: 8 }, next);
    for (const route of again) route.unanswered();
    expect(next().origin).toBe(second);
  });

  test("what comes late of the one that was left says nothing of the other", () => {
    const { next } = pair();
    const late = Array.from({ length: 4 }, next);
    next().unanswered();
    next().unanswered();
    for (const route of late) route.unanswered();
    late[0]?.answered();
    expect(next().origin).toBe(second);
  });

  test("one that redirects is left at once, and not gone back to while it does", () => {
    const { next } = pair();
    expect(next().redirected()).toBe(true);
    expect(next().origin).toBe(second);
    expect(next().redirected()).toBe(false);
    expect(next().origin).toBe(second);
  });

  test("many redirects at once lead to the other and not back", () => {
    const { next } = pair();
    const together = [next(), next(), next()];
    expect(together.map((route) => route.redirected())).toEqual([true, true, true]);
    expect(next().origin).toBe(second);
  });

  test("one that redirected and then answered may be left for again", () => {
    const { next } = pair();
    const slow = next();
    next().redirected();
    slow.answered();
    expect(next().redirected()).toBe(true);
    expect(next().origin).toBe(first);
  });

  test("the first one is tried again after five minutes", () => {
    const { next, pass } = pair();
    next().redirected();
    pass(299_999);
    expect(next().origin).toBe(second);
    pass(1);
    expect(next().origin).toBe(first);
    expect(next().redirected()).toBe(true);
  });
});

test("an origin without another one stays", () => {
  const origins = new AlternateOrigins();
  for (let n = 0; n < 5; n += 1) origins.route(first, undefined).unanswered();
  const route = origins.route(first, undefined);
  expect(route.redirected()).toBe(false);
  route.answered();
  expect(origins.route(first, undefined).origin).toBe(first);
});

test("each pair is known for itself", () => {
  const origins = new AlternateOrigins();
  origins.route(first, second).redirected();
  expect(origins.route("https://third.example", second).origin).toBe("https://third.example");
});
