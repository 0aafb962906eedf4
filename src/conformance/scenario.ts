import type {
  CommittedMedia,
  Emulator,
  EmulatorOptions,
  LoggedRequest,
  OpenUpload,
  SessionSummary,
} from "../emulator/index.ts";
import type { Finding, Rule } from "./finding.ts";
import type { CommandRun } from "./run-command.ts";

/** `core`: no faults. `full`: `core` and what a client must survive. */
export type Profile = "core" | "full";

export type Family =
  | "signatures"
  | "encodings"
  | "put"
  | "multipart"
  | "commit"
  | "retry"
  | "answers"
  | "ambiguity"
  | "abort"
  | "resume"
  | "certificates"
  | "hygiene";

/** How the command should end: `either` for what a client may survive or report, but not get wrong. */
export type Outcome = "success" | "failure" | "either";

/** One upload under one condition, and what is to be seen of it. */
export interface Scenario {
  readonly name: string;
  readonly family: Family;
  readonly profile: Profile;
  /** One line: the condition. */
  readonly summary: string;
  /** What this scenario is there for; its other checks may find more. */
  readonly rules: readonly Rule[];
  readonly outcome: Outcome;
  /** Bytes. */
  readonly fileSize: number;
  /** @defaultValue "media.mp4" */
  readonly fileName?: string | undefined;
  /** Of VODUP_PART_SIZE, bytes. @defaultValue 1 MiB */
  readonly partSize?: number | undefined;
  readonly emulator?: EmulatorOptions | undefined;
  /** Of each run. @defaultValue 60000 */
  readonly timeoutMs?: number | undefined;
  /** Called when the emulator has started, before the command. */
  readonly prepare?: ((emulator: Emulator) => void) | undefined;
  /** Makes the scenario two runs of the command: the first is killed as soon as this holds. */
  readonly killWhen?: ((emulator: Emulator) => boolean) | undefined;
  /** Called between the two runs. */
  readonly between?: ((emulator: Emulator, media: MediaFile) => Promise<void>) | undefined;
  /** Beside what every command gets. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Address of the emulator. @defaultValue "127.0.0.1" */
  readonly host?: "127.0.0.1" | "::1" | undefined;
  /** Whether the condition arose. @defaultValue a fault struck, or a killed run, where there are any to be */
  readonly arose?: ((evidence: Evidence) => boolean) | undefined;
  /** Refused requests that belong to the condition. */
  readonly tolerates?: ((request: LoggedRequest) => boolean) | undefined;
  /** Nobody can be asked to abort under this condition. @defaultValue false */
  readonly mayLeaveParts?: boolean | undefined;
  /** Beside the checks of every scenario. */
  readonly checks?: readonly Check[] | undefined;
}

/** The file that is to be uploaded. */
export interface MediaFile {
  readonly path: string;
  readonly bytes: Buffer;
  /** Replaces the file, as somebody would who edits it. */
  replace(bytes: Buffer): Promise<void>;
}

export interface StoredObject {
  readonly size: number;
  readonly bytes: Buffer;
}

/** All that is known when the command has ended. */
export interface Evidence {
  readonly scenario: Scenario;
  readonly file: { readonly bytes: Buffer };
  readonly mediaType: string;
  /** Bytes. */
  readonly partSize: number;
  /** Of the account. */
  readonly secretId: string;
  readonly secrets: readonly string[];
  readonly runs: readonly CommandRun[];
  /** All that the command ever wrote into its state directory, its temporary one and beside the media: by path. */
  readonly stateFiles: ReadonlyMap<string, string>;
  /** Command lines of the processes that ran, as anybody on the machine could read them. */
  readonly arguments: readonly string[];
  /** Where the first run was killed: how many requests it had sent, and what was stored of it. */
  readonly killed?: { readonly requests: number; readonly uploads: readonly OpenUpload[] } | undefined;
  readonly requests: readonly LoggedRequest[];
  readonly sessions: readonly SessionSummary[];
  readonly media: readonly CommittedMedia[];
  /** By key, without leading slash. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly uploads: readonly OpenUpload[];
}

/** Looks for one kind of mistake. `earlier` are the findings of the checks before it. */
export type Check = (evidence: Evidence, earlier: readonly Finding[]) => readonly Finding[];

/** The requests of an operation, in the order of arrival. */
export function requestsOf(evidence: Evidence, ...operations: readonly string[]): LoggedRequest[] {
  return evidence.requests.filter(({ operation }) => operations.includes(operation));
}

/** Whether the operation was carried out and its answer sent as it is. */
export function succeeded(request: LoggedRequest): boolean {
  return request.status >= 200 && request.status < 300 && request.code === undefined && request.fault === undefined;
}

/**
 * Parameters of a COS signature as they stand in the Authorization header, or in the query: one by one, or together as
 * `sign` (wire §5.17). The signature itself is redacted.
 */
export function signatureFields(request: LoggedRequest): ReadonlyMap<string, string> {
  const { headers, query } = request;
  const fields = new Map<string, string>();
  for (const pair of (headers["authorization"] ?? query["sign"] ?? "").split("&")) {
    const equals = pair.indexOf("=");
    if (equals > 0) fields.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return fields.has("q-ak") ? fields : new Map(Object.entries(query));
}

/** Requests of the command's second run; none when there was one run. */
export function laterRun(evidence: Evidence): readonly LoggedRequest[] {
  const { killed } = evidence;
  return killed === undefined ? [] : evidence.requests.slice(killed.requests);
}

/** The session whose certificate a COS request is signed with. */
export function sessionOf(evidence: Evidence, request: LoggedRequest): SessionSummary | undefined {
  const secretId = signatureFields(request).get("q-ak") ?? "";
  return evidence.sessions.find(({ secretIds }) => secretIds.includes(secretId));
}
