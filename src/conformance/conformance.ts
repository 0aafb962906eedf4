import type { Profile, Scenario } from "./scenario.ts";
import { runScenario, type ScenarioResult } from "./run-scenario.ts";

/** What is judged, and how it went so far. */
export interface ConformanceReport {
  readonly profile: Profile;
  readonly command: readonly string[];
  readonly results: readonly ScenarioResult[];
}

export interface ConformanceTask {
  readonly profile: Profile;
  readonly command: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly signal?: AbortSignal | undefined;
  /** Called as each scenario ends. */
  readonly onResult?: ((result: ScenarioResult) => Promise<void> | void) | undefined;
}

/** Runs the scenarios one after another: a command may keep things where two of it would meet. */
export async function runConformance(task: ConformanceTask): Promise<ConformanceReport> {
  const { profile, command, scenarios, signal } = task;
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    signal?.throwIfAborted();
    const result = await runScenario({ command, scenario, signal });
    signal?.throwIfAborted();
    results.push(result);
    await task.onResult?.(result);
  }
  return { profile, command, results };
}
