import { stat } from "node:fs/promises";
import type { Arguments } from "../args.ts";
import type { UploadFlag } from "./flags.ts";
import { UsageError } from "../args.ts";
import { shownSource } from "../../shown-source.ts";

/** Two characters at least, since one is a drive. */
const address = /^[a-z][a-z0-9+.-]+:\/\//i;

/**
 * What other programs call their stores, and an address that lost its slashes. A file may be called so all the same.
 */
const shortForm = /^(?:https?|file|ftps?|sftp|s3|cos|gs|oss|rtmps?|rtsp|data):/i;

/**
 * Refuses sources and covers that were meant as an address and cannot be taken as one, before the first is sent: as a
 * path, each would be called a missing file.
 * @throws UsageError
 */
export async function checkSources(args: Arguments<UploadFlag>): Promise<void> {
  for (const source of args.operands) await check(source, "");
  const cover = args.text("cover");
  if (cover !== undefined) await check(cover, "--cover: ");
}

async function check(text: string, field: string): Promise<void> {
  const isAddress = address.test(text);
  if (!isAddress && !shortForm.test(text)) return;
  const isTaken = isAddress && /^(?:https?|file):/i.test(text);
  if (isTaken && URL.canParse(text)) return;
  if (await isThere(text)) return;
  const shown = `${field}${shownSource(text)}`;
  if (isTaken) throw new UsageError(`${shown} is not a valid URL; check its spelling`);
  throw new UsageError(
    `no such file: ${shown}. URLs must start with http://, https:// or file://; download other sources first`,
  );
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
