import { fileURLToPath } from "node:url";
import { invalidArgument } from "../errors.ts";

/**
 * The path of a file: URL.
 * @param field the option's name, for messages
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for one of another machine, or with an encoded slash
 */
export function pathOfFileUrl(field: string, url: URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw invalidArgument(field, "is a file: URL that names no file on this machine", url.href);
  }
}
