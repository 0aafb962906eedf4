// The table of docs/runtimes.md.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const page = join(import.meta.dirname, "../../docs/runtimes.md");

/** @param results of every place, in order */
export async function writeTable(results) {
  const rows = results.map(({ place, passed, checked }) => {
    const cells = [place.name, place.version(), `${passed} of 19`, checked === undefined ? "" : `${checked} of 12`];
    return `| ${[...cells, place.setting ?? ""].join(" | ")} |`;
  });
  const table = ["| where | version | steps | command | setting |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
  const text = await readFile(page, "utf8");
  const [before, after] = ["<!-- table -->", "<!-- end of table -->"].map((mark) => text.indexOf(mark));
  if (before < 0 || after < before) throw new Error("docs/runtimes.md has no place for the table");
  await writeFile(page, `${text.slice(0, before)}<!-- table -->\n\n${table}\n\n${text.slice(after)}`);
}
