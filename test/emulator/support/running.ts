import { startEmulator, type Emulator, type EmulatorOptions } from "../../../src/emulator/index.ts";
import { atEnd } from "../../support/at-end.ts";

/** Starts an emulator that the end of the test closes. */
export async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  atEnd(() => emulator.close());
  return emulator;
}
