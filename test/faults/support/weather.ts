import { randomInt } from "node:crypto";
import type { Fault, FaultRule } from "../../../src/emulator/index.ts";

/** Mulberry32: the same runs on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const busy = (status: number, headers: Record<string, string> = {}): Fault => ({
  kind: "answer",
  status,
  headers: { "Content-Type": "text/html", ...headers },
  body: "<html>busy</html>",
});

/** How often each fault strikes, in a hundred requests of its operation. */
const weather: readonly (readonly [operation: string, percent: number, fault: Fault])[] = [
  ["*", 3, { kind: "reset-before" }],
  ["*", 3, { kind: "reset-after-effect" }],
  ["*", 1, { kind: "hang" }],
  ["*", 2, { kind: "slow-response", ms: 60 }],
  ["*", 2, busy(503)],
  ["*", 1, busy(429, { "Retry-After": "0" })],
  ["*", 2, { kind: "truncate-answer", bytes: 15 }],
  ["UploadPart", 4, { kind: "reset-after-bytes", bytes: 300_000 }],
  ["UploadPart", 4, { kind: "corrupt-body" }],
  ["UploadPart", 3, { kind: "wrong-crc64" }],
  ["UploadPart", 3, { kind: "drop-crc64" }],
  ["UploadPart", 2, { kind: "expire-certificate" }],
  ["PutObject", 4, { kind: "corrupt-body" }],
  ["PutObject", 3, { kind: "drop-crc64" }],
  ["CompleteMultipartUpload", 8, { kind: "white-space" }],
  ["CompleteMultipartUpload", 5, { kind: "drop-crc64" }],
  ["CommitUpload", 5, { kind: "white-space" }],
];

/** Independent faults at random, the same for a seed. */
export const weatherRules = (seed: number): FaultRule[] =>
  weather.map(([operation, percent, fault], index) => ({
    operation,
    probability: percent / 100,
    seed: seed + index,
    fault,
  }));

/** The seed of a run: `VODUP_SEED`, or a new one, which is printed. */
export function seedOf(what: string): number {
  const given = process.env["VODUP_SEED"];
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
  console.log(`${what}: VODUP_SEED=${seed}`);
  return seed;
}

/** Seconds that each soak of what the caller and other processes do takes; `.ci/run` has them last five minutes. */
export const soakSeconds: number = Number(process.env["VODUP_SOAK_SECONDS"] ?? 10);
