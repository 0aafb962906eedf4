import type { ConformanceReport } from "./conformance.ts";
import type { Finding } from "./finding.ts";
import type { ScenarioResult } from "./run-scenario.ts";
import { countsOf, isGood, isPassed, type Verdict } from "./verdict.ts";

/** The report for programs (fixtures/schema/conformance-report.schema.json). Members are added, never changed. */
export interface Report {
  readonly format: 1;
  readonly profile: string;
  readonly command: readonly string[];
  readonly seed: number;
  readonly passed: boolean;
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly scenarios: readonly ReportedScenario[];
}

export interface ReportedScenario {
  readonly name: string;
  readonly family: string;
  readonly profile: string;
  readonly summary: string;
  /** As in `wire §5.1`. */
  readonly rules: readonly string[];
  readonly verdict: Verdict;
  readonly reason?: string | undefined;
  readonly passed: boolean;
  readonly durationMs: number;
  readonly exitCode: number | null;
  readonly failures: readonly ReportedFinding[];
  readonly remarks: readonly ReportedFinding[];
  readonly stderr?: string | undefined;
}

/** As {@link Finding}, its rule as in `wire §5.1`. */
export type ReportedFinding = Omit<Finding, "rule"> & { readonly rule: string };

export function reportOf(report: ConformanceReport): Report {
  const { profile, command, seed, results } = report;
  const scenarios = results.map(reportedScenario);
  return { format: 1, profile, command, seed, passed: isPassed(results), counts: countsOf(results), scenarios };
}

function reportedScenario(result: ScenarioResult): ReportedScenario {
  const { scenario, verdict, reason, durationMs, exitCode, findings, remarks, stderr } = result;
  return {
    name: scenario.name,
    family: scenario.family,
    profile: scenario.profile,
    summary: scenario.summary,
    rules: scenario.rules.map(cited),
    verdict,
    reason: verdict === "not judged" ? reason : undefined,
    passed: isGood(verdict),
    durationMs: Math.round(durationMs),
    exitCode,
    failures: findings.map(reportedFinding),
    remarks: remarks.map(reportedFinding),
    stderr: verdict === "pass" ? undefined : stderr,
  };
}

const cited = (rule: string): string => `wire §${rule}`;

const reportedFinding = ({ rule, ...finding }: Finding): ReportedFinding => ({ rule: cited(rule), ...finding });
