import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { CosFailure } from "../../src/emulator/cos/respond.ts";
import { verifyCos, type CosVerification } from "../../src/emulator/cos/verify.ts";
import { Exchange } from "../../src/emulator/exchange.ts";
import type { Settings } from "../../src/emulator/options.ts";
import type { Entry } from "../../src/emulator/request-log.ts";
import { parseTarget } from "../../src/emulator/request-target.ts";
import { VodFailure } from "../../src/emulator/vod/envelope.ts";
import { verifyTc3 } from "../../src/emulator/vod/verify.ts";
import { percentEncode } from "../../src/signing/index.ts";
import { vectors } from "../support/vector-form.ts";

/* What a verifier takes, and what it must not take: ours is the emulator's. */

interface Received {
  readonly secretId: string;
  readonly secretKey: string;
  /** Unix seconds. */
  readonly now: number;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expected: { readonly valid: boolean; readonly rule?: string };
}

interface ReceivedByCos extends Received {
  readonly token: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | null>>;
}

function exchangeOf({ method, headers, now }: Received, url: string): Exchange {
  const request = { method, rawHeaders: Object.entries(headers).flat() };
  return new Exchange({
    request: request as IncomingMessage,
    response: {} as ServerResponse,
    entry: {} as Entry,
    headers: new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    target: parseTarget(url),
    now: now * 1000,
    fault: undefined,
    closing: new AbortController().signal,
  });
}

function urlOf({ path, query }: ReceivedByCos): string {
  const pairs = Object.entries(query).map(([name, value]) => [name, ...(value === null ? [] : [value])]);
  return `${path.split("/").map(percentEncode).join("/")}?${pairs.map((pair) => pair.map(percentEncode).join("=")).join("&")}`;
}

/** Undefined where the signature is taken. */
function refusalOf(verify: () => void): VodFailure | CosFailure | undefined {
  try {
    verify();
    return undefined;
  } catch (error) {
    if (error instanceof VodFailure || error instanceof CosFailure) return error;
    throw error;
  }
}

/** Where the verifier also says which mistake it was, it is the one of the vector. */
function expectVerdict(refusal: VodFailure | CosFailure | undefined, { expected }: Received): void {
  expect(refusal === undefined, refusal?.message).toBe(expected.valid);
  const mismatch = refusal instanceof CosFailure ? refusal.extra.mismatch : refusal?.mismatch;
  const [first] = mismatch?.mistakes ?? [];
  if (first !== undefined) expect(first.rule).toBe(expected.rule);
}

describe("fixtures/vectors/tc3-verify.json", () => {
  test.each(vectors<Received & { readonly payload: string }>("tc3-verify"))("$name", (vector) => {
    const { secretId, secretKey, payload } = vector;
    const exchange = exchangeOf(vector, "/");
    const settings = { token: undefined, hostWithoutPort: false } as Settings;
    const verify = (): void => verifyTc3(exchange, Buffer.from(payload), { secretId, secretKey }, settings);
    expectVerdict(refusalOf(verify), vector);
  });
});

describe("fixtures/vectors/cos-verify.json", () => {
  test.each(vectors<ReceivedByCos>("cos-verify"))("$name", (vector) => {
    const { secretId, secretKey, token } = vector;
    const exchange = exchangeOf(vector, urlOf(vector));
    const certificate = { token, secretKey, expiresAt: Infinity };
    const context = {
      settings: { token: undefined, hostWithoutPort: false, strictSignature: false },
      sessions: { certificate: (id: string) => (id === secretId ? certificate : undefined) },
      account: { secretId: "AKIDACCOUNT", secretKey: "account" },
    };
    const verify = (): unknown => verifyCos(exchange, context as unknown as CosVerification);
    expectVerdict(refusalOf(verify), vector);
  });
});
