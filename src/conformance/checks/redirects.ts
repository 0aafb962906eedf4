import { finding } from "../finding.ts";
import type { Check } from "../scenario.ts";

/** Where the redirects of the scenarios lead: a path that no request of a client's own has. */
export const redirectTarget = "/redirected-by-the-judge";

/** A redirect that was followed: what was signed is not what was sent. */
export const redirectsFollowed: Check = ({ requests }) =>
  requests
    .filter(({ path }) => path.startsWith(redirectTarget))
    .map((request) => finding("1.5", `a redirect was followed to ${request.path}, by ${request.method}`, request));
