import type { CredentialProvider, ExpiringCredentials } from "../index.ts";
import type { Check } from "./check.ts";
import { fail, messageOf, pass, unknown } from "./check.ts";

/** Majors that are supported, and those that run and are tested though upstream has ended them. */
const supported = [22, 24, 26];
const ended: Readonly<Record<number, number>> = { 20: 19 };

const unchecked = "NODE_TLS_REJECT_UNAUTHORIZED";

/**
 * The version of Node, and the one setting with which it lets everybody in between read the keys.
 * @param version as in `process.versions.node`
 */
export function checkNode(version: string, env: NodeJS.ProcessEnv = {}): Check {
  // Node compares it as a text: "00" or "false" change nothing.
  if (env[unchecked] === "0") {
    const detail = `Node ${version} takes any certificate (${unchecked}=0): who is on the way reads keys and media`;
    const remedy = "unset it; an authority of your own is trusted with NODE_EXTRA_CA_CERTS=FILE";
    // A setting of the environment that is wrong: exit code 2.
    return fail("node", detail, remedy, Object.assign(new TypeError(detail), { code: "ERR_INVALID_ARG_VALUE" }));
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (supported.includes(major)) return pass("node", `Node ${version} is supported`);
  const leastMinor = ended[major];
  if (leastMinor !== undefined && minor >= leastMinor) {
    return pass("node", `Node ${version} runs, but upstream has ended it`, `move to Node ${supported.join(", ")}`);
  }
  if (major > Math.min(...supported))
    return unknown("node", `Node ${version} is not tested`, `use Node ${supported.join(", ")}`);
  return fail("node", `Node ${version} is too old`, `use Node ${supported.join(", ")}; 20.19 is the least that runs`);
}

/** Which variable names the proxy and which host it is; without user name and password. */
export function checkProxy(env: NodeJS.ProcessEnv): Check {
  const name = ["https_proxy", "HTTPS_PROXY"].find((variable) => (env[variable] ?? "").trim() !== "");
  if (name === undefined) return pass("proxy", "none: HTTPS_PROXY is not set");
  const host = (env[name] ?? "")
    .trim()
    .replace(/^[a-z]+:\/\//i, "")
    .replace(/^[^@]*@/, "")
    .replace(/\/.*$/, "");
  const except = env["no_proxy"] || env["NO_PROXY"];
  const exceptions = except === undefined || except === "" ? "" : `, but for ${except} (NO_PROXY)`;
  return pass("proxy", `${host} (${name})${exceptions}`);
}

/** SecretIds begin so: AKID on the China site and for temporary keys, IKID on the international one. */
const idPrefix = /^(AKID|IKID)/;

/**
 * Looks for credentials and at their form.
 * @returns what was found, undefined when nothing can be used
 */
export async function checkCredentials(
  provider: CredentialProvider,
  now: number,
): Promise<{ check: Check; found: ExpiringCredentials | undefined }> {
  let found: ExpiringCredentials;
  try {
    found = await provider();
  } catch (error) {
    const remedy = "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or write ~/.tencentcloud/credentials";
    return { check: fail("credentials", messageOf(error), remedy, error), found: undefined };
  }
  return { check: judgeForm(found, now), found };
}

function judgeForm({ secretId, secretKey, token, expiration, source }: ExpiringCredentials, now: number): Check {
  const where = `from ${source ?? "a provider"}`;
  if (idPrefix.test(secretKey) && !idPrefix.test(secretId)) {
    return fail("credentials", `${where}: SecretId and SecretKey seem to be exchanged`, "exchange their values");
  }
  const leftSeconds = expiration === undefined ? undefined : Math.round((expiration.getTime() - now) / 1000);
  if (leftSeconds !== undefined && leftSeconds <= 0) {
    const remedy = "renew them; if they are new, set this machine's clock right";
    return fail("credentials", `${where}: they expired ${-leftSeconds} s ago`, remedy);
  }
  if (!idPrefix.test(secretId)) {
    const remedy = "check that it is the SecretId of an API key (Access Management, API Keys)";
    return unknown("credentials", `${where}: the SecretId does not begin as they usually do (AKID, IKID)`, remedy);
  }
  const kind = token === undefined ? "a lasting key" : "a temporary key with its token";
  const left = leftSeconds === undefined ? "" : `, good for another ${leftSeconds} s`;
  return pass("credentials", `${where}: ${kind}${left}`);
}
