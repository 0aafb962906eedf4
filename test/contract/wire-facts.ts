/** What the answers themselves look like, read from what was recorded: form only, no value. */
import type { Exchange } from "./recorder.ts";
import type { Facts } from "./scenarios.ts";
import { valueOf } from "./recorder.ts";
import { isRecord, operationOf, parse } from "./subject.ts";

/** A proxy's or a connection's own, and what depends on the day. */
const passing = /^(connection|keep-alive|transfer-encoding|server|via|content-length|date)$/i;

export function wireFacts(exchanges: readonly Exchange[]): Facts {
  const facts: Facts = new Map();
  for (const site of ["vod", "cos"] as const) {
    const own = exchanges.filter(({ host }) => host.includes(".cos.") === (site === "cos"));
    if (own.length === 0) continue;
    const dated = own.filter(({ headers }) => valueOf(headers, "date") !== undefined).length;
    facts.set(`wire.${site}.date`, dated === own.length ? "always" : dated === 0 ? "never" : "sometimes");
  }
  // Here, and not in a scenario: redacted, the two no longer have a name in common.
  const put = exchanges.find((exchange) => operationOf(exchange) === "PutObject");
  if (put !== undefined) {
    const isNamed = put.host.startsWith(`${put.target.split("/")[1]}-`);
    facts.set("wire.cos.bucket-names-the-first-folder", isNamed ? "yes" : "no");
  }
  for (const exchange of exchanges) {
    const operation = operationOf(exchange);
    const response = parse(exchange.body)["Response"];
    const refused = exchange.status >= 300 || (isRecord(response) && "Error" in response);
    const name = refused ? `wire.${operation}.refused` : `wire.${operation}`;
    // The first of its kind speaks for all.
    if (facts.has(`${name}.headers`)) continue;
    const names = exchange.headers.map(([each]) => each).filter((each) => !passing.test(each));
    facts.set(`${name}.headers`, [...new Set(names)].sort().join(" "));
    if (isRecord(response)) facts.set(`${name}.members`, members(response));
    const tags = [...exchange.body.toString("latin1").matchAll(/<([A-Za-z:]+)[\s>/]/g)].map(([, tag = ""]) => tag);
    if (tags.length > 0) facts.set(`${name}.elements`, [...new Set(tags)].join(" "));
    const etag = valueOf(exchange.headers, "etag");
    if (etag !== undefined) facts.set(`${name}.etag`, etag.startsWith('"') ? "quoted" : "not quoted");
    const inside = /<ETag>(.*?)<\/ETag>/s.exec(exchange.body.toString("latin1"))?.[1];
    if (inside !== undefined) facts.set(`${name}.etag-element`, /^(?:"|&quot;)/.test(inside) ? "quoted" : "not quoted");
  }
  return facts;
}

/** Names, and of what is null or no text also its kind. */
function members(value: Readonly<Record<string, unknown>>): string {
  const named = Object.entries(value).map(([name, member]) => {
    if (member === null) return `${name}=null`;
    if (Array.isArray(member)) return `${name}[]`;
    return isRecord(member) ? `${name}{${members(member)}}` : name;
  });
  return named.sort().join(" ");
}
