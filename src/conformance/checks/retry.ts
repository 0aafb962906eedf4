import type { LoggedRequest } from "../../emulator/index.ts";
import { finding, type Finding, type Rule } from "../finding.ts";
import { requestsOf, signatureFields, type Check, type Evidence } from "../scenario.ts";

/** Timers may fire a little early, and clocks are read at two places. */
const toleranceMs = 50;

const isSame = (a: LoggedRequest, b: LoggedRequest): boolean =>
  a.operation === b.operation && a.path === b.path && a.partNumber === b.partNumber;

/** The next request that asks for the same. */
function repetition(evidence: Evidence, request: LoggedRequest): LoggedRequest | undefined {
  return evidence.requests.find((later) => later.id > request.id && isSame(later, request));
}

const gap = (from: LoggedRequest, to: LoggedRequest): number => to.time - from.time - (from.durationMs ?? 0);

const faulty = (evidence: Evidence): LoggedRequest[] => evidence.requests.filter(({ fault }) => fault !== undefined);

/** What failed once has come again: a failure that passes is no reason to give up. */
export const repeated: Check = repeatedAs("11.1");

/** The same, where the kind of failure has a rule of its own. */
export function repeatedAs(rule: Rule): Check {
  return (evidence) =>
    faulty(evidence)
      .filter((request) => repetition(evidence, request) === undefined)
      .map((request) => {
        const { status } = request;
        const what = status === 0 ? "a lost connection" : status === 200 ? "an error that passes" : `status ${status}`;
        return finding(rule, `${request.operation} was not sent again after ${what}`, request);
      });
}

/** What the API refuses has status 200 as well: the body says so. */
export const errorRead: Check = (evidence) => {
  const commits = requestsOf(evidence, "CommitUpload");
  if (evidence.runs.at(-1)?.exitCode !== 0 || commits.length === 0 || evidence.media.length > 0) return [];
  return [finding("3.4", "exit code 0, although CommitUpload answered an error, with status 200", commits.at(-1))];
};

/** What somebody else answered was believed: nothing of COS's came back, and the upload went on. */
export const answeredByCos: Check = (evidence) => {
  const [commit] = requestsOf(evidence, "CommitUpload");
  if (commit === undefined) return [];
  return faulty(evidence)
    .filter((request) => repetition(evidence, request) === undefined)
    .map((request) => {
      const message = `${request.operation} was answered 200 without x-cos-request-id, and that was taken for COS's answer`;
      return finding("6.10", message, request);
    });
};

/** `Retry-After` is a lower bound of the pause. */
export function waited(seconds: number): Check {
  return (evidence) =>
    faulty(evidence).flatMap((request): Finding[] => {
      const again = repetition(evidence, request);
      if (again === undefined || gap(request, again) >= seconds * 1000 - toleranceMs) return [];
      const message = `${request.operation} came again after ${gap(request, again).toFixed(0)} ms: Retry-After asked for ${seconds} s`;
      return [finding("11.5", message, again)];
    });
}

/** When a request says it was signed. */
const signedAt = (request: LoggedRequest): string =>
  request.api === "vod"
    ? (request.headers["x-tc-timestamp"] ?? "")
    : (signatureFields(request).get("q-sign-time") ?? "");

/**
 * An attempt that comes later carries another time. On a busy machine a request may arrive long after it was signed, so
 * two times that are the same say something only where the pause between, which the service asked for, was longer.
 * @param seconds of the `Retry-After` that every fault of the scenario has
 */
export function signedAnew(seconds: number): Check {
  return (evidence) =>
    faulty(evidence).flatMap((request): Finding[] => {
      const again = repetition(evidence, request);
      if (again === undefined || gap(request, again) < seconds * 1000 - toleranceMs) return [];
      if (signedAt(again) !== signedAt(request)) return [];
      return [finding("11.8", `${again.operation} was sent again with the signature of an earlier attempt`, again)];
    });
}
/** What three pauses together have at least, milliseconds, and what a slow machine may make of that. */
const leastPausesMs = 100;
const mostPausesMs = 400;

/**
 * All pauses of one request together: each alone may be short by chance, since jitter goes down to nothing. On a busy
 * machine everything pauses, so they are compared with the gaps between requests that nothing delayed.
 */
export function paused(operation: string): Check {
  return (evidence) => {
    const attempts = requestsOf(evidence, operation);
    const total = sum(gapsOf(attempts));
    const ordinary = gapsOf(evidence.requests.filter(({ id }) => id >= (attempts.at(-1)?.id ?? 0)));
    const hop = ordinary.length === 0 ? 0 : sum(ordinary) / ordinary.length;
    const least = Math.min(mostPausesMs, Math.max(leastPausesMs, 2 * hop * (attempts.length - 1)));
    if (attempts.length < 2 || total >= least) return [];
    const message = `${operation} was sent ${attempts.length} times with ${total.toFixed(0)} ms of pauses in all`;
    return [finding("11.7", message, attempts.at(-1))];
  };
}

function gapsOf(requests: readonly LoggedRequest[]): number[] {
  return requests.slice(1).map((request, index) => gap(requests[index] ?? request, request));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Differences between pauses that a timer and a busy machine make: a share of the longest, and milliseconds. */
const sameWithin = [
  { pauses: 5, longest: 250, share: 0.12, ms: 40 },
  { pauses: 4, longest: 60, share: 0.05, ms: 15 },
] as const;

/** Fewer that shrink may be jitter: four random ones that grow on average do it, and so evenly, once in 2,000 runs. */
const fewestShrinking = 4;

/**
 * Pauses that do not grow. Chance makes every pattern of random pauses possible, so only two are named that it hardly
 * makes: all alike, and each shorter than the one before by the same share or the same time.
 */
export function growing(operation: string): Check {
  return (evidence) => {
    const attempts = requestsOf(evidence, operation);
    const pauses = gapsOf(attempts);
    if (!areAlike(pauses) && !areShrinking(pauses)) return [];
    const shown = pauses.map((pause) => pause.toFixed(0)).join(", ");
    const message = `the pauses between the attempts of ${operation} do not grow: ${shown} ms`;
    return [finding("11.7", message, attempts.at(-1))];
  };
}

function areAlike(pauses: readonly number[]): boolean {
  const [longest, shortest] = [Math.max(...pauses), Math.min(...pauses)];
  return sameWithin.some(
    (same) =>
      pauses.length >= same.pauses && longest >= same.longest && longest - shortest <= same.share * longest + same.ms,
  );
}

function areShrinking(pauses: readonly number[]): boolean {
  if (pauses.length < fewestShrinking) return false;
  const steps = pauses.slice(1).map((pause, at) => [pauses[at] ?? 0, pause] as const);
  if (steps.some(([before, after]) => after >= before)) return false;
  const even = (sizes: readonly number[]): boolean => Math.max(...sizes) <= 1.25 * Math.min(...sizes);
  return even(steps.map(([before, after]) => before / after)) || even(steps.map(([before, after]) => before - after));
}

/** What cannot succeed was tried once. */
export function notRepeated(rule: Rule = "11.6"): Check {
  return (evidence) =>
    faulty(evidence).flatMap((request): Finding[] => {
      const again = repetition(evidence, request);
      if (again === undefined) return [];
      return [finding(rule, `${request.operation} was sent again although its error is final`, again)];
    });
}

/** An object whose answer names other checksums than those of the bytes sent is not the file. */
export const corruptObjectSeen: Check = (evidence) => {
  const [commit] = requestsOf(evidence, "CommitUpload");
  if (commit === undefined) return [];
  return requestsOf(evidence, "PutObject")
    .filter((request) => request.fault === "corrupt-body" && repetition(evidence, request) === undefined)
    .map((request) => finding("9.1", "committed although the answer named other checksums than were sent", request));
};

/** A part whose answer names other checksums than those of the bytes sent is no part of the object. */
export const corruptionSeen: Check = (evidence) => {
  const complete = requestsOf(evidence, "CompleteMultipartUpload")[0];
  if (complete === undefined) return [];
  return requestsOf(evidence, "UploadPart")
    .filter((request) => request.fault === "corrupt-body" && repetition(evidence, request) === undefined)
    .map((request) => {
      const message = `part ${request.partNumber} was completed although its answer named other checksums than were sent`;
      return finding("8.4", message, request);
    });
};
