import { afterEach } from "vitest";
import { startEmulator, type Emulator, type EmulatorOptions } from "../../../src/emulator/index.ts";

const running: Emulator[] = [];

/** Starts an emulator that the end of the test closes. */
export async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  running.push(emulator);
  return emulator;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.close()));
});
