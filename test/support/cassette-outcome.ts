import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { expect } from "vitest";
import type { Cassette, ExpectedError } from "../../src/replay/cassette.ts";
import { loadCassette } from "../../src/replay/load.ts";
import { startReplay } from "../../src/replay/player.ts";
import { CosError, NetworkError, VodApiError, VodupError } from "../../src/errors.ts";

const folder = new URL("../../fixtures/cassettes/", import.meta.url);

/** Names of the cassettes in a folder, without `.json`. */
export function cassetteNames(below: "vod" | "cos" | "published"): string[] {
  return readdirSync(fileURLToPath(new URL(`${below}/`, folder))).map((file) => file.replace(/\.json$/, ""));
}

/**
 * Serves a cassette to `call` and judges both sides: what the client sent, and what it made of the answers.
 * @param name below fixtures/cassettes, without `.json`
 */
export async function judge(
  name: string,
  call: (cassette: Cassette, origin: string) => Promise<unknown>,
): Promise<void> {
  const cassette = await loadCassette(new URL(`${name}.json`, folder));
  const replay = await startReplay(cassette);
  try {
    const outcome = await call(cassette, replay.origin).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    expect(replay.report()).toEqual({ unmatched: [], leftover: [], mismatches: [] });
    if (cassette.expect.error !== undefined) {
      expect(outcome, "the call must fail").toHaveProperty("error");
      judgeError(cassette, cassette.expect.error, "error" in outcome ? outcome.error : undefined);
    } else {
      expect("error" in outcome ? outcome.error : undefined).toBeUndefined();
      expect(outcome).toMatchObject({ result: cassette.expect.result });
    }
  } finally {
    await replay.close();
  }
}

/** Our classes in the words of the cassettes. */
function judgeError(cassette: Cassette, wanted: ExpectedError, error: unknown): void {
  expect(error).toBeInstanceOf(VodupError);
  if (!(error instanceof VodupError)) return;
  if (wanted.kind === "service") {
    expect(error).toBeInstanceOf(cassette.call.api === "vod" ? VodApiError : CosError);
  } else {
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.code).toBe(wanted.kind === "connection" ? "NETWORK" : "BAD_ANSWER");
  }
  const code = error instanceof VodApiError ? error.apiCode : error instanceof CosError ? error.cosCode : undefined;
  const seen: Record<string, unknown> = Object.fromEntries([...Object.entries(error), ["code", code]]);
  for (const field of ["code", "requestId", "retryable"] as const) {
    if (wanted[field] !== undefined) expect(seen[field], field).toBe(wanted[field]);
  }
  // The API answers its errors with 200, always; there the error does not repeat it.
  if (wanted.status !== undefined && !(error instanceof VodApiError)) expect(seen["status"]).toBe(wanted.status);
  if (wanted.message !== undefined) expect(error.message).toContain(wanted.message);
  for (const [field, value] of Object.entries(wanted.details ?? {})) {
    if (field === "formatDiff") {
      const lines = error instanceof CosError ? error.formatDiff?.map((line) => line.split(":")[0]) : undefined;
      expect(lines).toEqual(value);
    } else {
      expect(seen[field], field).toBe(value);
    }
  }
  expectNoSecrets(cassette, error);
}

function expectNoSecrets(cassette: Cassette, error: Error): void {
  const signatures = cassette.interactions.map(({ request }) => request.authorization?.match(/[0-9a-f]{40,64}$/)?.[0]);
  const { secretKey, token } = cassette.credentials;
  const told = `${error.message}\n${inspect(error, { depth: 9 })}\n${JSON.stringify(error)}`;
  for (const secret of [secretKey, token, token && encodeURIComponent(token), ...signatures]) {
    if (secret !== undefined) expect(told).not.toContain(secret);
  }
}
