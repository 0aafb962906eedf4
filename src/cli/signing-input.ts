import type { Credentials } from "../index.ts";
import { UsageError } from "./args.ts";
import { isJsonObject } from "../json.ts";

/** Seconds since 1970, the unit of all three signatures. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** The key to sign with, from where every command takes it. @throws VodupError `CREDENTIALS` */
export async function signingCredentials(): Promise<Credentials> {
  const { defaultCredentials } = await import("../index.ts");
  return defaultCredentials()();
}

/**
 * The request as one JSON object on stdin; undefined when flags say it, or nobody sends any.
 * @param wanted whether no flag says anything of the request, or `-` was typed
 * @throws UsageError for anything but an object
 */
export async function readRequest(wanted: boolean): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (!wanted || process.stdin.isTTY) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8").trim();
  if (text === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`the request on stdin is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (isJsonObject(value)) return value;
  throw new UsageError("the request on stdin must be one JSON object");
}

/** `Name: value` flags as headers. @throws UsageError */
export function readHeaders(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = "", value = ""] = /^\s*([^:\s]+)\s*:\s*(.*)$/s.exec(line) ?? [];
      if (name === "") throw new UsageError('--header must be written "Name: value"');
      return [name, value];
    }),
  );
}

/**
 * `name=value` flags, in their order.
 * @param bare whether a name may stand alone, as in the query of a URL: its value is empty
 * @throws UsageError
 */
export function readPairs(flag: string, pairs: readonly string[], bare: boolean): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const cut = pair.indexOf("=");
      if (cut === 0 || (cut === -1 && !bare)) {
        throw new UsageError(`--${flag} must be written --${flag} NAME=VALUE`);
      }
      return cut === -1 ? [pair, ""] : [pair.slice(0, cut), pair.slice(cut + 1)];
    }),
  );
}

/** Stages for a person: names above their values, which may be of several lines. */
export function stagesText(stages: Readonly<Record<string, string>>): string {
  return Object.entries(stages)
    .map(([name, value]) => `${name}:\n${value.replace(/^/gm, "  ")}`)
    .join("\n");
}
