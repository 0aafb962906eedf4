import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

/** What compose.yaml says of one container. */
export interface Service {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly deploy?: { readonly replicas: number };
  readonly restart: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface Compose {
  readonly services: { readonly redis: Service; readonly worker: Service; readonly board: Service };
  readonly volumes: Readonly<Record<string, unknown>>;
}

const folder = join(import.meta.dirname, "../..");

/**
 * compose.yaml with the variables of an environment filled in, as Compose does it: `${A}`, `${A:-default}`, `${A:?why}`.
 * @throws Error naming a variable that must be set and is not
 */
export async function readCompose(environment: Readonly<Record<string, string>>): Promise<Compose> {
  const filled = (text: string): string =>
    text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind?: string, rest = "") => {
      const value = environment[name] ?? "";
      if (value === "" && kind === "?") throw new Error(`required variable ${name} is missing a value: ${rest}`);
      return value === "" && kind === "-" ? rest : value;
    });
  const document: unknown = parse(await readFile(join(folder, "compose.yaml"), "utf8"), { merge: true });
  return each(document, filled) as Compose;
}

function each(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((one) => each(one, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, each(one, change)]));
}

/** What the image of Dockerfile starts, with its package installed elsewhere: by default where it is built. */
export async function entrypoint(packageFolder: string = folder): Promise<string[]> {
  const text = await readFile(join(folder, "Dockerfile"), "utf8");
  const [, list = "[]"] = /^ENTRYPOINT (.*)$/m.exec(text) ?? [];
  const words = JSON.parse(list) as string[];
  return words.map((word) => word.replace("/app/node_modules/vodup-bullmq", packageFolder));
}
