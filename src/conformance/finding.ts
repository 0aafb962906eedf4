import type { LineDifference, LoggedRequest } from "../emulator/index.ts";
import { remedyOf, type Rule } from "./remedies.ts";

export type { Rule };

/** `must`: the service refuses it, loses the file or stores another. `should`: it works, and a good client differs. */
export type Level = "must" | "should";

/** One thing that a command did against a rule. */
export interface Finding {
  readonly rule: Rule;
  readonly level: Level;
  /** One line: what was done, and what the rule asks. */
  readonly message: string;
  /** One line: what to change. */
  readonly remedy: string;
  /** Of the request that shows it. */
  readonly request?: { readonly id: number; readonly operation: string } | undefined;
  /** Of a signature: the first line of the signed texts that differs. */
  readonly difference?: LineDifference | undefined;
  /** Of a signature that no known mistake explains: the whole text that should have been signed. */
  readonly expectedText?: string | undefined;
  /** How many more requests show the same. */
  readonly more?: number | undefined;
}

/** A finding about one request, or about none. */
export function finding(rule: Rule, message: string, request?: LoggedRequest): Finding {
  const place = request && { id: request.id, operation: request.operation };
  return { rule, level: "must", message, remedy: remedyOf(rule), request: place };
}

/** A finding that a scenario is passed with all the same. */
export function remark(rule: Rule, message: string, request?: LoggedRequest): Finding {
  return { ...finding(rule, message, request), level: "should" };
}

/** The same finding of many requests once, with how many more there are. */
export function gathered(findings: readonly Finding[]): Finding[] {
  const first = new Map<string, Finding>();
  for (const one of findings) {
    const key = `${one.rule} ${one.message}`;
    const earlier = first.get(key);
    first.set(key, earlier === undefined ? one : { ...earlier, more: (earlier.more ?? 0) + 1 });
  }
  return [...first.values()];
}
