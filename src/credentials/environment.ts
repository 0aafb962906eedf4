import type { CredentialProvider } from "./source.ts";
import { VodupError } from "../errors.ts";
import { CredentialsAbsent } from "./absent.ts";
import { flawOf } from "./flaw.ts";

const idVariable = "TENCENTCLOUD_SECRET_ID";
const keyVariable = "TENCENTCLOUD_SECRET_KEY";
/** The vendor's Node SDK reads the first, its command line the second. */
const tokenVariables = ["TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_TOKEN"];

/**
 * Credentials of the environment: `TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY` and, of temporary ones,
 * `TENCENTCLOUD_SESSION_TOKEN` or else `TENCENTCLOUD_TOKEN`. Read again whenever credentials are asked for.
 *
 * @param env @defaultValue process.env
 * @returns a provider that rejects with VodupError `CREDENTIALS` when the key variables are not set, only one of them
 * is, or one is empty or badly formed
 */
export function fromEnvironment(env: NodeJS.ProcessEnv = process.env): CredentialProvider {
  return async () => {
    if (env[idVariable] === undefined && env[keyVariable] === undefined) {
      throw new CredentialsAbsent(`${idVariable} and ${keyVariable} are not set`);
    }
    const secretId = read(env, "secretId", idVariable);
    const secretKey = read(env, "secretKey", keyVariable);
    // An empty token is how a shell unsets one.
    const tokenVariable = tokenVariables.find((name) => (env[name] ?? "") !== "");
    const found = { source: "the environment", secretId, secretKey };
    return tokenVariable === undefined ? found : { ...found, token: read(env, "token", tokenVariable) };
  };
}

function read(env: NodeJS.ProcessEnv, field: "secretId" | "secretKey" | "token", variable: string): string {
  const value = env[variable];
  if (value === undefined) {
    throw new VodupError("CREDENTIALS", `${variable} is not set, but the other key variable is; set both or neither`);
  }
  const flaw = flawOf(field, value);
  if (flaw !== undefined) throw new VodupError("CREDENTIALS", `the environment variable ${variable} ${flaw}`);
  return value;
}
