import { delimiter } from "node:path";

/** The settings of the commands, from the environment; README.md lists them. */
export class Settings {
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** An empty one counts as none: compose files pass what is not set like that. */
  text(name: string): string | undefined {
    const value = this.#env[name];
    return value === "" ? undefined : value;
  }

  /** @throws Error naming the variable */
  wholeNumber(name: string, from: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isInteger(value) && value >= from) return value;
    throw new Error(`${name} must be a whole number from ${from} up, this is ${JSON.stringify(text)}`);
  }

  /** As PATH has them. */
  folders(name: string): string[] | undefined {
    return this.#list(name, delimiter);
  }

  /** Separated by commas. */
  words(name: string): string[] | undefined {
    return this.#list(name, ",");
  }

  #list(name: string, separator: string): string[] | undefined {
    const entries = this.text(name)?.split(separator) ?? [];
    const given = entries.map((entry) => entry.trim()).filter((entry) => entry !== "");
    return given.length === 0 ? undefined : given;
  }
}
