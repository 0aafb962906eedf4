/** What others received from the real service and made public: fixtures/published. */
import { readdirSync, readFileSync } from "node:fs";
import type { Json, PublishedSource } from "./author.ts";

export interface Exchange {
  readonly name: string;
  readonly about: "vod-api" | "callback" | "cos-ok" | "cos-error" | "vod-storage";
  readonly source: PublishedSource;
  readonly host?: string;
  readonly request?: Json;
  readonly response?: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly body?: unknown;
  };
  readonly received?: { readonly body: unknown };
  /** Whether the body came with every member and value of it. */
  readonly whole: boolean;
  readonly note?: string;
}

const folder = new URL("../../fixtures/published/", import.meta.url);

export const exchanges: readonly Exchange[] = readdirSync(folder)
  .sort()
  .map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Exchange);

export function exchange(name: string): Exchange {
  const found = exchanges.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no exchange ${name}`);
  return found;
}
