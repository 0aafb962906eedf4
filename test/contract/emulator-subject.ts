import type { EmulatorOptions } from "../../src/emulator/index.ts";
import type { Subject } from "./subject.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { openSubject } from "./subject.ts";

/** Short times, so that what comes late comes soon. */
export const shortTimes: EmulatorOptions = { confirmWindowMs: 700, pullWaitMs: 100 };

export async function emulatorSubject(): Promise<{
  subject: Subject;
  emulator: Awaited<ReturnType<typeof startEmulator>>;
}> {
  const emulator = await startEmulator(shortTimes);
  const { hostname, port } = new URL(emulator.origin);
  const subject = await openSubject({
    name: "emulator",
    upstream: { tls: false, address: hostname, port: Number(port) },
    keys: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    confirmWindowMs: 700,
    pulls: 4,
  });
  return { subject, emulator };
}
