// Loaded before the command line (node --import): ends the process, as a power cut would, around one of the writes of
// its state. DIE_AT is "rename:3:before": the third replacement of a state file, when the new one lies beside it and
// before it takes its place. DIE_LOG names a file that each of these moments is noted in.
import { appendFileSync } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const [kind, number, moment] = (process.env.DIE_AT ?? "").split(":");
const counts = { rename: 0, rm: 0 };

/** Nothing runs after this, not even what is queued. */
function die() {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
}

function watch(name, fileOf) {
  const original = fs[name];
  fs[name] = async (...given) => {
    if (!fileOf(given).endsWith(".json")) return original(...given);
    counts[name] += 1;
    if (process.env.DIE_LOG !== undefined) appendFileSync(process.env.DIE_LOG, `${name}\n`);
    const chosen = kind === name && Number(number) === counts[name];
    if (chosen && moment === "before") await die();
    const answer = await original(...given);
    if (chosen) await die();
    return answer;
  };
}

watch("rename", ([, to]) => String(to));
watch("rm", ([path]) => String(path));
syncBuiltinESMExports();
