import type { StateEntry } from "./directory.ts";
import { shownSource } from "../shown-source.ts";

/** What a person wants to know of an unfinished upload; nothing of it is secret. */
export interface UploadSummary {
  readonly id: string;
  readonly source: string | undefined;
  readonly state: "uploading" | "transferred" | "committing" | "committed" | "unreadable";
  /** Of media and cover; undefined for a stream and for HLS and DASH, whose checkpoint does not tell. */
  readonly bytes: number | undefined;
  readonly sentBytes: number;
  readonly savedAt: Date | undefined;
  /** Until then it can be gone on from, and aborted, without renewing its certificate. */
  readonly certificateExpires: Date | undefined;
  /** Of a committed one. */
  readonly fileId: string | undefined;
}

const states = ["uploading", "transferred", "committing", "committed"] as const;

/** Reads what can be read: this must work for entries of other versions and half-broken ones too. */
export function summarize(id: string, entry: StateEntry | undefined): UploadSummary {
  const checkpoint = entry?.checkpoint;
  const state = states.find((name) => name === member(checkpoint, "state"));
  // A manifest's own size says nothing of its segments.
  const isTree = /^(?:m3u8|mpd)$/i.test(String(member(member(checkpoint, "fields"), "MediaType")));
  const sizes = [member(checkpoint, "source"), member(checkpoint, "cover")].map((source) => member(source, "size"));
  const [media, cover] = sizes.map(numberOf);
  const expired = numberOf(member(member(member(checkpoint, "session"), "certificate"), "expiredTime"));
  const fileId = member(member(checkpoint, "result"), "fileId");
  return {
    id,
    source: entry === undefined ? undefined : shownSource(entry.source),
    state: state ?? "unreadable",
    bytes: media === undefined || isTree ? undefined : media + (cover ?? 0),
    sentBytes: sentBytes(member(checkpoint, "objects")),
    savedAt: dateOf(member(checkpoint, "savedAt")),
    certificateExpires: expired === undefined ? undefined : dateOf(expired * 1000),
    fileId: typeof fileId === "string" ? fileId : undefined,
  };
}

function sentBytes(objects: unknown): number {
  let sum = 0;
  for (const object of membersOf(objects)) {
    const done = numberOf(member(member(object, "done"), "size"));
    sum +=
      done ??
      membersOf(member(object, "parts")).reduce<number>((all, part) => all + (numberOf(member(part, "size")) ?? 0), 0);
  }
  return sum;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function membersOf(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function dateOf(value: unknown): Date | undefined {
  const date = typeof value === "string" || typeof value === "number" ? new Date(value) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
