import { VodupError } from "../errors.ts";

/**
 * A place that simply has no credentials, so that the next of a chain is asked. Anything else that goes wrong ends the
 * chain: where one place is set up badly, another account's key must not be used instead.
 */
export class CredentialsAbsent extends VodupError {
  constructor(message: string, cause?: unknown) {
    super("CREDENTIALS", message, { cause });
  }
}
