import { invalidArgument } from "../errors.ts";
import { parseOrigin } from "../http/endpoint.ts";

/** The public domain of every bucket; inside a region it resolves to an internal address by itself. */
export const defaultCosEndpoint = "https://{bucket}.cos.{region}.myqcloud.com";

/** A template that has been checked: gives the origin of a bucket in a region. */
export type CosEndpoint = (bucket: string, region: string) => string;

/**
 * Reads the `cosEndpoint` option: a template with `{bucket}` and `{region}`, or one fixed origin that serves every
 * bucket (a custom domain, a local double) (wire §6.1).
 * @throws TypeError `ERR_INVALID_ARG_VALUE`
 */
export function parseCosEndpoint(template: string = defaultCosEndpoint): CosEndpoint {
  if (template !== last?.template) last = { template, endpoint: readTemplate(template) };
  return last.endpoint;
}

/** Each upload has a client of its own for its bucket, and all of them the same template. */
let last: { readonly template: string; readonly endpoint: CosEndpoint } | undefined;

function readTemplate(template: string): CosEndpoint {
  if (typeof template !== "string") throw invalidArgument("cosEndpoint", "must be a URL or a template", template);
  const fill = (bucket: string, region: string): string =>
    template.replaceAll("{bucket}", bucket).replaceAll("{region}", region);
  // Any other brace is a misspelt placeholder; a URL parser would only complain about the host.
  if (/[{}]/.test(fill("", ""))) {
    throw invalidArgument("cosEndpoint", "knows the placeholders {bucket} and {region} only", template);
  }
  parseOrigin("cosEndpoint", fill("bucket-1250000000", "ap-singapore"));
  return (bucket, region) => {
    for (const [name, value] of [
      ["bucket", bucket],
      ["region", region],
    ] as const) {
      if (!isHostLabel(value)) throw invalidArgument(name, "is not a valid name", value);
    }
    return parseOrigin("cosEndpoint", fill(bucket, region));
  };
}

/** Whether a bucket or a region, as the service names it, can be a part of a host name and nothing else. */
export function isHostLabel(text: unknown): text is string {
  return typeof text === "string" && /^[a-z0-9][a-z0-9-]{0,100}$/i.test(text);
}
