import type { Credentials } from "./source.ts";
import { VodupError } from "../errors.ts";

/** The names of the environment variables that hold credentials, in the vendor's own spelling. */
export const credentialVariables = {
  secretId: "TENCENTCLOUD_SECRET_ID",
  secretKey: "TENCENTCLOUD_SECRET_KEY",
  /** The Node SDK reads the first, the vendor's command line the second. */
  token: ["TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_TOKEN"],
} as const;

/**
 * Credentials of the environment: `TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY`, and
 * `TENCENTCLOUD_SESSION_TOKEN` or `TENCENTCLOUD_TOKEN`; undefined when neither key variable is set.
 * @throws VodupError `CREDENTIALS` when only one is set, or one is empty or has blanks around it
 */
export function fromEnvironment(env: NodeJS.ProcessEnv = process.env): Credentials | undefined {
  const secretId = env[credentialVariables.secretId];
  const secretKey = env[credentialVariables.secretKey];
  if (secretId === undefined && secretKey === undefined) return undefined;
  const token = credentialVariables.token.map((name) => env[name]).find((value) => value !== undefined && value !== "");
  const named = [
    [credentialVariables.secretId, secretId],
    [credentialVariables.secretKey, secretKey],
  ] as const;
  for (const [name, value] of named) {
    if (value === undefined || value === "") {
      throw new VodupError("CREDENTIALS", `${name} is not set; export it together with the other key variable`);
    }
    if (value !== value.trim()) {
      throw new VodupError("CREDENTIALS", `${name} has blanks or line ends around it; remove them`);
    }
  }
  if (token !== undefined && token !== token.trim()) {
    throw new VodupError("CREDENTIALS", "the session token variable has blanks or line ends around it; remove them");
  }
  return { secretId: secretId as string, secretKey: secretKey as string, ...(token === undefined ? {} : { token }) };
}
