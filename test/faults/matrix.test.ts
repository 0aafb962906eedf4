import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ending, FaultKind, Operation } from "./support/faults.ts";
import type { Samples, Scenario, SourceKind } from "./support/scenarios.ts";
import type { Outcome } from "./support/trial.ts";
import { VodupError } from "../../src/index.ts";
import { faultsOf, operations } from "./support/faults.ts";
import { makeSamples, scenariosOf, sourceKinds } from "./support/scenarios.ts";
import { ending, onTrial, outage, rule } from "./support/trial.ts";

let samples: Samples;
let cases = 0;
const stray: unknown[] = [];
const note = (reason: unknown): unknown => stray.push(reason);

beforeAll(async () => {
  process.on("unhandledRejection", note);
  samples = await makeSamples();
});

afterAll(async () => {
  process.off("unhandledRejection", note);
  await samples.remove();
  console.log(`fault matrix: ${cases} cases`);
  expect(stray).toEqual([]);
});

const scenarios = scenariosOf(() => samples);

/** First, middle, last, each once; and every time. */
function positions(requests: number): readonly ("always" | number)[] {
  return [...new Set([1, Math.ceil(requests / 2), requests]), "always"];
}

function judge(wanted: Ending, outcome: Outcome, done: boolean): string[] {
  if (wanted === "either" || (wanted === "done" && done)) return [];
  const { error } = outcome;
  if (wanted !== "done" && error instanceof VodupError && error.code === wanted.fails) return [];
  return [`should be ${JSON.stringify(wanted)}, ended with ${ending(outcome)}`];
}

/** For requests that nobody answers: each is waited for so long. */
const impatient = { headersMs: 400, bodyMs: 400, completeMs: 400 };

async function strike(
  operation: Operation,
  kind: FaultKind,
  position: "always" | number,
  source: SourceKind,
): Promise<string[]> {
  const scenario = scenarios[operation];
  const times = position === "always" ? "always" : "once";
  const wanted = kind.but?.[operation]?.[times] ?? kind[times];
  const fault = rule(operation, kind.fault(operation), position === "always" ? {} : { nth: position });
  cases += 1;
  const client = fault.fault.kind === "hang" ? { limits: impatient } : {};
  const problems = await onTrial({ client }, async (trial) => {
    const { problems: found, outcome, done } = await scenario.run(trial, [fault], source);
    const struck = trial.emulator.requests().some((one) => one.operation === operation && one.fault !== undefined);
    return [...found, ...judge(wanted, outcome, done), ...(struck ? [] : ["the fault never struck"])];
  });
  return problems.map((problem) => `${position} of ${scenario.requests}, from ${source}: ${problem}`);
}

describe.concurrent.each(operations)("%s", (operation) => {
  test.each(faultsOf(operation))("$name", async (kind) => {
    const turn = faultsOf(operation).indexOf(kind);
    const places = positions(scenarios[operation].requests);
    const source = (index: number): SourceKind => sourceKinds[(turn + index) % sourceKinds.length] ?? "file";
    const problems = await Promise.all(places.map((place, index) => strike(operation, kind, place, source(index))));
    expect(problems.flat()).toEqual([]);
  });

  test("the server is gone when it is asked for, and comes back", async () => {
    cases += 1;
    const patient = { retry: { baseDelayMs: 100, throttleDelayMs: 100, maxDelayMs: 400, attempts: 12 } };
    const problems = await onTrial({ client: patient }, async (trial) => {
      const over = new AbortController();
      const hang = rule(operation, { kind: "hang" }, { nth: 1 });
      const gone = outage(trial.emulator, operation, 1, 150, over.signal);
      const found = await runOffline(scenarios[operation], trial, hang);
      over.abort();
      await gone;
      return found;
    });
    expect(problems).toEqual([]);
  });

  test.each([1, -1])("the server's clock jumps by %i h before it", async (hours) => {
    cases += 1;
    let asked = (): number => 0;
    const clock = (): number => Date.now() + (asked() > 0 ? hours * 3_600_000 : 0);
    // The request that is struck is refused by the clock as it was; from then on the clock is another.
    const early = rule(operation, { kind: "clock-skew", ms: hours * 3_600_000 }, { nth: 1 });
    const problems = await onTrial({ emulator: { clock } }, async (trial) => {
      asked = () => trial.count(operation);
      const { problems: found, outcome, done } = await scenarios[operation].run(trial, [early], "file");
      return [...found, ...judge("done", outcome, done)];
    });
    expect(problems).toEqual([]);
  });
});

async function runOffline(
  scenario: Scenario,
  trial: Parameters<Scenario["run"]>[0],
  hang: ReturnType<typeof rule>,
): Promise<string[]> {
  const { problems, outcome, done } = await scenario.run(trial, [hang], "file");
  return [...problems, ...judge("done", outcome, done)];
}
