/** The cassettes of mode (b): every scenario as the emulator answers it, with made-up keys and a clock that stands still. */
import { startEmulator } from "../../src/emulator/index.ts";
import { accountKeys, clockStart, serialise } from "../cassettes/author.ts";
import { examine, pseudonymsOf } from "./record.ts";
import { redact } from "./redact.ts";
import { openSubject } from "./subject.ts";

/** The service's own window, which nobody has to wait for here. */
export const confirmWindowMs = 30_000;
export const subAppId = 1_500_000_001;
export const fixedClock = (): number => clockStart * 1000;

/** Texts of the files by scenario. */
export async function scenarioCassettes(): Promise<ReadonlyMap<string, string>> {
  const emulator = await startEmulator({ ...accountKeys, seed: 1, clock: fixedClock, confirmWindowMs, pullWaitMs: 0 });
  const { hostname, port } = new URL(emulator.origin);
  const subject = await openSubject({
    name: "emulator",
    upstream: { tls: false, address: hostname, port: Number(port) },
    keys: accountKeys,
    subAppId,
    confirmWindowMs,
    pulls: 4,
    clock: fixedClock,
    pause: async (ms) => emulator.advanceClock(ms),
  });
  try {
    const { parts } = await examine(subject);
    const redaction = { names: pseudonymsOf(subject), shift: 0 };
    const text = "The contract suite's own emulator, keys made up and clock fixed, redacted as a recording is";
    const provenance = { kind: "emulator", text, host: "", date: "" } as const;
    return new Map(parts.map((part) => [part.scenario, serialise(redact(part, provenance, redaction))]));
  } finally {
    await subject.close();
    await emulator.close();
  }
}
