import { percentEncode } from "../signing/index.ts";

/** Shorter than this a value is no secret, and would be found in any text. */
const leastLength = 8;

/** Characters of one text of a server that are kept: errors, journals and reports hold it. */
const longestText = 8_192;

/** What names a secret wherever it stands: a token's header, however it is quoted, and a signature. */
const named: readonly RegExp[] = [
  /\b((?:x-cos-security-token|x-tc-token)["']?\s*[:=]\s*["']?)[^\s&"'<>;,]+/gi,
  /\b((?:q-)?signature\s*=\s*)[0-9a-f]{40,64}/gi,
];

/**
 * Makes a function that takes secrets out of text that came from outside. A server's messages may repeat what it was
 * sent: the services do so when a signature is wrong, and gateways print whole requests (wire §5.11).
 * What is longer than 8192 characters is cut.
 * @param secrets that were sent with the request, in whatever form they come back
 */
export function hider(...secrets: readonly (string | undefined)[]): (text: string) => string {
  // Made for every request, and called for the few that fail.
  return (text) => {
    let shown = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
    for (const pattern of named) shown = shown.replaceAll(pattern, "$1[hidden]");
    for (const form of formsOf(secrets)) shown = shown.replaceAll(form, "[hidden]");
    return shown;
  };
}

function formsOf(secrets: readonly (string | undefined)[]): readonly string[] {
  return secrets
    .filter((secret): secret is string => secret !== undefined && secret.length >= leastLength)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      percentEncode(secret),
      JSON.stringify(secret).slice(1, -1),
    ]);
}
