// Pages that are written by hand but for their figures: these stand between two comments that name who writes them.
import { readFileSync, writeFileSync } from "node:fs";

/** Puts text between the two marks of a name. */
export function fillIn(page, name, script, text) {
  const [begin, end] = [`<!-- ${name}: written by ${script} -->`, `<!-- ${name}: end -->`];
  const [before, rest] = readFileSync(page, "utf8").split(begin);
  if (rest === undefined || !rest.includes(end)) throw new Error(`${page} lacks ${begin} … ${end}`);
  writeFileSync(page, `${before}${begin}\n\n${text}\n\n${end}${rest.slice(rest.indexOf(end) + end.length)}`);
}
