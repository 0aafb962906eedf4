import type { Profile, Scenario } from "./scenario.ts";
import { runScenario, type ScenarioResult } from "./run-scenario.ts";

/** What is judged, and how it went so far. */
export interface ConformanceReport {
  readonly profile: Profile;
  readonly command: readonly string[];
  /** Of keys, identifiers and file contents: the same one makes the same run. */
  readonly seed: number;
  readonly results: readonly ScenarioResult[];
}

export interface ConformanceTask {
  readonly profile: Profile;
  readonly command: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  /** Called as each scenario ends. */
  readonly onResult?: ((result: ScenarioResult) => Promise<void> | void) | undefined;
  /** Called with each exchange of a scenario as text, by the name of its file. */
  readonly onTranscript?: ((scenario: string, files: ReadonlyMap<string, string>) => Promise<void>) | undefined;
}

/** Runs the scenarios one after another: a command may keep things where two of it would meet. */
export async function runConformance(task: ConformanceTask): Promise<ConformanceReport> {
  const { profile, command, scenarios, seed, signal, onTranscript } = task;
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    signal?.throwIfAborted();
    const result = await runScenario({
      command,
      scenario,
      signal,
      seed,
      onTranscript: onTranscript && ((files) => onTranscript(scenario.name, files)),
    });
    signal?.throwIfAborted();
    results.push(result);
    await task.onResult?.(result);
  }
  return { profile, command, seed, results };
}
