import type { Arguments } from "../args.ts";
import { UsageError } from "../args.ts";
import { entryIds } from "../../state/directory.ts";

/**
 * The ids that a command is for: those typed, each cut short as far as it stays unambiguous, or with `--all` every one.
 * @throws UsageError
 */
export async function chosenIds(args: Arguments<"all">, directory: string): Promise<readonly string[]> {
  const all = await entryIds(directory);
  if (args.has("all")) {
    if (args.operands.length > 0) throw new UsageError("--all and ids exclude each other; leave one out");
    return all;
  }
  if (args.operands.length === 0) throw new UsageError('which upload? give an id of "vodup uploads list", or --all');
  const chosen = args.operands.map((typed) => {
    const matching = all.filter((id) => id.startsWith(typed.toLowerCase()));
    const [only] = matching;
    if (only !== undefined && matching.length === 1) return only;
    const why =
      matching.length === 0 ? "no unfinished upload has the id" : "more than one unfinished upload begins with";
    throw new UsageError(`${why} ${JSON.stringify(typed)}; see "vodup uploads list"`);
  });
  return [...new Set(chosen)];
}
