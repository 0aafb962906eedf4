// The emulator as a process of its own: node emulator-process.mjs '{…options…}'; prints where it is, ends with its parent.
import { startEmulator } from "vodup/emulator";

const emulator = await startEmulator({ requestLogLimit: 1e6, ...JSON.parse(process.argv[2]) });
const { origin, secretId, secretKey } = emulator;
console.log(JSON.stringify({ origin, secretId, secretKey }));
process.stdin.resume().on("end", () => process.exit(0));
