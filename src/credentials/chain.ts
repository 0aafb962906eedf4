import type { CredentialProvider, ExpiringCredentials } from "./source.ts";
import { CredentialsAbsent } from "./absent.ts";
import { fromEnvironment } from "./environment.ts";
import { credentialFiles, firstOf } from "./ini.ts";
import { fromMetadata } from "./metadata.ts";

/** A provider that may also have nothing to give: then the next is asked. */
export type CredentialLink = () => Promise<ExpiringCredentials | undefined>;

/**
 * The first of several providers that has credentials. One that fails in any other way than having none, such as a file
 * that is there but malformed, ends the chain with its error.
 *
 * @returns a provider that rejects with VodupError `CREDENTIALS`, naming every place that was asked, when none has any
 * @example
 * new VodClient({ credentials: chain(fromEnvironment(), fromIni(), fromMetadata()) });
 */
export function chain(...links: readonly CredentialLink[]): CredentialProvider {
  return async () => {
    const inVain: string[] = [];
    for (const [index, link] of links.entries()) {
      try {
        const found = await link();
        if (found !== undefined) return found;
        inVain.push(`provider ${index + 1} has none`);
      } catch (error) {
        if (!(error instanceof CredentialsAbsent)) throw error;
        inVain.push(error.message);
      }
    }
    throw new CredentialsAbsent(
      `no credentials found: ${inVain.join("; ") || "the chain is empty"}; provide one of these`,
    );
  };
}

/**
 * The order of the command line: the environment, then `~/.tencentcloud/credentials`, then
 * `/etc/tencentcloud/credentials`.
 *
 * @param options.home @defaultValue the user's home directory
 * @param options.metadata the instance's role instead: a caller who asks for it means no other key of this machine.
 * Never contacted otherwise. @defaultValue false
 * @param options.profile a section of those files, which then comes before the environment. @defaultValue "default",
 * after the environment
 */
export function defaultCredentials(
  options: {
    readonly env?: NodeJS.ProcessEnv | undefined;
    readonly home?: string | undefined;
    readonly metadata?: boolean | undefined;
    readonly profile?: string | undefined;
  } = {},
): CredentialProvider {
  if (options.metadata === true) return fromMetadata();
  const files = credentialFiles(options.home);
  if (options.profile !== undefined) return chain(firstOf(files, options.profile), fromEnvironment(options.env));
  return chain(fromEnvironment(options.env), firstOf(files, "default"));
}

/** Options of a client, as far as the environment has them. */
export interface ConfigFromEnvironment {
  readonly credentials: CredentialProvider;
  readonly site?: "intl" | "cn";
  readonly region?: string;
  readonly subAppId?: string;
  readonly vodEndpoint?: string;
  readonly cosEndpoint?: string;
}

/**
 * Options of a client from the variables that the command line reads: `VODUP_SITE`, `TENCENTCLOUD_REGION`,
 * `VODUP_SUB_APP_ID`, `VODUP_VOD_ENDPOINT`, `VODUP_COS_ENDPOINT`, and {@link defaultCredentials}. A variable that is
 * not set, or empty, leaves its option out; the client checks the values. Nothing else in the library reads them.
 *
 * @param env @defaultValue process.env
 * @example
 * const vod = new VodClient({ ...configFromEnvironment(), concurrency: 4 });
 */
export function configFromEnvironment(env: NodeJS.ProcessEnv = process.env): ConfigFromEnvironment {
  const found = Object.entries({
    site: env["VODUP_SITE"],
    region: env["TENCENTCLOUD_REGION"],
    subAppId: env["VODUP_SUB_APP_ID"],
    vodEndpoint: env["VODUP_VOD_ENDPOINT"],
    cosEndpoint: env["VODUP_COS_ENDPOINT"],
  }).filter(([, value]) => (value ?? "") !== "");
  return { credentials: defaultCredentials({ env }), ...Object.fromEntries(found) };
}
