// What a hostile peer, file or neighbour can do to the command; writes its section of docs/reliability.md.
//
// usage: npm run build && node scripts/reliability/hostile.mjs [--check]
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cases, tried } from "./hostile-cases.mjs";

const heading = "## What a hostile peer, file or neighbour can do";

/** What the exit codes stand for, as `vodup --help` says it. */
const ends = {
  0: "uploaded",
  1: "refused",
  2: "refused before anything is sent",
  3: "the source is refused",
  5: "stopped, to be run again",
};

function outcome({ code, statuses }, flaw) {
  if (flaw !== undefined) return `**${flaw.split(":")[0]}**`;
  return statuses === undefined ? `${ends[code]} (${code})` : `answered ${statuses.join(" and ")}`;
}

async function section() {
  const rows = [];
  const wrong = [];
  for (const one of cases) {
    const { ended, flaw, seconds, mebibytes } = await tried(one);
    const row = `| ${one.kind} | ${one.name} | ${outcome(ended, flaw)} | ${seconds.toFixed(1)} | ${mebibytes} |`;
    process.stderr.write(`${row}\n${flaw === undefined ? "" : `${flaw}\n`}`);
    rows.push(row);
    if (flaw !== undefined) wrong.push(one.name);
  }
  const text = `${heading}

Written by \`node scripts/reliability/hostile.mjs\`: each row is the built command in a process of its own, against the package's
emulator, a server that answers so, or a folder in which that lies. What comes of it is the exit code (of \`vodup listen\` the
statuses that it answers), with the seconds of the whole process and the most memory that it held, in MiB; a process that uploads
one small file holds some 90. A row is bold where a stack, a secret or a control character was printed, or the end is another one
than it should be. "uploaded" of a state that is none: from the beginning.

| who | what | what comes of it | s | MiB |
|---|---|---|---|---|
${rows.join("\n")}

The suites that hold vodup to it, with many more: \`test/hostile\` (answers of the API, the storage and of URLs, redirects,
callbacks, reflected secrets, checkpoints, every pattern), \`test/faults/long-texts.test.ts\`, \`test/cli/hostile-state.test.ts\`,
\`test/cli/neighbours.test.ts\`, \`test/upload/manifest/hostile.test.ts\` and \`test/memory/hostile.test.ts\`, which runs this table.
`;
  return { text, wrong };
}

/** The section as it stands in a page; empty when it has none. */
export function hostileSection(page) {
  const from = page.indexOf(heading);
  if (from === -1) return "";
  const next = page.indexOf("\n## ", from + heading.length);
  return next === -1 ? page.slice(from) : page.slice(from, next + 1);
}

if (process.argv[1] === import.meta.filename) {
  const { text, wrong } = await section();
  if (!process.argv.includes("--check")) {
    const path = join(import.meta.dirname, "../../docs/reliability.md");
    const page = await readFile(path, "utf8");
    const before = hostileSection(page);
    const at = page.indexOf("\n## Mutation score");
    const rest = at === -1 ? "" : page.slice(at);
    const put =
      before === ""
        ? `${(at === -1 ? page : page.slice(0, at)).trimEnd()}\n\n${text}${rest}`
        : page.replace(before, () => `${text}\n`);
    await writeFile(path, `${put.trimEnd()}\n`);
  }
  process.exit(wrong.length === 0 ? 0 : 1);
}
