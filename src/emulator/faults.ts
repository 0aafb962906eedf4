import { isRecord } from "./json.ts";

/**
 * What goes wrong. "Effect" is the operation itself: after `reset-after-effect` the part is stored, the upload
 * completed, the media committed, and only the answer is missing.
 */
export type Fault =
  /** The connection is reset before the request is looked at. */
  | { readonly kind: "reset-before" }
  /** The connection is reset after `bytes` of the request body. */
  | { readonly kind: "reset-after-bytes"; readonly bytes: number }
  /** The operation is done, then the connection is reset instead of an answer. */
  | { readonly kind: "reset-after-effect" }
  /** The request is read, nothing is done, nothing is answered; the connection stays open. */
  | { readonly kind: "hang" }
  /** The answer's head waits `ms`. */
  | { readonly kind: "slow-response"; readonly ms: number }
  /** The answer's body comes byte by byte, `ms` apart. */
  | { readonly kind: "trickle"; readonly ms: number }
  /** The request body is read at this pace. */
  | { readonly kind: "slow-read"; readonly bytesPerSecond: number }
  /** This answer instead of ours; with `afterEffect` the operation is done all the same. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly body?: string | undefined;
      readonly afterEffect?: boolean | undefined;
      /** Answer without reading the request body, and close the connection. */
      readonly early?: boolean | undefined;
    }
  /** The connection is cut after `bytes` of the answer's body. */
  | { readonly kind: "truncate-answer"; readonly bytes: number }
  /** The answer's x-cos-hash-crc64ecma is another number. */
  | { readonly kind: "wrong-crc64" }
  /** The answer's ETag is another one. */
  | { readonly kind: "wrong-etag" }
  /** The answer has no x-cos-hash-crc64ecma. */
  | { readonly kind: "drop-crc64" }
  /** The first body byte is stored changed; the checksums answered are those of what was stored. */
  | { readonly kind: "corrupt-body" }
  /** The operation is done; the answer is 200, white space, and the end. */
  | { readonly kind: "white-space" }
  /** 200 at once, then white space every `ms`, `spaces` times, then the document, as a long Complete does. */
  | { readonly kind: "keep-alive"; readonly ms: number; readonly spaces: number }
  /** The signature counts as wrong, and the answer echoes what should have been signed. */
  | { readonly kind: "refuse-signature" }
  /** The certificate the request is signed with expires before it is looked at. */
  | { readonly kind: "expire-certificate" }
  /** The server's clock is this far ahead for the request (negative: behind). */
  | { readonly kind: "clock-skew"; readonly ms: number }
  /** Nothing is looked at for `ms`. */
  | { readonly kind: "delay"; readonly ms: number };

export type FaultKind = Fault["kind"];

/** When a fault happens. Rules are asked in order; the first that matches decides. Every given condition must hold. */
export interface FaultRule {
  /** An operation as in the request log ("UploadPart", "ApplyUpload" …), "vod", "cos", or "*". */
  readonly operation: string;
  /** Only the n-th matching request, counted from 1. */
  readonly nth?: number | undefined;
  /** Only every n-th matching request. */
  readonly every?: number | undefined;
  readonly partNumber?: number | undefined;
  /** Only requests whose decoded path ends so: tells media, cover and segments apart. */
  readonly pathEndsWith?: string | undefined;
  /** At most so often. Without it, and without `nth`, the rule never ends. */
  readonly times?: number | undefined;
  /** 0–1, drawn from `seed`. */
  readonly probability?: number | undefined;
  readonly seed?: number | undefined;
  readonly fault: Fault;
}

/** What a rule is matched against. */
export interface FaultSubject {
  readonly api: string;
  readonly operation: string;
  readonly path: string;
  readonly partNumber?: number | undefined;
}

/** Field → whether it may be left out, for each kind. */
export const faultFields: Readonly<
  Record<FaultKind, Readonly<Record<string, "number" | "number?" | "string?" | "boolean?" | "headers?">>>
> = {
  "reset-before": {},
  "reset-after-bytes": { bytes: "number" },
  "reset-after-effect": {},
  hang: {},
  "slow-response": { ms: "number" },
  trickle: { ms: "number" },
  "slow-read": { bytesPerSecond: "number" },
  answer: { status: "number", headers: "headers?", body: "string?", afterEffect: "boolean?", early: "boolean?" },
  "truncate-answer": { bytes: "number" },
  "wrong-crc64": {},
  "wrong-etag": {},
  "drop-crc64": {},
  "corrupt-body": {},
  "white-space": {},
  "keep-alive": { ms: "number", spaces: "number" },
  "refuse-signature": {},
  "expire-certificate": {},
  "clock-skew": { ms: "number" },
  delay: { ms: "number" },
};

const ruleFields: Readonly<Record<string, "number?" | "string" | "string?" | "fault">> = {
  operation: "string",
  nth: "number?",
  every: "number?",
  partNumber: "number?",
  pathEndsWith: "string?",
  times: "number?",
  probability: "number?",
  seed: "number?",
  fault: "fault",
};

function isOfType(value: unknown, type: string): boolean {
  if (type.endsWith("?") && value === undefined) return true;
  switch (type.replace("?", "")) {
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "headers":
      return isRecord(value) && Object.values(value).every((one) => typeof one === "string");
    case "fault":
      return isFault(value);
    default:
      return typeof value === type.replace("?", "");
  }
}

function hasShape(value: Record<string, unknown>, shape: Readonly<Record<string, string>>): boolean {
  return (
    Object.keys(value).every((name) => Object.hasOwn(shape, name)) &&
    Object.entries(shape).every(([name, type]) => isOfType(value[name], type))
  );
}

function isFault(value: unknown): value is Fault {
  if (!isRecord(value)) return false;
  const { kind, ...fields } = value;
  return typeof kind === "string" && isKind(kind) && hasShape(fields, faultFields[kind]);
}

const isKind = (kind: string): kind is FaultKind => Object.hasOwn(faultFields, kind);

function isRule(value: unknown): value is FaultRule {
  return isRecord(value) && hasShape(value, ruleFields);
}

/**
 * Checks rules that come from JSON (a file, the control interface).
 *
 * @throws {TypeError} with `code: "ERR_INVALID_ARG_VALUE"`, naming the first rule that is not one.
 */
export function parseFaultRules(value: unknown): FaultRule[] {
  const rules: unknown[] = Array.isArray(value) ? value : [undefined];
  return rules.map((rule, index) => {
    if (isRule(rule)) return rule;
    const error = new TypeError(`Fault rule ${index} is not one: ${JSON.stringify(rule) ?? "no list of rules"}`);
    throw Object.assign(error, { code: "ERR_INVALID_ARG_VALUE" });
  });
}

/** Mulberry32: a small generator whose runs are the same on every machine. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A rule in force: how many requests it concerned, and how many it struck. */
export interface RuleCount {
  readonly rule: FaultRule;
  readonly matched: number;
  readonly applied: number;
}

interface CountedRule extends RuleCount {
  readonly draw: () => number;
  matched: number;
  applied: number;
}

/** The rules in force and how often each has matched and struck. */
export class FaultPlan {
  #rules: CountedRule[] = [];

  constructor(rules: readonly FaultRule[]) {
    this.set(rules);
  }

  /** Replaces all rules and starts counting anew. */
  set(rules: readonly FaultRule[]): void {
    this.#rules = parseFaultRules(rules).map((rule) => ({
      rule,
      draw: seeded(rule.seed ?? 1),
      matched: 0,
      applied: 0,
    }));
  }

  /** The rules in force, in their order, and how often each has matched and struck. */
  list(): RuleCount[] {
    return this.#rules.map(({ rule, matched, applied }) => ({ rule, matched, applied }));
  }

  /** The fault that strikes this request, if any; asking counts. */
  strike(subject: FaultSubject): Fault | undefined {
    let struck: Fault | undefined;
    for (const counted of this.#rules) {
      const { rule } = counted;
      if (!concerns(rule, subject)) continue;
      counted.matched += 1;
      if (struck !== undefined) continue;
      if (rule.nth !== undefined && counted.matched !== rule.nth) continue;
      if (rule.every !== undefined && counted.matched % rule.every !== 0) continue;
      if (rule.times !== undefined && counted.applied >= rule.times) continue;
      if (rule.probability !== undefined && counted.draw() >= rule.probability) continue;
      counted.applied += 1;
      struck = rule.fault;
    }
    return struck;
  }
}

function concerns(rule: FaultRule, subject: FaultSubject): boolean {
  return (
    [subject.operation, subject.api, "*"].includes(rule.operation) &&
    (rule.partNumber === undefined || rule.partNumber === subject.partNumber) &&
    (rule.pathEndsWith === undefined || subject.path.endsWith(rule.pathEndsWith))
  );
}
