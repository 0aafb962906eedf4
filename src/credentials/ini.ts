import type { CredentialProvider, ExpiringCredentials } from "./source.ts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VodupError } from "../errors.ts";
import { CredentialsAbsent } from "./absent.ts";
import { flawOf } from "./flaw.ts";
import { refuseUnknown } from "../unknown-options.ts";
import { homeFolder } from "../home.ts";

export interface IniOptions {
  /** One file, instead of `~/.tencentcloud/credentials` and then `/etc/tencentcloud/credentials`. */
  readonly file?: string | undefined;
  /** Section of the file. @defaultValue "default", the only one that the vendor's own clients read */
  readonly profile?: string | undefined;
}

/** Where the vendor's own clients look, in the order of its Node, Go and Python clients. */
export function credentialFiles(home: string = homeFolder()): readonly string[] {
  return [join(home, ".tencentcloud", "credentials"), "/etc/tencentcloud/credentials"];
}

/**
 * Credentials of the first file that exists: an INI file whose section has `secret_id`, `secret_key` and, of temporary
 * ones, `token`. Read again whenever credentials are asked for.
 *
 * @returns a provider that rejects with VodupError `CREDENTIALS` when no file exists, or the first that does cannot be
 * read or does not hold them: it is not passed over in silence
 */
export function fromIni(options: IniOptions = {}): CredentialProvider {
  refuseUnknown("", options, { file: true, profile: true } satisfies Record<keyof IniOptions, true>);
  const { file, profile = "default" } = options;
  return firstOf(file === undefined ? credentialFiles() : [file], profile);
}

/** {@link fromIni} for a list of files. */
export function firstOf(files: readonly string[], profile: string): CredentialProvider {
  return async () => {
    for (const path of files) {
      const text = await readIfThere(path);
      if (text !== undefined) return credentialsOf(path, text, profile);
    }
    throw new CredentialsAbsent(`${files.join(" and ")} ${files.length === 1 ? "does" : "do"} not exist`);
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new VodupError("CREDENTIALS", `cannot read ${path} (${code}); fix its permissions, or remove it`, { cause });
  }
}

function credentialsOf(path: string, text: string, profile: string): ExpiringCredentials {
  const section = parseSection(path, text, profile);
  const read = (field: "secretId" | "secretKey" | "token", name: string): string => {
    const value = section.get(name);
    const flaw = value === undefined ? "is missing" : flawOf(field, value);
    if (flaw !== undefined) throw malformed(path, `${name} in section [${profile}] ${flaw}`);
    return value ?? "";
  };
  const key = { source: path, secretId: read("secretId", "secret_id"), secretKey: read("secretKey", "secret_key") };
  return (section.get("token") ?? "") === "" ? key : { ...key, token: read("token", "token") };
}

/**
 * The entries of one section, names in lower case. Other sections are only skimmed: a foreign key with its own rules
 * must not spoil ours.
 */
function parseSection(path: string, text: string, profile: string): Map<string, string> {
  let entries: Map<string, string> | undefined;
  let inside = false;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const heading = headingOf(line);
    if (heading !== undefined) {
      inside = heading === profile;
      if (inside) entries ??= new Map();
      continue;
    }
    if (!inside) continue;
    const [, name, value] = /^([^=:\s]+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      // Never the line itself: it may be a key that lost its name.
      throw malformed(path, `line ${index + 1} is neither "name = value" nor a [section]`);
    }
    const lower = name.toLowerCase();
    if (entries?.has(lower) === true) throw malformed(path, `line ${index + 1} gives ${lower} a second time`);
    entries?.set(lower, valueOf(value));
  }
  if (entries === undefined) {
    if (profile !== "default") throw new CredentialsAbsent(`${path} has no section [${profile}]`);
    throw malformed(path, `there is no section [${profile}]`);
  }
  return entries;
}

/** Without its quotes, or without a comment that follows a blank. */
function valueOf(text: string): string {
  const quoted = /^(["'])(.*?)\1\s*(?:[#;].*)?$/.exec(text)?.[2];
  const comment = text.search(/(?<!\S)[#;]/);
  return quoted ?? (comment < 0 ? text : text.slice(0, comment).trimEnd());
}

/** The name in `[name]`, which a comment may follow. */
function headingOf(line: string): string | undefined {
  const end = line.indexOf("]");
  const isHeading = line.startsWith("[") && end > 0 && /^(?:$|[#;])/.test(line.slice(end + 1).trimStart());
  return isHeading ? line.slice(1, end).trim() : undefined;
}

function malformed(path: string, why: string): VodupError {
  return new VodupError("CREDENTIALS", `${path} cannot be used: ${why}; fix it, or remove it`);
}
