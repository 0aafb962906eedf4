// Goes through a manifest as `vodup batch` does, with a journal that has every third entry, and reports what is held in
// memory at most: node --expose-gc batch-child.mjs FOLDER COUNT. One module, a process of its own.
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { Batch } from "../../src/batch/batch.ts";
import { openBatch } from "../../src/batch/batch-list.ts";
import { InHand } from "../../src/batch/in-hand.ts";
import { Journal } from "../../src/batch/journal.ts";

const [folder, text] = process.argv.slice(2);
const count = Number(text);
const manifest = join(folder, `${text}.csv`);
const file = createWriteStream(manifest);
file.write("source,mediaName,sourceContext\n");
for (let n = 0; n < count; n += 1) {
  if (!file.write(`films/film ${n}.mp4,"Film ""${n}""",${"context ".repeat(20)}\n`)) {
    await new Promise((resolve) => file.once("drain", resolve));
  }
}
file.end();
await finished(file);

const list = await openBatch({
  path: manifest,
  defaults: {},
  note: () => undefined,
  signal: new AbortController().signal,
});
const owner = { manifest, destination: {} };
const written = await Journal.open(`${manifest}.journal`, owner);
let seen = 0;
let writes = [];
for await (const { entry } of list.entries()) {
  seen += 1;
  if (seen % 3 > 0) continue;
  writes.push(written.append({ key: entry.key, type: "result", source: entry.name, fileId: String(seen) }));
  if (writes.length === 1_000) await Promise.all(writes.splice(0));
}
await Promise.all(writes);
writes = [];
await written.close();

let most = 0;
function look() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  most = Math.max(most, heapUsed + external);
}
const { signal } = new AbortController();
const journal = await Journal.open(`${manifest}.journal`, owner);
const batch = new Batch(list, journal);
const survey = await batch.survey(signal);
look();
let taken = 0;
let othersEnded;
const others = new Promise((resolve) => (othersEnded = resolve));
await batch.run(
  new InHand(8),
  signal,
  () => true,
  async ({ key, name }) => {
    taken += 1;
    // A large film that is under way as long as all others: nothing may gather at it.
    if (taken === 1) await others;
    else if (taken === survey.total - survey.earlier) othersEnded();
    await journal.append({ key, type: "error", source: name, code: "NONE" });
    if (taken % 2_000 === 1) look();
  },
);
look();
await journal.close();
console.log(JSON.stringify({ most, taken, ...survey }));
