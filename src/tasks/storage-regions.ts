import type { TaskApi, TaskCallOptions, WaitOptions } from "./options.ts";
import { invalidArgument } from "../errors.ts";
import { entriesOf, member, textMember } from "../json.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { Waiting } from "./polling.ts";
import { checkNames } from "./option-names.ts";

/** A region in which media can be stored. */
export interface StorageRegion {
  /** Such as `ap-singapore`. */
  readonly region: string;
  readonly description: string;
  /** Whether uploads may name it. */
  readonly opened: boolean;
  readonly isDefault: boolean;
  /** `Chinese Mainland` or `Outside Chinese Mainland`. */
  readonly area: string;
}

/**
 * The storage regions of the application, opened or not. The list changes; ask for it, do not write it down.
 * @throws VodApiError, NetworkError
 */
export async function storageRegions(api: TaskApi, options: TaskCallOptions = {}): Promise<StorageRegion[]> {
  checkNames(options);
  const SubAppId = parseSubAppId("subAppId", options.subAppId);
  const { StorageRegionInfos } = await api.call("DescribeStorageRegions", { SubAppId }, { signal: options.signal });
  return entriesOf(StorageRegionInfos).map((entry) => ({
    region: textMember(entry, "Region") ?? "",
    description: textMember(entry, "Description") ?? "",
    opened: entry.Status === "opened",
    isDefault: member(entry, "IsDefault") === true,
    area: textMember(entry, "Area") ?? "",
  }));
}

export interface OpenStorageRegionOptions extends WaitOptions {
  /** @defaultValue 900000 (15 min; the service says 5 to 10) */
  readonly timeoutMs?: number | undefined;
  /** Answer only once uploads may name it. @defaultValue true */
  readonly wait?: boolean | undefined;
}

const presetTimeoutMs = 900_000;

/**
 * Opens a storage region for the application. **It cannot be closed again.** One that is open already is left alone.
 * @returns whether it had to be opened
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when the service knows no such region; VodupError `TIMEOUT`; VodApiError
 */
export async function openStorageRegion(
  api: TaskApi,
  region: string,
  options: OpenStorageRegionOptions = {},
): Promise<boolean> {
  checkNames(options);
  const subAppId = parseSubAppId("subAppId", options.subAppId);
  const waiting = new Waiting(`opening ${region}`, options, presetTimeoutMs);
  const find = async (signal: AbortSignal | undefined): Promise<StorageRegion> => {
    const known = await storageRegions(api, { subAppId, signal });
    const found = known.find((one) => one.region === region);
    if (found !== undefined) return found;
    throw invalidArgument("region", `must be one of ${known.map((one) => one.region).join(", ")}`, region);
  };
  if ((await find(options.signal)).opened) return false;
  await api.call("CreateStorageRegion", { StorageRegion: region, SubAppId: subAppId }, { signal: options.signal });
  if (options.wait === false) return true;
  return waiting.until(async () => ((await find(waiting.signal)).opened ? true : undefined));
}
