import { likelyName } from "../unknown-options.ts";
import { faultFields, type Fault, type FaultKind } from "./faults.ts";
import { isRecord } from "./json.ts";

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

/** What `operation` is known to name. Requests of the control interface are named by method and path. */
export const knownOperations: readonly string[] = [
  "*",
  "vod",
  "cos",
  "media",
  "control",
  "ApplyUpload",
  "CommitUpload",
  "PutObject",
  "InitiateMultipartUpload",
  "UploadPart",
  "ListParts",
  "CompleteMultipartUpload",
  "AbortMultipartUpload",
  "ListMultipartUploads",
  "HeadObject",
  "GetObject",
  "DescribeMediaInfos",
  "PullEvents",
  "ConfirmEvents",
  "PlayMedia",
  "PullUpload",
  "ParseStreamingManifest",
  "DescribeEventConfig",
  "ModifyEventConfig",
  "DescribeEventsState",
  "DescribeStorageRegions",
  "CreateStorageRegion",
  "DescribeSubAppIds",
  "CreateSubAppId",
  "ProcessMediaByProcedure",
  "DescribeTaskDetail",
  "DescribeTasks",
  "DeleteMedia",
  "ModifyMediaInfo",
  "CreateProcedureTemplate",
  "DescribeProcedureTemplates",
  "DescribeFileAttributes",
  "Unknown",
];

const ruleFields: Readonly<Record<string, string>> = {
  operation: "string",
  nth: "count?",
  every: "count?",
  partNumber: "count?",
  pathEndsWith: "string?",
  times: "count?",
  probability: "share?",
  seed: "number?",
  fault: "fault",
};

const typeNames: Readonly<Record<string, string>> = {
  number: "a number",
  count: "a whole number from 1",
  share: "a number from 0 to 1",
  string: "text",
  boolean: "true or false",
  headers: "an object of texts",
};

function isOfType(value: unknown, type: string): boolean {
  if (type === "headers") return isRecord(value) && Object.values(value).every((one) => typeof one === "string");
  if (type === "count") return Number.isSafeInteger(value) && Number(value) >= 1;
  if (type === "share") return typeof value === "number" && value >= 0 && value <= 1;
  return type === "number" ? Number.isFinite(value) : typeof value === type;
}

/** What is wrong with one field; undefined when nothing is. */
function fieldComplaint(name: string, value: unknown, shape: string): string | undefined {
  if (value === undefined && shape.endsWith("?")) return undefined;
  const type = shape.replace("?", "");
  if (type === "fault") return faultComplaint(value);
  if (isOfType(value, type)) return undefined;
  return `${name} ${value === undefined ? "is missing: it must" : "must"} be ${typeNames[type]}`;
}

function shapeComplaint(
  prefix: string,
  value: Record<string, unknown>,
  shape: Readonly<Record<string, string>>,
): string | undefined {
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(shape, name))
      return unknownComplaint(`${prefix}${name} is not a field`, name, Object.keys(shape));
  }
  for (const [name, type] of Object.entries(shape)) {
    const complaint = fieldComplaint(`${prefix}${name}`, value[name], type);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function unknownComplaint(what: string, name: string, known: readonly string[]): string {
  const likely = likelyName(name, known);
  return likely === undefined ? `${what}; it can be ${known.join(", ")}` : `${what}; did you mean ${likely}?`;
}

function faultComplaint(value: unknown): string | undefined {
  if (!isRecord(value)) return 'fault must be an object such as {"kind":"reset-before"}';
  const { kind, ...fields } = value;
  if (typeof kind !== "string") return `fault.kind must be one of ${Object.keys(faultFields).join(", ")}`;
  if (isKind(kind)) return shapeComplaint("fault.", fields, faultFields[kind]);
  return unknownComplaint(`fault.kind ${JSON.stringify(kind)} is not known`, kind, Object.keys(faultFields));
}

const isKind = (kind: string): kind is FaultKind => Object.hasOwn(faultFields, kind);

function ruleComplaint(value: unknown): string | undefined {
  if (!isRecord(value)) return "must be an object";
  const complaint = shapeComplaint("", value, ruleFields);
  if (complaint !== undefined) return complaint;
  // An operation that nobody has heard of may be one of a newer API: only a likely slip is refused.
  const operation = String(value["operation"]);
  const likely = knownOperations.includes(operation) ? undefined : likelyName(operation, knownOperations);
  return likely === undefined ? undefined : `operation ${operation} is not known; did you mean ${likely}?`;
}

/**
 * Checks rules that come from JSON (a file, the control interface).
 *
 * @throws {TypeError} with `code: "ERR_INVALID_ARG_VALUE"`: for the first wrong rule its number, the field, and what
 * may stand there.
 */
export function parseFaultRules(value: unknown): FaultRule[] {
  if (!Array.isArray(value)) throw invalidRules("fault rules must be a list");
  value.forEach((rule: unknown, index) => {
    const complaint = ruleComplaint(rule);
    if (complaint !== undefined) throw invalidRules(`fault rule ${index + 1}: ${complaint}`);
  });
  return value as FaultRule[];
}

function invalidRules(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_VALUE" });
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

  /** Replaces all rules and starts counting from 0. */
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
