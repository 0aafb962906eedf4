import type { Finding } from "./finding.ts";

/**
 * `pass`; `remarks`: passed, and something could be better (SHOULD); `fail`; `not judged`: the command stopped before
 * the condition of the scenario arose, or this machine cannot make it.
 */
export type Verdict = "pass" | "remarks" | "fail" | "not judged";

/** @param unseen why the condition of the scenario was not met, where it was not */
export function verdictOf(findings: readonly Finding[], unseen: string | undefined): Verdict {
  if (findings.some(({ level }) => level === "must")) return "fail";
  if (unseen !== undefined) return "not judged";
  return findings.length === 0 ? "pass" : "remarks";
}

/** Whether nothing speaks against the command. */
export const isGood = (verdict: Verdict): boolean => verdict === "pass" || verdict === "remarks";

type Judged = readonly { readonly verdict: Verdict }[];

/** How many scenarios ended with each verdict. */
export function countsOf(results: Judged): Readonly<Record<Verdict, number>> {
  const counts = { pass: 0, remarks: 0, fail: 0, "not judged": 0 };
  for (const { verdict } of results) counts[verdict] += 1;
  return counts;
}

/** The verdict on all: nothing failed, and something was judged. */
export function isPassed(results: Judged): boolean {
  const { pass, remarks, fail } = countsOf(results);
  return fail === 0 && pass + remarks > 0;
}
