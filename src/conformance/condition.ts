import type { Evidence } from "./scenario.ts";

/** Whether what a scenario is about has happened: until then, what goes wrong has other reasons. */
export function conditionArose(evidence: Evidence): boolean {
  const { scenario, requests, killed } = evidence;
  if (scenario.arose !== undefined) return scenario.arose(evidence);
  if (scenario.killWhen !== undefined && killed === undefined) return false;
  const struck = requests.some(({ fault }) => fault !== undefined);
  const refused = requests.some((request) => scenario.tolerates?.(request) === true && request.code !== undefined);
  return struck || refused || (scenario.killWhen !== undefined && killed !== undefined);
}
