import type { VodApiError } from "../vod-api/index.ts";
import { VodupError } from "../index.ts";

/** What is looked at, in this order. */
export type CheckName =
  | "node"
  | "state"
  | "credentials"
  | "proxy"
  | "endpoint"
  | "clock"
  | "key"
  | "sub-app"
  | "storage-region"
  | "events"
  | "storage";

/** `unknown`: it could not be looked at, or only the user knows whether it is meant so. */
export type CheckStatus = "pass" | "fail" | "unknown";

/** What was found, in words. */
export interface Check {
  readonly name: CheckName;
  readonly status: CheckStatus;
  /** One line, without a secret. */
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
  /** The error that a failure rests on, if one does. */
  readonly cause?: unknown;
}

export function pass(name: CheckName, detail: string, remedy?: string): Check {
  return { name, status: "pass", detail, remedy };
}

export function fail(name: CheckName, detail: string, remedy?: string, cause?: unknown): Check {
  return { name, status: "fail", detail, remedy, cause };
}

export function unknown(name: CheckName, detail: string, remedy?: string): Check {
  return { name, status: "unknown", detail, remedy };
}

/** The message of an error that is expected to happen; a defect of the program is thrown on. */
export function messageOf(error: unknown): string {
  if (error instanceof VodupError) return error.message;
  throw error;
}

/** Whether the key is right but may not do this. */
export function isUnauthorized({ apiCode }: VodApiError): boolean {
  return /^(AuthFailure\.)?UnauthorizedOperation(\.|$)/.test(apiCode);
}
