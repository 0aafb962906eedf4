import { clearTimeout, setTimeout } from "node:timers";
import { leaveAtOnce } from "./leave.ts";

/** The process was asked to end. */
export class SignalError extends Error {
  readonly signal: "SIGINT" | "SIGTERM";

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/** `--timeout` has passed. */
export class DeadlineError extends Error {
  constructor(seconds: number) {
    super(`stopped after the ${seconds} s of --timeout; run it again, or allow more`);
  }
}

/** Ends a run once, for whatever reason comes first; `done()` gives the signals back. */
export interface Stopping {
  readonly signal: AbortSignal;
  /** Why the run was stopped; undefined while it was not. */
  readonly reason: SignalError | DeadlineError | undefined;
  done(): void;
}

/**
 * Turns SIGINT, SIGTERM and a deadline into one AbortSignal. A second signal does not wait for cleaning up.
 * @param timeoutMs milliseconds until the deadline
 */
export function stopping(timeoutMs?: number): Stopping {
  const controller = new AbortController();
  let reason: SignalError | DeadlineError | undefined;
  const stop = (why: SignalError | DeadlineError): void => {
    reason ??= why;
    controller.abort(reason);
  };
  const onSignal = (name: NodeJS.Signals): void => {
    const known = name === "SIGTERM" ? "SIGTERM" : "SIGINT";
    if (reason instanceof SignalError) leaveAtOnce(known === "SIGINT" ? 130 : 143);
    stop(new SignalError(known));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => stop(new DeadlineError(timeoutMs / 1000)), timeoutMs);
  return {
    signal: controller.signal,
    get reason() {
      return reason;
    },
    done: () => {
      clearTimeout(timer);
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
