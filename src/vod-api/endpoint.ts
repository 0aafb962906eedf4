import { invalidArgument } from "../errors.ts";
import { parseOrigin } from "../http/endpoint.ts";

/** Which of the two sites an account belongs to; whether keys of one are good on the other is open (wire §17.8). */
export type Site = "intl" | "cn";

const hosts: Readonly<Record<Site, string>> = {
  intl: "https://vod.intl.tencentcloudapi.com",
  cn: "https://vod.tencentcloudapi.com",
};

/**
 * The origin of the VOD API. A regional (`vod.ap-singapore.tencentcloudapi.com`), internal or financial-zone host is
 * given as `vodEndpoint`; the service that is signed stays `vod` for all of them (wire §3.1).
 */
export function vodOrigin(site: Site = "intl", vodEndpoint?: string): string {
  if (!Object.hasOwn(hosts, site)) throw invalidArgument("site", 'must be "intl" or "cn"', site);
  return vodEndpoint === undefined ? hosts[site] : parseOrigin("vodEndpoint", vodEndpoint);
}

/** Actions of the China site's API that the international one does not have (wire §20). */
const ofChinaSiteOnly: ReadonlySet<string> = new Set(["DescribeEventsState"]);

/**
 * Regional endpoints serve both sites and do not say which, so that only the international host itself is known.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE`
 */
export function refuseOtherSitesAction(action: string, origin: string): void {
  if (origin !== hosts.intl || !ofChinaSiteOnly.has(action)) return;
  const why = `the international API does not have it, only the China site does (site "cn", ${new URL(hosts.cn).host})`;
  throw invalidArgument("action", `cannot be ${action} at ${new URL(origin).host}: ${why}`);
}
