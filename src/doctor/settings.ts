import type { Check } from "./check.ts";
import type { StorageRegionInfo, SubAppIdInfo, VodApi } from "../vod-api/index.ts";
import { entriesOf, givenText, textMember } from "../json.ts";
import { VodApiError } from "../vod-api/index.ts";
import { fail, isUnauthorized, messageOf, pass, unknown } from "./check.ts";

export interface Regions {
  readonly subApp: Check;
  readonly storageRegion: Check;
  /** Where media goes when no region is named. */
  readonly defaultRegion: string | undefined;
}

interface RegionQuestion {
  /** As given. */
  readonly subAppId: string | undefined;
  /** The account's applications, if they could be listed. */
  readonly known: readonly SubAppIdInfo[] | undefined;
  /** The storage region that uploads name. */
  readonly wanted: string | undefined;
}

/** Asks for the storage regions, and with them whether the application is the right one. */
export async function checkRegions(
  api: VodApi,
  { subAppId, known, wanted }: RegionQuestion,
  signal: AbortSignal,
): Promise<Regions> {
  const listed = known?.find((app) => String(app.SubAppId) === subAppId);
  const named = subAppId === undefined ? "the account's default application" : `application ${subAppId}`;
  try {
    const answer = await api.call("DescribeStorageRegions", {}, { signal });
    const regions = entriesOf(answer.StorageRegionInfos).filter(({ Region }) => givenText(Region) !== undefined);
    return {
      subApp: judgeSubApp(named, subAppId, listed, known),
      storageRegion: judgeRegion(regions, wanted),
      defaultRegion: regions.find((region) => region.IsDefault)?.Region,
    };
  } catch (error) {
    signal.throwIfAborted();
    const untried = { storageRegion: unknown("storage-region", messageOf(error)), defaultRegion: undefined };
    if (error instanceof VodApiError && isUnauthorized(error)) {
      return { ...untried, subApp: judgeSubApp(named, subAppId, listed, known) };
    }
    if (!(error instanceof VodApiError) || error.retryable) {
      return { ...untried, subApp: unknown("sub-app", messageOf(error)) };
    }
    const remedy = `name one with --sub-app-id; ${listOf(known)}`;
    const subApp = fail("sub-app", `${named} is refused: ${error.message}`, remedy, error);
    return { ...untried, subApp, storageRegion: unknown("storage-region", "the application is refused") };
  }
}

function judgeSubApp(
  named: string,
  subAppId: string | undefined,
  listed: SubAppIdInfo | undefined,
  known: readonly SubAppIdInfo[] | undefined,
): Check {
  const status = givenText(listed?.Status);
  if (status !== undefined && status !== "On") {
    return fail("sub-app", `${named} is ${status}`, `switch it on in the console, or ${listOf(known)}`);
  }
  if (subAppId !== undefined && known !== undefined && listed === undefined) {
    return unknown("sub-app", `${named} is accepted, but not among those listed`, listOf(known));
  }
  const name = listed === undefined ? "" : ` (${nameOf(listed)})`;
  return pass("sub-app", `${named}${name} is accepted`);
}

function nameOf(app: SubAppIdInfo): string {
  return textMember(app, "SubAppIdName", "Name") ?? "without a name";
}

function listOf(known: readonly SubAppIdInfo[] | undefined): string {
  if (known === undefined || known.length === 0) return "the console lists the account's applications";
  const shown = known
    .slice(0, 10)
    .map((app) => `${app.SubAppId} (${nameOf(app)}, ${givenText(app.Status) ?? "status unknown"})`);
  return `the account has ${shown.join(", ")}${known.length > 10 ? ` and ${known.length - 10} more` : ""}`;
}

function judgeRegion(regions: readonly StorageRegionInfo[], wanted: string | undefined): Check {
  const opened = regions.filter((region) => region.Status === "opened").map((region) => region.Region);
  if (wanted === undefined) {
    const byDefault = regions.find((region) => region.IsDefault)?.Region;
    return byDefault === undefined
      ? unknown("storage-region", `no region is the default one; opened: ${opened.join(", ")}`)
      : pass("storage-region", `${byDefault} by default; opened: ${opened.join(", ")}`);
  }
  if (opened.includes(wanted)) return pass("storage-region", `${wanted} is opened`);
  const exists = regions.some((region) => region.Region === wanted);
  const remedy = exists
    ? "open it in the console, or with CreateStorageRegion (5 to 10 minutes, cannot be undone)"
    : "check its spelling";
  return fail(
    "storage-region",
    `${wanted} is ${exists ? "not opened" : "no storage region"}; opened: ${opened.join(", ")}`,
    remedy,
  );
}

/** Whether uploads make events, and where those go. Nobody must want them, so what is off is not a failure. */
export async function checkEvents(api: VodApi, signal: AbortSignal): Promise<Check> {
  try {
    const config = await api.call("DescribeEventConfig", {}, { signal });
    const { Mode: mode, NotificationUrl: url, UploadMediaCompleteEventSwitch: uploads } = config;
    const isPush = mode === "PUSH";
    const where = isPush ? `pushed to ${hostOf(url)}` : "queued for vodup events";
    if (uploads !== "ON") {
      const detail = `uploads make no events (they would be ${where})`;
      return unknown("events", detail, "if you wait for them: vodup events config --upload-events on");
    }
    if (isPush && givenText(url) === undefined) {
      const remedy = "vodup events config --push URL, or --pull";
      return unknown("events", "uploads make events, but they are pushed to no address", remedy);
    }
    return pass("events", `uploads make events, ${where}`);
  } catch (error) {
    signal.throwIfAborted();
    return unknown("events", messageOf(error));
  }
}

/** An address of events may hold a secret in its path or query. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "no address";
}
