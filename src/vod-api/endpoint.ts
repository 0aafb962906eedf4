import { invalidArgument } from "../errors.ts";
import { parseOrigin } from "../http/endpoint.ts";

/** Which of the two separate clouds an account belongs to; keys of one are unknown to the other. */
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
