import type { LineDifference, LoggedRequest } from "../emulator/index.ts";

/** A numbered rule of docs/wire.md, such as `5.1`. */
export type Rule = `${number}.${number}`;

/** One thing that a command did against a rule. */
export interface Finding {
  readonly rule: Rule;
  /** One line: what was done, and what the rule asks. */
  readonly message: string;
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
  return { rule, message, request: request && { id: request.id, operation: request.operation } };
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
