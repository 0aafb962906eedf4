import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { SpecField, VodSpec } from "../../support/spec-check.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** One statement for the compiler, which must accept it or name exactly these differing fields. */
export interface TypeCheck {
  readonly label: string;
  /** A statement on one line; the wire types are in `W`. */
  readonly statement: string;
}

/** What the compiler said about a statement that it refused. */
export interface Refusal {
  readonly label: string;
  /** Names of the fields that differ; for other errors the message. */
  readonly says: string;
}

/** `Same` asks for identity, optionality and `readonly` included; mutual assignability would let both differ. */
const prelude = [
  `import type * as W from "./wire.ts";`,
  `type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;`,
  `type Plain<T> = { [K in keyof T]: T[K] };`,
  // In a property, so that the compiler prints the names themselves and not this alias.
  `type Differing<A, B> = { fields: { [K in keyof A | keyof B]-?: K extends keyof A & keyof B ? (Same<Plain<Pick<A, K>>, Plain<Pick<B, K>>> extends true ? never : K) : K }[keyof A | keyof B] };`,
  `function agree<Fields extends never>(_: Fields[] = []): void {}`,
];

/** A check that type `left` has exactly the fields the spec lists. */
export function agreement(label: string, left: string, fields: readonly SpecField[], spec: VodSpec): TypeCheck {
  const members = fields.map((field) => memberText(field, spec, left.endsWith(`["request"]`)));
  return { label, statement: `agree<Differing<${left}, { ${members.join(" ")} }>["fields"]>();` };
}

/** A check that a JSON value can be written down as that type, so that unknown fields count. */
export function assignment(label: string, type: string, value: unknown): TypeCheck {
  return { label, statement: `agree<never>(); { const sample: ${type} = ${JSON.stringify(value)}; void sample; }` };
}

function memberText(field: SpecField, spec: VodSpec, inRequest: boolean): string {
  const single = field.values?.map((value) => JSON.stringify(value)).join(" | ") ?? typeText(field, spec, inRequest);
  const type = field.list === true ? `readonly (${single})[]` : single;
  const nullable = field.nullable ? `${type} | null` : type;
  return field.required ? `${field.name}: ${nullable};` : `${field.name}?: ${nullable} | undefined;`;
}

function typeText(field: SpecField, spec: VodSpec, inRequest: boolean): string {
  switch (field.type) {
    case "string":
    case "datetime_iso":
      return "string";
    case "bool":
      return "boolean";
    case "int64":
    case "float":
      return "number";
    case "uint64":
      // The one id that callers hold as a bigint at times.
      return inRequest && field.name === "SubAppId" ? "number | bigint" : "number";
    default:
      if (spec.objects[field.type] !== undefined) return `W.${field.type}`;
      return spec.open[field.type] === "task" ? "W.RawTask" : "W.RawObject";
  }
}

/**
 * Compiles all checks at once, with the project's own settings, and answers those that were refused. TypeScript 7 has no
 * stable API to ask types of, so its command is asked.
 */
export async function compileTypeChecks(checks: readonly TypeCheck[]): Promise<Refusal[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "vodup-types-"));
  try {
    const wire = readdirSync(path.join(root, "src/vod-api")).filter((file) => /^(types-.+|actions)\.ts$/.test(file));
    writeFileSync(
      path.join(folder, "wire.ts"),
      wire.map((file) => `export type * from ${JSON.stringify(path.join(root, "src/vod-api", file))};\n`).join(""),
    );
    writeFileSync(
      path.join(folder, "checks.ts"),
      [...prelude, ...checks.map((check) => check.statement), ""].join("\n"),
    );
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(
      path.join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: path.join(root, "tsconfig.json"),
        compilerOptions: { types: [], isolatedDeclarations: false, declaration: false, noUnusedLocals: false },
        files: ["checks.ts"],
        include: [],
      }),
    );
    return readRefusals(await compilerOutput(folder), checks);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compilerOutput(folder: string): Promise<string> {
  const typescript = path.dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const args = [path.join(typescript, "bin/tsc"), "-p", folder, "--pretty", "false"];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { maxBuffer: 2 ** 26, timeout: 60_000 }, (error, stdout, stderr) => {
      // Exit codes 1 and 2 say that there were errors, which is what was asked.
      if (error === null || error.code === 1 || error.code === 2) resolve(stdout);
      else reject(new Error(`the compiler did not run: ${stderr || error.message}`, { cause: error }));
    });
  });
}

function readRefusals(output: string, checks: readonly TypeCheck[]): Refusal[] {
  return output
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith(" "))
    .map((line) => {
      const [, number, message = ""] = /checks\.ts\((\d+),\d+\): error TS\d+: (.*)$/.exec(line) ?? [];
      const check = number === undefined ? undefined : checks[Number(number) - 1 - prelude.length];
      if (check === undefined) throw new Error(`the compiler said something unexpected: ${line}`);
      const names = /^Type '(.+)' does not satisfy the constraint 'never'\.$/.exec(message)?.[1];
      return { label: check.label, says: names?.replaceAll('"', "") ?? message };
    });
}
