import { applyFields, commitOrder, sameSubApp } from "./checks/commit.ts";
import { completeForm, partForm, sentInParts } from "./checks/multipart.ts";
import { endedRightly, mediaIsTheFile, nothingLeftOpen, ranToItsEnd } from "./checks/outcome.ts";
import { redirectsFollowed } from "./checks/redirects.ts";
import { refusedRequests, wrongSignatures } from "./checks/refusals.ts";
import { secretsKept } from "./checks/secrets.ts";
import { actionSigned, requestForm, signatureForm } from "./checks/signing.ts";
import { gathered, type Finding } from "./finding.ts";
import type { Check, Evidence } from "./scenario.ts";
import { conditionArose } from "./condition.ts";

/** The checks of every scenario, in this order: what was done on the wire explains how the command ended. */
const checks = {
  first: [redirectsFollowed, wrongSignatures],
  // What was refused comes after what can be said more exactly of the same request.
  wire: [commitOrder, sameSubApp, requestForm, completeForm, partForm, applyFields, refusedRequests, signatureForm],
  end: [mediaIsTheFile, secretsKept, ranToItsEnd, sentInParts, endedRightly, nothingLeftOpen],
  // What is only a remark comes last: the checks above take any finding for the reason of a failure.
  last: [actionSigned],
} as const satisfies Readonly<Record<string, readonly Check[]>>;

/** All checks over what was seen. */
export function judge(evidence: Evidence): Finding[] {
  const own = evidence.scenario.checks ?? [];
  const all: readonly Check[] = [...checks.first, ...own, ...checks.wire, ...checks.end, ...checks.last];
  const found = all.reduce<Finding[]>((earlier, check) => [...earlier, ...check(evidence, earlier)], []);
  return gathered(found);
}

/** Why nothing can be said of the scenario, though nothing speaks against the command. */
export function whyNotJudged(evidence: Evidence): string | undefined {
  const run = evidence.runs.at(-1);
  if (run?.killed === "timeout") return "the scenario withheld an answer until the time was over";
  if (evidence.scenario.outcome === "success" || run?.exitCode === 0 || conditionArose(evidence)) return undefined;
  return evidence.requests.length === 0
    ? "the command failed without having sent a request"
    : "the command failed before the condition arose";
}
