import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Batch } from "../../batch/batch.ts";
import { lockOf } from "../../batch/journal.ts";
import { Report } from "../../batch/report.ts";
import { UsageError } from "../args.ts";
import { reasonOf, systemCode } from "../../reason-of.ts";

/** Neither the manifest nor the journal may be written over. @throws UsageError */
export function checkPaths(manifest: string, journal: string, report: string | undefined): void {
  if (journal === manifest) throw new UsageError("--journal must be another file than the manifest");
  if (report === undefined) return;
  if (resolve(report) === manifest) throw new UsageError("--report must be another file than the manifest");
  if (resolve(report) === journal) throw new UsageError("--report must be another file than the journal");
}

/**
 * Begins the report, with what earlier runs have.
 * @throws UsageError when it is one of the other files, or cannot be written
 */
export async function beginReport(
  path: string | undefined,
  batch: Batch,
  manifest: string,
  journal: string | undefined,
): Promise<Report | undefined> {
  if (path === undefined) return undefined;
  await checkReport(path, manifest, journal);
  const report = await Report.begin(path).catch((error: unknown) => {
    throw unwritable("report", path, error);
  });
  for await (const line of batch.settled()) await report.add(line);
  return report;
}

/** By what they are and not by their names: a link leads to the same file, and the report would empty it. */
async function checkReport(path: string, manifest: string, journal: string | undefined): Promise<void> {
  const identity = async (file: string): Promise<string | undefined> =>
    stat(file, { bigint: true }).then(
      ({ dev, ino }) => `${dev}:${ino}`,
      () => undefined,
    );
  const own = await identity(path);
  if (own === undefined) return;
  const others = [
    ["manifest", manifest],
    ...(journal === undefined ? [] : [["journal", journal] as const, ["lock", lockOf(journal)] as const]),
  ] as const;
  for (const [what, file] of others) {
    if ((await identity(file)) === own) throw new UsageError(`--report must be another file than the ${what}`);
  }
}

export function unwritable(flag: "journal" | "report", path: string, cause: unknown): UsageError {
  const why = systemCode(cause) ?? reasonOf(cause);
  return new UsageError(`--${flag}: ${path} cannot be written (${why}); choose another place with --${flag} FILE`);
}
