/**
 * Preloaded into a process: notes every path that is opened or read, however it is asked for. Written on exit to the
 * file that OPENS_LOG names.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const opened = new Set();
const { appendFileSync } = fs;
const names = ["open", "openSync", "readFile", "readFileSync", "createReadStream", "readdir", "readdirSync", "opendir"];
names.push("opendirSync", "openAsBlob", "copyFile", "copyFileSync", "cp", "cpSync");

for (const room of [fs, fs.promises]) {
  for (const name of names) {
    const original = room[name];
    if (typeof original !== "function") continue;
    room[name] = function (path, ...rest) {
      opened.add(String(path));
      return Reflect.apply(original, this, [path, ...rest]);
    };
  }
}
syncBuiltinESMExports();

process.on("exit", () => {
  for (const path of opened) appendFileSync(process.env.OPENS_LOG, `${JSON.stringify(path)}\n`);
});
