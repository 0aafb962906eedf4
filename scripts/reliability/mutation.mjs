// Writes the mutation score into docs/reliability.md, from the report that Stryker has left in test/mutation.
//
// usage: npm run test:mutation
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const here = import.meta.dirname;
const heading = "## Mutation score";

/** The section as it stands in the page, to its end. */
export function mutationSection(page) {
  const at = page.indexOf(heading);
  return at < 0 ? "" : page.slice(at);
}

/** Found by a test, or by the time limit that an endless loop meets. */
const caught = (status) => status === "Killed" || status === "Timeout";

function scoreOf(mutants) {
  const valid = mutants.filter(({ status }) => ["Killed", "Timeout", "Survived", "NoCoverage"].includes(status));
  const found = valid.filter(({ status }) => caught(status)).length;
  return { valid: valid.length, found, score: `${((100 * found) / valid.length).toFixed(1)} %` };
}

function sectionFrom(report) {
  const files = Object.entries(report.files).sort(([a], [b]) => (a < b ? -1 : 1));
  const all = scoreOf(files.flatMap(([, { mutants }]) => mutants));
  const ignored = files.flatMap(([, { mutants }]) => mutants).filter(({ status }) => status === "Ignored").length;
  const row = (name, { valid, found, score }) => `| ${name} | ${valid} | ${found} | ${score} |`;
  const left = files.flatMap(([name, { mutants }]) =>
    mutants
      .filter(({ status }) => status === "Survived" || status === "NoCoverage")
      .map(({ location, mutatorName }) => `${name}:${location.start.line} (${mutatorName})`),
  );
  return `${heading}

Written by \`npm run test:mutation\`: Stryker ${report.framework?.version ?? ""} changes one thing at a time in the code that signs, retries and
plans parts, and runs the tests that hold it (\`test/mutation\`). A change that no test notices is one that nobody would
notice. ${ignored} changes more, in what runs while a test file is loaded, were not tried: each takes all the tests.

| file | changes | noticed | score |
|---|---|---|---|
${files.map(([name, { mutants }]) => row(`\`${name}\``, scoreOf(mutants))).join("\n")}
${row("all", all)}

Not noticed: ${left.length === 0 ? "none" : left.join(", ")}.
`;
}

if (process.argv[1] === import.meta.filename) {
  const report = JSON.parse(await readFile(join(here, "../../test/mutation/report.json"), "utf8"));
  const path = join(here, "../../docs/reliability.md");
  const page = await readFile(path, "utf8");
  const before = page.slice(0, page.length - mutationSection(page).length).trimEnd();
  await writeFile(path, `${before}\n\n${sectionFrom(report)}`);
}
